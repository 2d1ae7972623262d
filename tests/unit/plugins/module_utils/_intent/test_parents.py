# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parents that a test machine cannot have (Wi-Fi, bonds, ipvlan), and what selectors mean."""

from __future__ import annotations

import ipaddress
from dataclasses import replace

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


VLANS = (
    Link(20, "eth5", mac="52:54:00:00:00:20"),
    Link(21, "eth5.10", kind="vlan", mac="52:54:00:00:00:20", parent=20),
    Link(22, "br10", kind="bridge", mac="52:54:00:00:00:20"),
    Link(23, "mv5", kind="macvlan", mac="52:54:00:00:00:23", parent=20),
)


@pytest.mark.parametrize(
    ("links", "name"),
    [
        (VLANS[:2], "eth5"),
        ((replace(VLANS[0], master=22), *VLANS[1:3]), "br10"),
        # a VLAN whose card is in another namespace is all that there is
        ((replace(VLANS[1], parent_nsid=0),), "eth5.10"),
    ],
)
def test_a_mac_means_the_card_and_not_its_vlans(links, name):
    problems = Problems()
    found = _parents.resolve({"mac": VLANS[0].mac}, Facts(links), "key", problems)
    assert (found.name if found else None, problems.items) == (name, [])


@pytest.mark.parametrize(
    "selector", [{"default_route": True}, {"subnet": "10.5.0.0/24"}, {"mac": "52:54:00:00:00:23"}, "mv5"]
)
def test_an_uplink_that_is_a_macvlan_link_names_its_parent(selector):
    address = LinkAddress(23, ipaddress.ip_interface("10.5.0.2/24"))
    facts = Facts((VLANS[0], VLANS[3]), (address,), (Route(ipaddress.ip_network("0.0.0.0/0"), 23),))
    problems = Problems()
    found = _parents.resolve(selector, facts, "macvlan_networks[0].parent", problems)
    if found is not None:
        _parents.check_capable(found, facts, "macvlan_networks[0].parent", selector, problems)
    (problem,) = problems.items
    assert problem.problem == "mv5 is a macvlan link itself: the kernel would silently use its parent instead"
    assert problem.remedy == "name its own parent, as in parent: eth5"


@pytest.mark.parametrize(
    ("selector", "has"),
    [
        ({"mac": "52:54:00:00:00:99"}, "eth9 (52:54:00:00:00:09)"),
        ({"subnet": "10.9.9.0/24"}, "eth0 (192.168.100.0/24)"),
        ("eth7", "bond0, bond1, eth0"),
    ],
)
def test_what_matches_nothing_is_told_what_there_is(selector, has):
    problems = Problems()
    assert _parents.resolve(selector, FACTS, "key", problems) is None
    assert has in problems.items[0].remedy


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
        ("mv0", ["mv0 is a macvlan link itself: the kernel would silently use its parent instead"]),
        ("eth9", ["eth9 already carries ipvlan links (iv0)"]),
    ],
)
def test_parents_that_cannot_carry_macvlan_are_refused_with_a_reason(name, says):
    problems = Problems("web1")
    _parents.check_capable(FACTS.link(name), FACTS, "links[0].parent", name, problems)
    assert [problem.problem for problem in problems.items] == says
    assert all(problem.remedy for problem in problems.items)


@pytest.mark.parametrize("selector", ["enp1s0", {"mac": "52:54:00:00:00:02"}, {"subnet": "192.168.100.0/24"}])
def test_a_parent_that_no_file_could_name_is_refused(selector):
    links = [replace(link, name="e\udcff") if link.index == 2 else link for link in FACTS.links]
    problems = Problems("web1")
    assert _parents.resolve(selector, replace(FACTS, links=tuple(links)), "links[0].parent", problems) is None
    assert "this is e\udcff, and an interface name consists of printable ASCII" in problems.report()
    assert "rename it" in problems.report()
