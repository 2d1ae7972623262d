# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import ipaddress

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._conflicts.own import own_addresses
from ansible_collections.linuxnet.macvlan.plugins.module_utils._conflicts.verdict import LinkPlace
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.facts import Facts, Link, LinkAddress
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.netns import Namespace

OWN = Namespace("", "/proc/self/ns/net", 1)
CONTAINER = Namespace("c1", "/run/netns/c1", 2)
#: The id under which the container's namespace knows ours.
NSID = 7
PARENT = Link(2, "eth0", "veth", "52:54:00:00:00:02", parent=9, parent_nsid=3)
BRIDGE = Link(5, "br0", "bridge", "52:54:00:00:00:05")
PORT = Link(6, "v0", "veth", "52:54:00:00:00:06", master=5, parent=2, parent_nsid=4)
ROUTED = Link(7, "v1", "veth", "52:54:00:00:00:07", parent=3, parent_nsid=4)
SHIM = Link(8, "shim", "macvlan", "52:54:00:00:00:08", parent=2)
HERE = (PARENT, BRIDGE, PORT, ROUTED, SHIM)
MAC = "52:54:00:00:01:01"


def address(index, text):
    return LinkAddress(index, ipaddress.ip_interface(text))


def facts_with(link, text):
    return Facts((link,), (address(link.index, text),), (), NSID)


@pytest.mark.parametrize(
    ("link", "probed_from", "mac_is_ours", "address_counts"),
    [
        pytest.param(Link(2, "eth0", "macvlan", MAC, parent=2, parent_nsid=NSID), PARENT, True, True, id="child"),
        pytest.param(Link(2, "eth0", "ipvlan", MAC, parent=2, parent_nsid=NSID), PARENT, True, True, id="ipvlan child"),
        pytest.param(
            Link(2, "eth0", "macvlan", MAC, parent=2, parent_nsid=NSID), SHIM, True, True, id="child, seen from a shim"
        ),
        pytest.param(
            Link(2, "eth0", "macvlan", MAC, parent=5, parent_nsid=NSID),
            PARENT,
            True,
            False,
            id="child of another parent",
        ),
        pytest.param(
            Link(2, "eth0", "macvlan", MAC, parent=2, parent_nsid=3), PARENT, False, False, id="another host's child"
        ),
        pytest.param(
            Link(2, "eth0", "macvlan", MAC, parent=2), PARENT, False, False, id="child of its own namespace's link"
        ),
        pytest.param(
            Link(2, "eth0.5", "vlan", MAC, parent=2, parent_nsid=NSID), PARENT, True, False, id="another VLAN"
        ),
        pytest.param(
            Link(2, "eth0", "veth", MAC, parent=6, parent_nsid=NSID),
            BRIDGE,
            True,
            True,
            id="on the bridge that is parent",
        ),
        pytest.param(
            Link(2, "eth0", "veth", MAC, parent=6, parent_nsid=NSID), PARENT, True, False, id="on a bridge elsewhere"
        ),
        pytest.param(Link(2, "eth0", "veth", MAC, parent=7, parent_nsid=NSID), PARENT, False, False, id="routed veth"),
        pytest.param(
            Link(9, "p1", "veth", MAC, parent=2, parent_nsid=NSID), PARENT, False, False, id="the switch itself"
        ),
        pytest.param(Link(2, "eth0", "", MAC), PARENT, True, False, id="hardware given to a container"),
        pytest.param(Link(2, "br0", "bridge", MAC), PARENT, False, False, id="a bridge of its own"),
        pytest.param(
            Link(2, "eth0", "macvlan", MAC, parent=99, parent_nsid=NSID), PARENT, False, False, id="parent gone"
        ),
    ],
)
def test_links_of_other_namespaces(link, probed_from, mac_is_ours, address_counts):
    text = "192.168.100.129/24"
    found = own_addresses([(OWN, Facts(HERE)), (CONTAINER, facts_with(link, text))], probed_from)
    assert found.macs.get(MAC) == (LinkPlace("c1", link.name) if mac_is_ours else None)
    expected = ((MAC, LinkPlace("c1", link.name)),) if address_counts else None
    assert found.addresses.get(ipaddress.ip_address("192.168.100.129")) == expected


def test_a_namespace_that_knows_no_id_for_ours_has_no_link_on_ours():
    link = Link(2, "eth0", "macvlan", MAC, parent=2)
    found = own_addresses([(OWN, Facts(HERE)), (CONTAINER, Facts((link,), (address(2, "192.0.2.1/32"),)))], PARENT)
    assert MAC not in found.macs
    assert not found.addresses


def test_in_our_own_namespace_every_address_counts_on_any_link():
    lo = Link(1, "lo", mac="00:00:00:00:00:00", loopback=True)
    own = Facts((lo, *HERE), (address(1, "192.0.2.1/32"), address(5, "192.0.2.2/24"), address(8, "192.0.2.3/32")))
    found = own_addresses([(OWN, own)], PARENT)
    assert {str(key): value[0][1].link for key, value in found.addresses.items()} == {
        "192.0.2.1": "lo", "192.0.2.2": "br0", "192.0.2.3": "shim",
    }  # fmt: skip
    assert "00:00:00:00:00:00" not in found.macs


def test_link_local_addresses_count_on_the_segment_alone():
    own = Facts(HERE, (address(5, "fe80::5/64"), address(8, "fe80::8/64"), address(2, "fe80::2/64")))
    found = own_addresses([(OWN, own)], PARENT)
    assert {str(key) for key in found.addresses} == {"fe80::2", "fe80::8"}
    assert {str(key) for key in own_addresses([(OWN, own)], SHIM).addresses} == {"fe80::2", "fe80::8"}
    assert {str(key) for key in own_addresses([(OWN, own)], BRIDGE).addresses} == {"fe80::5"}


def test_an_address_refused_by_duplicate_detection_is_not_held():
    refused = LinkAddress(2, ipaddress.ip_interface("fd00::2/64"), dadfailed=True)
    found = own_addresses([(OWN, Facts(HERE, (refused,)))], PARENT)
    assert found.addresses == {}
    assert found.refused == {ipaddress.ip_address("fd00::2"): ((PARENT.mac, LinkPlace("", "eth0")),)}


def test_the_macs_that_leave_through_the_parent():
    child = Link(2, "eth0", "macvlan", MAC, parent=2, parent_nsid=NSID)
    found = own_addresses([(OWN, Facts(HERE)), (CONTAINER, facts_with(child, "192.168.100.129/24"))], PARENT)
    assert found.attached_macs == {PARENT.mac, SHIM.mac, MAC}
