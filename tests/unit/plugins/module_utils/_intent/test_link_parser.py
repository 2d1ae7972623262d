# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import stable_mac
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent import link_parser
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.links import sysctl_path

GOOD = {"name": "lan0", "parent": "eth0"}


def parse(*links):
    problems = Problems("web1")
    return link_parser.parse(list(links), "web1", problems), problems


def test_defaults_are_bridge_stable_mac_and_up():
    desired, problems = parse(GOOD)
    (link,) = desired.present
    assert not problems
    assert (link.mode, link.mac, link.up) == ("bridge", stable_mac("web1", "lan0"), True)
    assert link.addresses is None, "addresses that are not declared are not managed"


def test_bare_addresses_get_the_host_prefix_and_order_does_not_matter():
    one, dummy = parse({**GOOD, "addresses": ["fd00::3", "192.168.100.3"]})
    other, dummy = parse({**GOOD, "addresses": ["192.168.100.3/32", "fd00::3/128", "fd00::3"]})
    assert one.present[0].addresses == other.present[0].addresses
    assert [str(item) for item in one.present[0].addresses] == ["192.168.100.3/32", "fd00::3/128"]


@pytest.mark.parametrize(
    ("change", "key", "says"),
    [
        ({"name": "a-name-of-16-char"}, "links[0].name", "at most 15 characters"),
        ({"name": "bad/name"}, "links[0].name", "no slash"),
        ({"name": ""}, "links[0].name", "non-empty"),
        ({"parent": None}, "links[0].parent", "needs a parent"),
        ({"parent": {"mac": "nonsense"}}, "links[0].parent.mac", "not a MAC address"),
        ({"parent": {"subnet": "192.168.100.1/24"}}, "links[0].parent.subnet", "host bits"),
        ({"parent": {"colour": "red"}}, "links[0].parent", "neither an interface name nor a parent selector"),
        ({"mode": "bridged"}, "links[0].mode", "no such macvlan mode"),
        ({"mac": "01:00:5e:00:00:01"}, "links[0].mac", "multicast"),
        ({"mac": "00:00:00:00:00:00"}, "links[0].mac", "all-zero"),
        ({"mac": "02:00:00"}, "links[0].mac", "not a MAC address"),
        ({"mode": "passthru", "mac": "02:00:00:00:00:01"}, "links[0].mac", "carries its parent's MAC"),
        ({"mtu": 67}, "links[0].mtu", "from 68 to 65535"),
        ({"mtu": 1000, "addresses": ["fd00::1"]}, "links[0].mtu", "IPv6 needs an MTU of at least 1280"),
        ({"bcqueuelen": 0}, "links[0].bcqueuelen", "from 1 to"),
        ({"addresses": ["192.168.100.300"]}, "links[0].addresses[0]", "not an IP address"),
        ({"mtu": "\u00b2"}, "links[0].mtu", "not a whole number"),
        ({"mtu": "1" * 5000}, "links[0].mtu", "not a whole number"),
        ({"addresses": ["192.168.100.0/24"]}, "links[0].addresses[0]", "network or broadcast"),
        ({"addresses": ["224.0.0.1"]}, "links[0].addresses[0]", "cannot be an interface's own"),
        ({"routes": [{"destination": "10.0.0.1/8"}]}, "links[0].routes[0].destination", "host bits"),
        (
            {"routes": [{"destination": "10.0.0.0/8", "gateway": "fd00::1"}]},
            "links[0].routes[0].gateway",
            "not an IPv4",
        ),
        (
            {"addresses": ["10.0.0.1"], "routes": [{"destination": "10.0.0.0/8", "source": "10.0.0.2"}]},
            "links[0].routes[0].source",
            "no address of the link",
        ),
        ({"sysctl": {"arp_filter": 2}}, "links[0].sysctl.arp_filter", "from 0 to 1"),
        ({"sysctl": {"forwarding": 1}}, "links[0].sysctl.forwarding", "no such key"),
        ({"colour": "red"}, "links[0].colour", "no such key"),
        ({"state": "gone"}, "links[0].state", "no such state"),
    ],
)
def test_each_fault_has_one_message_with_host_key_value_and_remedy(change, key, says):
    dummy, problems = parse({**GOOD, **change})
    (problem,) = problems.items
    assert (problem.host, problem.key) == ("web1", key)
    assert says in problem.problem
    assert problem.remedy


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"addresses": ["fe80::77%x;touch PWNED;true/64"]}, "links[0].addresses[0]"),
        ({"addresses": ["fe80::1%lan0"]}, "links[0].addresses[0]"),
        ({"parent": {"subnet": "fe80::%x/64"}}, "links[0].parent.subnet"),
        ({"routes": [{"destination": "fe80::%x/64"}]}, "links[0].routes[0].destination"),
        ({"routes": [{"destination": "fd00::/64", "gateway": "fe80::1%lan0"}]}, "links[0].routes[0].gateway"),
        ({"routes": [{"destination": "fd00::/64", "source": "fe80::1%lan0"}]}, "links[0].routes[0].source"),
    ],
)
def test_no_address_has_a_zone_id(change, key):
    dummy, problems = parse({**GOOD, **change})
    (problem,) = problems.items
    assert (problem.host, problem.key) == ("web1", key)
    assert "%" in str(problem.value)
    assert problem.remedy.endswith(", without a zone id (%…)")


def test_all_faults_are_reported_at_once():
    dummy, problems = parse(
        {"name": "one", "parent": "eth0", "mac": "02:00:00:00:00:01", "addresses": ["10.0.0.1"]},
        {"name": "two", "parent": "eth0", "mac": "02-00-00-00-00-01", "addresses": ["10.0.0.1/24"], "mode": "x"},
        {"name": "two", "parent": "eth0"},
        "text",
    )
    expected = ["links[1].addresses", "links[1].mac", "links[1].mode", "links[2].name", "links[3]"]
    assert sorted(problem.key for problem in problems.items) == expected


def test_absent_needs_no_parent():
    desired, problems = parse({"name": "old", "state": "absent"})
    assert not problems
    assert desired.absent == ("old",)
    assert desired.present == ()


def test_a_dot_in_an_interface_name_stays_one_path_component():
    assert sysctl_path("eth0.50", "arp_filter") == "net/ipv4/conf/eth0.50/arp_filter"


@given(st.text(min_size=1, max_size=60), st.text(min_size=1, max_size=15))
def test_a_stable_mac_is_unicast_local_and_repeatable(host, link):
    mac = stable_mac(host, link)
    assert mac == stable_mac(host, link)
    assert int(mac[:2], 16) & 0b11 == 0b10


@given(st.lists(st.ip_addresses(), max_size=6))
def test_parsing_what_was_rendered_changes_nothing(addresses):
    usable = [item for item in addresses if not (item.is_multicast or item.is_unspecified or item.is_loopback)]
    first, problems = parse({**GOOD, "addresses": [str(item) for item in usable]})
    assert not problems
    again, dummy = parse({**GOOD, "addresses": [str(item) for item in first.present[0].addresses]})
    assert again.present == first.present
    assert {item.ip for item in first.present[0].addresses} == set(map(ipaddress.ip_address, usable))
