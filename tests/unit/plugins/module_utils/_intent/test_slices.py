# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.slices import (
    Groups,
    assign,
    preferences,
    slice_of,
)
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._fleet.plan import HostDeclaration, plan

NAMES = st.lists(st.text("abcdefgh.-0123456789", min_size=1, max_size=12), unique=True, max_size=40)
RANGES = st.sampled_from(
    ["192.168.100.0/24", "10.0.0.0/8", "203.0.113.7/32", "fd00:100::/64", "fd00::8000/113", "::/0"]
)


@given(NAMES, RANGES, st.data())
def test_slices_are_disjoint_and_inside_the_range(hosts: list[str], text: str, data: st.DataObject) -> None:
    outer = ipaddress.ip_network(text)
    prefix = data.draw(st.integers(outer.prefixlen, outer.max_prefixlen))
    count = 1 << (prefix - outer.prefixlen)
    found = assign(hosts, count, {})
    slices = [slice_of(outer, prefix, number) for number in found.numbers.values()]
    assert all(item.prefixlen == prefix and item.subnet_of(outer) for item in slices)
    assert len(set(slices)) == len(slices) == min(len(hosts), count)
    assert set(found.homeless) == set(hosts) - set(found.numbers)
    assert found.free == count - len(slices)


@given(NAMES, NAMES, st.integers(0, 6))
def test_hosts_that_come_behind_the_others_move_nobody(hosts: list[str], newcomers: list[str], bits: int) -> None:
    before = assign(hosts, 1 << bits, {}).numbers
    after = assign([*hosts, *newcomers], 1 << bits, {}).numbers
    assert {host: after[host] for host in before} == before


@given(NAMES.filter(lambda names: len(names) > 1), st.integers(0, 6), st.data())
def test_a_host_that_leaves_moves_only_hosts_that_may_move(hosts: list[str], bits: int, data: st.DataObject) -> None:
    gone = data.draw(st.sampled_from(hosts))
    before = assign(hosts, 1 << bits, {})
    after = assign([host for host in hosts if host != gone], 1 << bits, {})
    moved = {host for host, number in before.numbers.items() if host != gone and after.numbers[host] != number}
    assert moved <= set(before.moving)
    if gone in before.homeless:
        assert not moved


@given(NAMES, NAMES, st.data())
def test_who_is_pinned_stays_whatever_happens(hosts: list[str], others: list[str], data: st.DataObject) -> None:
    first = assign(hosts, 64, {})
    pinned = data.draw(st.sets(st.sampled_from(sorted(first.numbers)))) if first.numbers else set()
    pins = {host: first.numbers[host] for host in pinned}
    names = data.draw(st.permutations(list(dict.fromkeys([*hosts, *others]))))
    present = names[: data.draw(st.integers(0, len(names)))]
    numbers = assign(present, 64, pins).numbers
    assert all(numbers[host] == number for host, number in pins.items() if host in present)
    reserved = {number for host, number in pins.items() if host not in present}
    assert reserved.isdisjoint(number for host, number in numbers.items())


@given(NAMES)
def test_what_was_assigned_can_be_pinned_as_it_is(hosts: list[str]) -> None:
    numbers = assign(hosts, 64, {}).numbers
    assert assign(reversed(hosts), 64, numbers).numbers == numbers


@given(st.text(), st.integers(0, 8))
def test_a_host_prefers_each_slice_once(host: str, bits: int) -> None:
    assert sorted(preferences(host, 1 << bits)) == list(range(1 << bits))


def test_the_result_is_the_same_in_every_release() -> None:
    """Other figures here move the containers of everybody who has not pinned them."""
    assert assign([f"h{number}" for number in range(1, 9)], 8, {}).numbers == {
        "h1": 5, "h2": 2, "h3": 6, "h4": 0, "h5": 7, "h6": 4, "h7": 3, "h8": 1,
    }  # fmt: skip


GROUP = [f"h{number}" for number in range(1, 6)]
NETWORK = {
    "name": "lan0",
    "parent": "eth0",
    "subnet": "192.168.100.0/24",
    "gateway": "192.168.100.1",
    "container_range": "192.168.100.128/25",
    "container_range_per_host": 28,
}


def declared(host: str, groups: dict | None = None, **changes: object) -> HostDeclaration:
    network = {**NETWORK, "host_address": f"192.168.100.{10 + int(host[1:])}", **changes}
    network = {key: value for key, value in network.items() if value is not None}
    return HostDeclaration(host, [network], [], groups=Groups({"all": GROUP} if groups is None else groups))


def wrong(*hosts: HostDeclaration) -> list[tuple[str, str, str]]:
    found = plan(hosts, {item.host for item in hosts}).problems.items
    return [(item.host, item.key.removeprefix("macvlan_networks[0]."), item.problem) for item in found]


