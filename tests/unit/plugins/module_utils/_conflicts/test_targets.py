# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._conflicts.targets import check_overlaps, parse


def parsed(text):
    problems = Problems()
    target = parse(text, "addresses[0]", problems)
    assert bool(problems) is (target is None)
    return target


@pytest.mark.parametrize(
    ("text", "first", "last", "size"),
    [
        ("192.168.100.50", "192.168.100.50", "192.168.100.50", 1),
        (" 192.168.100.50 ", "192.168.100.50", "192.168.100.50", 1),
        ("192.168.100.50/32", "192.168.100.50", "192.168.100.50", 1),
        ("192.168.100.128/28", "192.168.100.128", "192.168.100.143", 16),
        ("192.168.100.50-192.168.101.1", "192.168.100.50", "192.168.101.1", 208),
        ("192.168.100.50 - 192.168.100.51", "192.168.100.50", "192.168.100.51", 2),
        ("fd00::50", "fd00::50", "fd00::50", 1),
        ("fd00::/120", "fd00::", "fd00::ff", 256),
        ("fd00::fe-fd00::101", "fd00::fe", "fd00::101", 4),
        ("fd00::/64", "fd00::", "fd00::ffff:ffff:ffff:ffff", 2**64),
    ],
)
def test_what_an_item_means(text, first, last, size):
    target = parsed(text)
    assert (str(target.first), str(target.last), target.size, target.single) == (first, last, size, size == 1)


@pytest.mark.parametrize(
    ("text", "problem", "remedy"),
    [
        ("", "neither", "192.168.100.50"),
        (None, "neither", "192.168.100.50"),
        ("192.168.100", "neither", "192.168.100.50"),
        ("192.168.100.256", "neither", "192.168.100.50"),
        ("lan0", "neither", "192.168.100.50"),
        ("192.168.100.50/24", "neither", "192.168.100.50 for the one address, or 192.168.100.0/24 for the network"),
        ("192.168.100.0/33", "neither", "192.168.100.50"),
        ("192.168.100.50-", "neither", "192.168.100.50"),
        ("192.168.100.50-99", "neither", "192.168.100.50"),
        ("192.168.100.50-fd00::1", "neither", "192.168.100.50"),
        ("fe80::1%eth0", "neither", "write fe80::1, without a zone id"),
        ("fe80::%eth0/120", "neither", "write fe80::/120, without a zone id"),
        ("192.168.100.99-192.168.100.50", "ends before", "192.168.100.50-192.168.100.99"),
        ("0.0.0.0/0", "every address", "network"),
        ("::/0", "every address", "network"),
        ("0.0.0.0", "0.0.0.0/8", "leave"),
        ("127.0.0.1", "127.0.0.0/8", "leave"),
        ("224.0.0.251", "224.0.0.0/4", "leave"),
        ("255.255.255.255", "255.255.255.255/32", "leave"),
        ("223.255.255.0-224.0.0.5", "224.0.0.0/4", "leave"),
        ("::1", "::1/128", "leave"),
        ("ff02::1", "ff00::/8", "leave"),
    ],
)
def test_what_is_no_item(text, problem, remedy):
    problems = Problems()
    assert parse(text, "probes[0].addresses[3]", problems) is None
    (found,) = problems.items
    assert (found.key, found.value) == ("probes[0].addresses[3]", text)
    assert problem in found.problem
    assert remedy in found.remedy


@given(st.integers(2**24, 2**24 * 100), st.integers(0, 300))
def test_a_range_holds_each_of_its_addresses_once(start, length):
    first, last = ipaddress.IPv4Address(start), ipaddress.IPv4Address(start + length)
    found = list(parsed(f"{first}-{last}").addresses())
    assert found[0] == first
    assert found[-1] == last
    assert len(set(found)) == len(found) == length + 1


@pytest.mark.parametrize(
    ("texts", "overlapping"),
    [
        (["192.168.100.1", "192.168.100.2", "192.168.100.3-192.168.100.9", "192.168.100.16/28"], []),
        (["192.168.100.1", "192.168.100.1"], ["192.168.100.1"]),
        (["192.168.100.0/24", "192.168.100.7"], ["192.168.100.7"]),
        (["192.168.100.7", "192.168.100.0/24"], ["192.168.100.7"]),
        (["10.0.0.0/24", "10.0.0.3", "10.0.0.200-10.0.1.5"], ["10.0.0.3", "10.0.0.200-10.0.1.5"]),
        (["0.0.0.0-0.0.0.9"], []),
        (["1.0.0.0/24", "100::/120"], []),
        (["fd00::/120", "fd00::ff"], ["fd00::ff"]),
    ],
)
def test_overlaps(texts, overlapping):
    problems = Problems()
    targets = [parse(text, f"addresses[{number}]", Problems()) for number, text in enumerate(texts)]
    check_overlaps([target for target in targets if target], problems)
    assert [item.value for item in problems.items] == overlapping


@given(st.lists(st.tuples(st.integers(2**24, 2**24 + 60), st.integers(0, 8)), max_size=8))
def test_overlaps_are_found_exactly_where_an_address_stands_twice(spans):
    targets = [
        parsed(f"{ipaddress.IPv4Address(start)}-{ipaddress.IPv4Address(start + length)}") for start, length in spans
    ]
    addresses = [address for target in targets for address in target.addresses()]
    problems = Problems()
    check_overlaps(targets, problems)
    assert bool(problems) is (len(set(addresses)) < len(addresses))
