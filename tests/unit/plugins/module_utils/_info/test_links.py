# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._info.links import _ports
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.facts import Facts, Link

#: eth0 and eth1 in bond0, bond0 in br0 with a virtual machine's tap, VLANs on br0 and on eth2.
FACTS = Facts(
    links=(
        Link(1, "eth0", master=3),
        Link(2, "eth1", master=3),
        Link(3, "bond0", "bond", master=4),
        Link(4, "br0", "bridge"),
        Link(5, "tap0", "tun", master=4),
        Link(6, "br0.7", "vlan", parent=4),
        Link(7, "eth2"),
        Link(8, "eth2.7", "vlan", parent=7),
        Link(9, "br1", "bridge"),
    )
)


@pytest.mark.parametrize(
    ("parent", "ports"),
    [
        ("eth2", ["eth2"]),
        ("eth2.7", ["eth2"]),
        ("bond0", ["eth0", "eth1"]),
        ("br0", ["eth0", "eth1"]),
        ("br0.7", ["eth0", "eth1"]),
        ("br1", []),
    ],
)
def test_where_a_switch_may_be_heard(parent: str, ports: list[str]) -> None:
    link = FACTS.link(parent)
    assert link is not None
    assert [item.name for item in _ports(link, FACTS)] == ports