def test_one_declaration_serves_the_whole_group() -> None:
    fleet = plan([declared(host) for host in GROUP], set(GROUP))
    assert not fleet.problems
    ranges = [host.intent.networks[0].ranges for host in fleet.hosts]
    assert len({*ranges}) == 5
    for host in fleet.hosts:
        (own,) = host.intent.networks[0].ranges
        assert own.prefixlen == 28
        assert host.intent.links[0]["routes"] == [{"destination": str(own)}]
        assert host.intent.networks[0].probed()[1:] == [str(own)]
    (overview,) = fleet.slices()
    assert overview["free"] == 3
    assert list(overview["container_slice"]) == GROUP
    assert plan([declared("h3")], {"h3"}).hosts[0].intent == fleet.hosts[2].intent, "a limit changes nothing"


def test_both_families_have_one_number() -> None:
    both = {
        "subnet": ["192.168.100.0/24", "fd00:100::/64"],
        "container_range": ["192.168.100.128/25", "fd00:100::/72"],
        "container_range_per_host": {"ipv4": 28, "ipv6": "120"},
    }
    hosts = [declared(h, **both, host_address=[f"192.168.100.{h[1:]}9", f"fd00:100:0:0:ff00::{h[1:]}"]) for h in GROUP]
    fleet = plan(hosts, set(GROUP))
    assert not fleet.problems, fleet.problems.report()
    for host in fleet.hosts:
        network = host.intent.networks[0]
        ipv4, ipv6 = network.ranges
        assert int(ipv4[0]) & 0x7F == host.intent.sharing[network.key].number * 16
        assert int(ipv6[0]) & 0xFFFF == host.intent.sharing[network.key].number * 256
    (overview,) = fleet.slices()
    assert (overview["count"], overview["per_host"]) == (8, [28, 120])


@pytest.mark.parametrize(
    ("changes", "key", "says"),
    [
        ({"container_range_per_host": 24}, "container_range_per_host", "not the prefix length of a part"),
        ({"container_range_per_host": "wide"}, "container_range_per_host", "not the prefix length of a part"),
        ({"container_range_per_host": {"ipv6": 120}}, "container_range_per_host", "0 ranges of this family"),
        ({"container_range_per_host": {"ipx": 120}}, "container_range_per_host", "no such family"),
        ({"container_range": None, "containers": ["192.168.100.9"]}, "container_range_per_host", "no range to cut"),
        ({"container_range_group": "elsewhere"}, "container_range_group", "no such group"),
        ({"container_range_group": "others"}, "container_range_group", "this host is not in this group"),
        ({"container_slice": 8}, "container_slice", "not the number of a slice"),
        ({"container_slice": {"h1": "x"}}, "container_slice.h1", "not the number of a slice"),
        ({"container_slice": {"h1": 1, "h2": 1}}, "container_slice.h2", "h1 has the same slice"),
        ({"container_range_per_host": None, "container_slice": 1}, "container_slice", "ranges that are cut per host"),
        ({"host_address": "192.168.100.200"}, "host_address", "inside the container range 192.168.100.128/25"),
        ({"gateway": "192.168.100.254"}, "gateway", "inside the container range 192.168.100.128/25"),
        ({"container_slice": 0, "containers": ["192.168.100.150"]}, "containers", "outside the container range"),
        ({"container_range": "192.168.101.0/25"}, "container_range", "not inside the subnet"),
    ],
)
def test_each_fault_has_one_message(changes: dict, key: str, says: str) -> None:
    ((host, where, problem),) = wrong(declared("h1", {"all": GROUP, "others": ["h2"]}, **changes))
    assert (host, where) == ("h1", key)
    assert says in problem


def test_the_range_is_exhausted() -> None:
    found = wrong(*(declared(host, container_range_per_host=27) for host in GROUP))
    assert [(host, key) for host, key, dummy in found] == [("h5", "container_range")]
    assert found[0][2] == "this is exhausted: it has 4 slices and group all 5 hosts"
    pinned = wrong(declared("h5", container_range_per_host=26, container_slice={"gone": 0, "h5": 1}))
    assert not pinned
    full = plan([declared(host, {"all": GROUP[:4]}, container_range_per_host=27) for host in GROUP[:4]], set())
    assert full.slices()[0]["free"] == 0


def test_hosts_that_do_not_agree() -> None:
    found = wrong(declared("h1"), declared("h2", container_range_per_host=29))
    assert [(host, key) for host, key, dummy in found] == [("h1", "container_range")]
    assert "h2 cut this in another way" in found[0][2]
    found = wrong(declared("h1", container_slice=3), declared("h2", container_slice=3))
    assert [(host, key) for host, key, dummy in found] == [("h1", "container_slice")]
    assert not wrong(declared("h1", container_slice=3), declared("h2", container_slice=4))
    found = wrong(declared("h1"), declared("h2", container_range="192.168.100.240/28", container_range_per_host=None))
    assert [(host, key) for host, key, dummy in found] == [("h2", "container_range")]
    other = {"host_address": "192.168.100.200", "container_range_per_host": None, "container_range": None}
    found = wrong(declared("h1"), declared("h2", **other, containers=["192.168.100.9"]))
    assert [(host, key) for host, key, dummy in found] == [("h2", "host_address")]


def test_without_an_inventory_nothing_can_be_cut() -> None:
    ((dummy, key, problem),) = wrong(declared("h1", {}))
    assert key == "container_range_per_host"
    assert "there is no inventory here" in problem
