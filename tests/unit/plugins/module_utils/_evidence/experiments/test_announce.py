# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whom an announcement could help, beside an outage of another link of the host (generated scenario 10/14)."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import parse_interface
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.experiments.announce import EXPERIMENT
from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.experiments.model import Context
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent import declaration as _declaration
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent import network as _networks
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.facts import Facts, Link, LinkAddress
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.scope import Scope

GATEWAY, CONTAINER, PARENT = "192.168.100.1", "192.168.100.129", "192.168.100.11"
OWN = {"eth0": PARENT, "lan0": "192.168.100.3"}
ENDED, GOING_ON = [[2.0, 7.0]], [[2.0, 12.0]]


def target(address: str, losses: list[list[float]]) -> dict:
    return {
        "from": {"namespace": "", "link": ""}, "target": address, "method": "echo", "sent": 24, "received": 12,
        "losses": losses, "rtt_ms": {"min": 0.1, "avg": 0.1, "max": 0.1},
    }  # fmt: skip


def why_not(*targets: dict) -> str:
    declared = {"name": "lan0", "parent": "eth0", "subnet": "192.168.100.0/24", "gateway": GATEWAY}
    problems = Problems()
    (network,) = _networks.networks(_declaration.expand([declared], [], problems).as_data()["networks"], problems)
    parent = Link(2, "eth0", up=True, carrier=True)
    addresses = (LinkAddress(2, parse_interface(f"{PARENT}/24")), LinkAddress(3, parse_interface("192.168.100.3/32")))
    paths = [
        {"target": address, "link": link, "source": OWN[link], "gateway": None, "local": False, "error": ""}
        for address, link in ((GATEWAY, "eth0"), (CONTAINER, "lan0"))
    ]
    scope = Scope(network, Facts((parent, Link(3, "lan0", "macvlan", parent=2)), addresses), parent)
    before = {"namespaces": [{"label": "", "paths": paths}]}
    return EXPERIMENT.why_not(Context(scope, list(targets), before, interval=0.5, duration=12.0))


def test_an_outage_of_another_link_leaves_no_doubt():
    assert why_not(target(GATEWAY, GOING_ON), target(CONTAINER, ENDED)) == ""


def test_an_outage_of_the_same_link_does():
    assert "answered again by themselves" in why_not(target(GATEWAY, [*ENDED, [9.0, 12.0]]))


def test_what_answers_again_needs_no_announcement():
    assert "was lost to the end of the watch" in why_not(target(CONTAINER, ENDED))
