# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How containers are asked: one word for all, or a mapping."""

from __future__ import annotations

import ipaddress

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent import ways
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.declaration import expand

CONTAINER, OTHER = (ipaddress.ip_address(f"192.168.100.{end}") for end in (129, 130))
NETWORK = {
    "name": "lan0",
    "parent": "eth0",
    "subnet": "192.168.100.0/24",
    "container_range": "192.168.100.128/28",
    "host_address": "192.168.100.3",
}


def found(given: object) -> list[str]:
    problems = Problems()
    made = ways.read(given, "check", problems)
    assert not problems, problems.report()
    return [str(way) for way in made]


@pytest.mark.parametrize(
    ("given", "made"),
    [
        (None, []),
        ("arp", ["arp"]),
        ("tcp:443", ["tcp:443"]),
        ({"192.168.100.129": "tcp:22", "192.168.100.130": "icmp"}, ["192.168.100.129 tcp:22", "192.168.100.130 icmp"]),
        # as plans hand it on
        (["arp", "192.168.100.129 tcp:22"], ["arp", "192.168.100.129 tcp:22"]),
    ],
)
def test_what_can_be_said(given, made):
    assert found(given) == made


def test_one_of_its_own_counts_first():
    problems = Problems()
    made = ways.read(["arp", f"{CONTAINER} tcp:22"], "check", problems)
    assert (str(ways.of(made, CONTAINER)), str(ways.of(made, OTHER))) == (f"{CONTAINER} tcp:22", "arp")
    assert ways.of((), CONTAINER) is None


@pytest.mark.parametrize(
    "given", ["ping", "tcp", "tcp:0", "tcp:65536", "tcp:https", 443, True, {"192.168.100.129": "x"}]
)
def test_what_is_no_check(given):
    problems = Problems()
    ways.read(given, "check", problems)
    (problem,) = problems.items
    assert "use one of icmp, arp, or tcp:PORT such as tcp:443" in problem.remedy


@pytest.mark.parametrize("address", ["192.168.100.200", "10.0.0.1", "x"])
def test_the_address_is_one_of_a_container(address):
    problems = Problems()
    expand([{**NETWORK, "check": {address: "arp"}}], [], problems)
    (problem,) = problems.items
    assert problem.key == f"macvlan_networks[0].check.{address}"
