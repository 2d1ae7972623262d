# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Causes in parents and in what passes them: what is confirmed, and what is close to it and is not."""

from __future__ import annotations

from . import causes_cases as cases


def _gateway_ask(fleet: dict, parent: bool, egress: bool | None) -> None:
    """What answered whom; egress None: the kernel's way to the gateway is the parent."""
    made = next(item for item in fleet["web1"]["experiments"] if item["id"] == "gateway_ask")["result"]
    said = {"mac": "02:00:00:00:00:09", "sent": 3, "why_not": ""}
    for item in made["asked"]:
        item["answered"] = ["52:54:00:00:00:01"] if parent else []
    if egress is not None:
        answered = ["52:54:00:00:00:01"] if egress else []
        made["asked"].append({**said, "vantage": "egress", "link": "eth1", "answered": answered})


def _without_address(fleet: dict) -> None:
    own = fleet["web1"]["after"]["namespaces"][0]
    own["addresses"] = [item for item in own["addresses"] if item["link"] != "eth0"]


def test_a_silent_parent_is_wrong_if_the_gateway_answers_elsewhere() -> None:
    fleet = cases.healthy()
    _without_address(fleet)
    _gateway_ask(fleet, parent=False, egress=True)
    found = cases.verdict(fleet, "wrong_parent")
    assert found.status == "confirmed"
    assert "answers on eth1, and not on eth0" in found.summary
    assert found.remedy.startswith("set parent: eth1 for lan0")


def test_a_parent_is_not_wrong_for_being_silent_alone() -> None:
    for parent, egress, status in (
        (True, True, "ruled_out"),
        (False, None, "ruled_out"),
        (False, False, "not_tested"),
    ):
        fleet = cases.healthy()
        _without_address(fleet)
        _gateway_ask(fleet, parent, egress)
        assert cases.verdict(fleet, "wrong_parent").status == status, (parent, egress)
    fleet = cases.healthy()
    _gateway_ask(fleet, parent=False, egress=True)
    assert cases.verdict(fleet, "wrong_parent").status == "ruled_out", "the parent has an address of the network"


def _ipv6(fleet: dict, host: str, address: str, dadfailed: bool) -> None:
    fleet[host]["after"]["namespaces"][1]["addresses"].append(
        {"link": "eth0", "address": address, "permanent": True, "tentative": dadfailed, "dadfailed": dadfailed}
    )


def test_a_failed_address_names_who_else_has_it() -> None:
    fleet = cases.healthy()
    _ipv6(fleet, "web1", "fe80::129/64", True)
    found = cases.verdict(fleet, "ipv6_dad_failed")
    assert found.status == "confirmed"
    assert found.culprit is None
    _ipv6(fleet, "web2", "fe80::129/64", False)
    found = cases.verdict(fleet, "ipv6_dad_failed")
    assert "web2: web2-c1/eth0 has it too" in found.summary
    assert found.culprit["host"] == "web2"
    assert cases.verdict(fleet, "ipv6_dad_failed", "web2").status == "ruled_out"


def test_a_failed_foreign_address_or_a_duplicate_one_is_ruled_out() -> None:
    fleet = cases.healthy()
    _ipv6(fleet, "web1", "2001:db8:9::1/64", True)
    assert cases.verdict(fleet, "ipv6_dad_failed").status == "ruled_out"
    _ipv6(fleet, "web1", "fe80::129/64", True)
    holders = next(item for item in fleet["web1"]["experiments"] if item["id"] == "holders")["result"]
    holders["results"].append(
        {"parent": "eth0", "address": "fe80::129", "status": "duplicate", "conflict": "", "reason": "",
         "holders": [cases.holder("02:00:00:00:00:99", vantage="child")]}
    )  # fmt: skip
    assert cases.verdict(fleet, "ipv6_dad_failed").status == "ruled_out"
    assert cases.verdict(fleet, "duplicate_ip").status == "confirmed"


def _tags(fleet: dict, *vlans: int) -> None:
    """Frames of the network were heard in these VLANs; 0: without a tag."""
    heard = [{"id": number, "frames": 4, "examples": ["52:54:00:00:00:01 about 192.168.100.1"]} for number in vlans]
    cases.experiment(fleet, "tags", {"seconds": 2.0, "vlans": heard})


def test_a_network_that_comes_with_a_tag_alone_is_confirmed() -> None:
    fleet = cases.healthy()
    _gateway_ask(fleet, parent=False, egress=None)
    _tags(fleet, 10)
    assert cases.verdict(fleet, "vlan_mismatch").status == "suspected", "nothing is lost"
    cases.lose(fleet, "gateway_from_link", at=2.0)
    found = cases.verdict(fleet, "vlan_mismatch")
    assert (found.status, found.after) == ("confirmed", 2.0)
    assert "the tag of VLAN 10" in found.summary


def test_tags_beside_working_traffic_are_a_trunk_silence_is_no_proof() -> None:
    for vlans, answered, status in (
        ((0, 10), False, "ruled_out"),
        ((10,), True, "ruled_out"),
        ((), False, "not_tested"),
    ):
        fleet = cases.healthy()
        _gateway_ask(fleet, parent=answered, egress=None)
        _tags(fleet, *vlans)
        cases.lose(fleet, "gateway_from_link", at=2.0)
        assert cases.verdict(fleet, "vlan_mismatch").status == status, (vlans, answered)


def test_an_address_of_two_declared_containers_is_no_second_failure() -> None:
    fleet = cases.healthy()
    for host, failed in (("web1", True), ("web2", False)):
        network = fleet[host]["networks"][0]
        network.update(segment="", subnets=[*network["subnets"], "2001:db8::/64"])
        _ipv6(fleet, host, "2001:db8::1/64", failed)
        places = fleet[host]["after"]["networks"]["lan0"]["containers"]
        places.append({**places[0], "address": "2001:db8::1", "dadfailed": failed})
    assert cases.verdict(fleet, "ipv6_dad_failed").status == "ruled_out"
    assert cases.verdict(fleet, "duplicate_ip_in_fleet").status == "confirmed"
