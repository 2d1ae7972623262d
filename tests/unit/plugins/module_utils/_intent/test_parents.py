# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parents that a test machine cannot have (Wi-Fi, bonds, ipvlan), and what selectors mean."""

from __future__ import annotations

import ipaddress

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent import parents as _parents
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.facts import Facts, Link, LinkAddress, Route

FACTS = Facts(
    links=(
        Link(1, "lo", loopback=True, ethernet=False),
        Link(2, "eth0", mac="52:54:00:00:00:02", altnames=("enp1s0",)),
        Link(3, "eth1", mac="52:54:00:00:00:03", master=4),
        Link(4, "bond0", kind="bond", mac="52:54:00:00:00:03", bond_mode=1),
        Link(5, "bond1", kind="bond", mac="52:54:00:00:00:05", bond_mode=6),
        Link(6, "wlan0", mac="52:54:00:00:00:06", wireless=True),
        Link(7, "tun0", ethernet=False),
        Link(8, "mv0", kind="macvlan", mac="52:54:00:00:00:02", parent=2),
        Link(9, "eth9", mac="52:54:00:00:00:09"),
        Link(10, "iv0", kind="ipvlan", parent=9),
    ),
    addresses=(
        LinkAddress(2, ipaddress.ip_interface("192.168.100.11/24")),
        LinkAddress(4, ipaddress.ip_interface("10.0.0.11/24")),
        LinkAddress(9, ipaddress.ip_interface("10.0.0.12/24")),
        LinkAddress(8, ipaddress.ip_interface("192.168.100.3/24")),
    ),
    routes=(
        Route(ipaddress.ip_network("0.0.0.0/0"), 4, metric=200),
        Route(ipaddress.ip_network("0.0.0.0/0"), 2, metric=100),
        Route(ipaddress.ip_network("::/0"), 9, metric=1),
        Route(ipaddress.ip_network("0.0.0.0/0"), 9, metric=0, table=1000),
    ),
)


def resolve(selector):
    problems = Problems("web1")
    link = _parents.resolve(selector, FACTS, "links[0].parent", problems)
    return link.name if link else None, [problem.problem for problem in problems.items]


@pytest.mark.parametrize(
    ("selector", "name"),
    [
        ("eth0", "eth0"),
        ("enp1s0", "eth0"),
        ({"mac": "52-54-00-00-00-02"}, "eth0"),
        ({"mac": "52:54:00:00:00:03"}, "bond0"),
        ({"subnet": "192.168.100.0/24"}, "eth0"),
        ({"default_route": True}, "eth0"),
    ],
)
def test_a_selector_means_one_real_link(selector, name):
    assert resolve(selector) == (name, [])


def test_two_links_in_one_subnet_are_refused():
    assert resolve({"subnet": "10.0.0.0/24"}) == (None, ["several interfaces match: bond0, eth9"])


def test_a_parent_that_matches_nothing_is_reported():
    assert resolve({"subnet": "10.9.9.0/24"}) == (None, ["no interface of this host matches"])


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("eth0", []),
        ("bond0", []),
        ("lo", ["the loopback interface cannot be a macvlan parent"]),
        ("eth1", ["eth1 is a port of bond0 (bond), the kernel answers EBUSY"]),
        ("bond1", ["bond1 is a bond in mode balance-alb, which rewrites MAC addresses"]),
        ("wlan0", ["wlan0 is a Wi-Fi interface: an access point accepts one MAC address per association"]),
        ("tun0", ["tun0 is not an Ethernet interface"]),
        ("mv0", ["mv0 is a macvlan itself: the kernel would silently use its parent instead"]),
        ("eth9", ["eth9 already carries ipvlan links (iv0)"]),
    ],
)
def test_parents_that_cannot_carry_macvlan_are_refused_with_a_reason(name, says):
    problems = Problems("web1")
    _parents.check_capable(FACTS.link(name), FACTS, "links[0].parent", name, problems)
    assert [problem.problem for problem in problems.items] == says
    assert all(problem.remedy for problem in problems.items)
