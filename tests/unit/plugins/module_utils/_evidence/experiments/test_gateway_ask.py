# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the gateway can be asked where the parent is dead: by another uplink, and not by the parent's own links."""

from __future__ import annotations

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.experiments.gateway_ask import EXPERIMENT
from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.experiments.model import Context
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent import declaration as _declaration
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent import network as _networks
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.facts import Facts, Link
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.scope import Scope

GATEWAY = "192.168.100.1"
DEAD = Link(3, "eth1")


@pytest.mark.parametrize(
    ("link", "asked"),
    [
        pytest.param(Link(2, "eth0", up=True, carrier=True), True, id="hardware"),
        # the number is the other end's, in the namespace where that is
        pytest.param(Link(2, "eth0", "veth", up=True, carrier=True, parent=3, parent_nsid=0), True, id="veth"),
        pytest.param(Link(2, "eth0", "macvlan", up=True, parent=3, mode="bridge"), False, id="a link of the parent"),
    ],
)
def test_another_uplink_is_asked(link, asked):
    problems = Problems()
    declared = {"name": "lan0", "parent": "eth1", "subnet": "192.168.100.0/24", "gateway": GATEWAY}
    (network,) = _networks.networks(_declaration.expand([declared], [], problems).as_data()["networks"], problems)
    path = {"target": GATEWAY, "link": "eth0", "source": "192.168.100.11", "gateway": None, "local": False, "error": ""}
    scope = Scope(network, Facts((DEAD, link)), DEAD)
    reason = EXPERIMENT.why_not(Context(scope, before={"namespaces": [{"label": "", "paths": [path]}]}))
    assert (reason == "") is asked, reason
