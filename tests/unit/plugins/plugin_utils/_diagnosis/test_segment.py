# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Causes that compare hosts of one segment find the same whether the declaration names the segment or not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.declaration import expand

from .causes import causes_cases as cases

STRANGER = "02:00:00:00:00:99"


def declare(fleet: dict[str, Any], **changes: Any) -> None:
    """The networks of both hosts as planning returns them for a declaration with these keys."""
    for evidence in fleet.values():
        (network,) = evidence["networks"]
        declared = {
            "name": network["name"],
            "parent": network["parent"],
            "subnet": [*network["subnets"], "2001:db8::/64"],
            "gateway": network["gateways"],
            "container_range": network["container_ranges"],
            "host_address": network["host_addresses"],
            **changes,
        }
        problems = Problems()
        evidence["networks"] = expand([declared], [], problems).as_data()["networks"]
        assert not problems, problems.report()


def containers(fleet: dict[str, Any], host: str) -> list[dict[str, Any]]:
    return fleet[host]["after"]["networks"]["lan0"]["containers"]


def link(fleet: dict[str, Any], host: str, namespace: str) -> dict[str, Any]:
    space = next(item for item in fleet[host]["after"]["namespaces"] if item["label"] == namespace)
    return next(item for item in space["links"] if item["name"] == "eth0")


def same_address(fleet: dict[str, Any]) -> None:
    containers(fleet, "web1")[0]["address"] = containers(fleet, "web2")[0]["address"]


def same_mac(fleet: dict[str, Any]) -> None:
    link(fleet, "web1", "web1-c1")["mac"] = link(fleet, "web2", "web2-c1")["mac"]


def same_mac_on_host(fleet: dict[str, Any]) -> None:
    link(fleet, "web1", "web1-c2").update(mac=link(fleet, "web1", "web1-c1")["mac"], up=False)


def stranger_in_turns(fleet: dict[str, Any]) -> None:
    own = containers(fleet, "web1")[0]
    for mac, incoming, first, last in ((own["mac"], False, 1.0, 4.0), (STRANGER, True, 0.5, 3.0)):
        data = {"what": "reply", "address": own["address"], "mac": mac, "asked": None, "incoming": incoming}
        cases.event(fleet, kind="arp", action="seen", link="eth0", after=first, data={**data, "last": last})


def outdated_neighbour(fleet: dict[str, Any]) -> None:
    entries = fleet["web1"]["after"]["namespaces"][0]["neighbours"]
    entry = next(item for item in entries if item["address"] == "192.168.100.129")
    entry.update(mac=STRANGER, state="REACHABLE")
    cases.lose(fleet, "host_to_container")


def failed_in_two_places(fleet: dict[str, Any]) -> None:
    for host, failed in (("web1", True), ("web2", False)):
        first = containers(fleet, host)[0]
        containers(fleet, host).append({**first, "address": "2001:db8::1", "dadfailed": failed})
        flags = {"permanent": True, "tentative": failed, "dadfailed": failed}
        fleet[host]["after"]["namespaces"][1]["addresses"].append(
            {"link": "eth0", "address": "2001:db8::1/64", **flags}
        )


@pytest.mark.parametrize("segment", [None, "SITE"])
@pytest.mark.parametrize(
    ("fault", "cause", "status"),
    [
        (same_address, "duplicate_ip_in_fleet", "confirmed"),
        (same_mac, "duplicate_mac_in_fleet", "confirmed"),
        (same_mac_on_host, "duplicate_mac_on_host", "confirmed"),
        (stranger_in_turns, "duplicate_ip", "confirmed"),
        (outdated_neighbour, "stale_neighbour", "confirmed"),
        # an address that two hosts have is duplicate_ip_in_fleet, and the failure is its consequence
        (failed_in_two_places, "ipv6_dad_failed", "ruled_out"),
    ],
)
def test_a_named_segment_changes_no_verdict(
    fault: Callable[[dict[str, Any]], None], cause: str, status: str, segment: str | None
) -> None:
    fleet = cases.healthy()
    declare(fleet, segment=segment)
    fault(fleet)
    assert cases.verdict(fleet, cause).status == status


@pytest.mark.parametrize(
    ("fault", "cause"), [(same_address, "duplicate_ip_in_fleet"), (same_mac, "duplicate_mac_in_fleet")]
)
def test_hosts_on_different_segments_have_nothing_in_common(fault: Callable[..., None], cause: str) -> None:
    fleet = cases.healthy()
    declare(fleet, segment="SITE")
    fleet["web2"]["networks"][0]["segment"] = "OTHER"
    fault(fleet)
    assert cases.verdict(fleet, cause).status == "ruled_out"
