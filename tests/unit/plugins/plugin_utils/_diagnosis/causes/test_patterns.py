# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judges of causes that tests/faults proves on real networks: here what is near to each of them and is not it."""

from __future__ import annotations

import pytest

from . import causes_cases as cases

MAC = "02:00:00:00:00:99"


def claim(address: str, mac: str, first: float, last: float, incoming: bool = True) -> dict:
    data = {"what": "reply", "address": address, "mac": mac, "asked": None, "incoming": incoming, "last": last}
    return {"kind": "arp", "action": "seen", "link": "eth0", "after": first, "data": data}


def ask(fleet: dict, **answered: list[str]) -> None:
    """What gateway_ask saw on web1, by vantage."""
    made = next(item for item in fleet["web1"]["experiments"] if item["id"] == "gateway_ask")
    for item in made["result"]["asked"]:
        item["answered"] = answered.get(item["vantage"], item["answered"])


def probe(fleet: dict, address: str, status: str, mac: str, owner: str = "foreign") -> None:
    """Another holder of an address in what holders saw on web1."""
    made = next(item for item in fleet["web1"]["experiments"] if item["id"] == "holders")
    result = next(item for item in made["result"]["results"] if item["address"] == address)
    seen = cases.holder(mac, owner=owner, first_seen="2026-01-31T12:00:00.000Z")
    result.update(status=status, conflict="hard", holders=[*result["holders"], seen])


@pytest.mark.parametrize(("owner", "status", "expected"), [
    ("foreign", "duplicate", "confirmed"),
    ("virtual_router", "virtual_router", "ruled_out"),
    ("fleet", "own", "ruled_out"),
])  # fmt: skip
def test_a_second_holder_is_a_duplicate_unless_router_or_fleet_member(owner, status, expected) -> None:
    fleet = cases.healthy()
    probe(fleet, "192.168.100.129", status, MAC, owner)
    assert cases.verdict(fleet, "duplicate_ip").status == expected


def test_a_mac_of_another_fleet_host_is_no_foreign_holder() -> None:
    fleet = cases.healthy()
    mac = cases.own_link(fleet, "eth0", "web2")["mac"]
    probe(fleet, "192.168.100.129", "duplicate", mac)
    assert cases.verdict(fleet, "duplicate_ip").status == "ruled_out"


@pytest.mark.parametrize(("theirs", "expected"), [((0.5, 3.0), "confirmed"), ((0.1, 0.4), "ruled_out")])
def test_alternating_claims_are_a_duplicate_and_one_handover_a_move(theirs, expected) -> None:
    fleet = cases.healthy()
    own = fleet["web1"]["after"]["networks"]["lan0"]["containers"][0]
    cases.event(fleet, **claim(own["address"], own["mac"], 1.0, 4.0, incoming=False))
    cases.event(fleet, **claim(own["address"], MAC, *theirs))
    found = cases.verdict(fleet, "duplicate_ip")
    assert found.status == expected
    if expected == "confirmed":
        assert found.culprit["mac"] == MAC


@pytest.mark.parametrize(("number", "probed", "expected"), [
    (2, False, "ruled_out"),
    (2, True, "confirmed"),
    (1, False, "confirmed"),
])  # fmt: skip
def test_who_claims_several_addresses_and_answers_no_probe_is_a_proxy(number, probed, expected) -> None:
    fleet = cases.healthy()
    for own in fleet["web1"]["after"]["networks"]["lan0"]["containers"][:number]:
        cases.event(fleet, **claim(own["address"], own["mac"], 1.0, 4.0, incoming=False))
        cases.event(fleet, **claim(own["address"], MAC, 0.5, 3.0))
        if probed:
            probe(fleet, own["address"], "duplicate", MAC)
    assert cases.verdict(fleet, "duplicate_ip").status == expected


@pytest.mark.parametrize(("answered", "expected"), [
    ({"child": [], "link": []}, "confirmed"),
    ({"child": []}, "suspected"),
    ({}, "ruled_out"),
    ({"parent": [], "child": [], "link": []}, "not_tested"),
])  # fmt: skip
def test_mac_filtering_needs_a_parent_that_is_answered(answered, expected) -> None:
    fleet = cases.healthy()
    ask(fleet, **answered)
    if answered.get("link") == []:
        cases.lose(fleet, "gateway_from_link", at=0.0)
    assert cases.verdict(fleet, "mac_filtering_upstream").status == expected


def test_a_hypervisor_is_named_where_the_machine_runs_on_one() -> None:
    fleet = cases.healthy()
    fleet["web1"]["system"]["dmi"] = {"sys_vendor": "VMware, Inc.", "product_name": "VMware Virtual Platform"}
    ask(fleet, child=[], link=[])
    cases.lose(fleet, "gateway_from_link", at=0.0)
    found = cases.verdict(fleet, "mac_filtering_upstream")
    assert "VMware" in found.summary
    assert "forged transmits" in found.remedy


@pytest.mark.parametrize(("setting", "grown", "lost", "expected"), [
    (1, 5, True, "confirmed"),
    (2, 5, True, "ruled_out"),
    (1, 0, True, "ruled_out"),
    (1, 5, False, "ruled_out"),
])  # fmt: skip
def test_strict_filtering_counts_if_it_dropped_and_something_is_lost(setting, grown, lost, expected) -> None:
    fleet = cases.healthy()
    space = fleet["web1"]["after"]["namespaces"][0]
    space["settings"]["lan0"]["rp_filter"] = setting
    space["netstat"]["TcpExtIPReversePathFilter"] = grown
    if lost:
        cases.lose(fleet, "gateway_from_parent", at=0)
    assert cases.verdict(fleet, "strict_rp_filter").status == expected


def test_an_address_that_is_there_again_was_not_taken_away() -> None:
    fleet = cases.healthy()
    removed = {"kind": "address", "action": "delete", "data": {"address": "192.168.100.3/32"}}
    cases.event(fleet, what="address 192.168.100.3/32 removed from lan0", **removed)
    assert cases.verdict(fleet, "address_removed_by_other").status == "ruled_out"
    own = fleet["web1"]["after"]["namespaces"][0]
    own["addresses"] = [item for item in own["addresses"] if item["link"] != "lan0"]
    assert cases.verdict(fleet, "address_removed_by_other").status == "confirmed"


def test_an_address_that_was_missing_for_a_while_was_the_cause_of_what_was_lost_meanwhile() -> None:
    data = {"address": "192.168.100.3/32"}
    for back, expected in ((0.6, "ruled_out"), (1.5, "confirmed")):
        fleet = cases.healthy()
        cases.event(fleet, kind="address", action="delete", after=0.5, data=data)
        cases.event(fleet, kind="address", action="new", after=back, data=data)
        for target in cases.lose(fleet, "host_to_container", at=0.6):
            target["losses"] = [[0.6, 1.8]]
        found = cases.verdict(fleet, "address_removed_by_other")
        assert (found.status, found.repairs_itself) == (expected, False)


def test_an_address_back_just_before_the_end_was_missing() -> None:
    data = {"address": "192.168.100.3/32"}
    fleet = cases.healthy()
    end = fleet["web1"]["watch"]["duration"]
    cases.event(fleet, kind="address", action="delete", after=0.5, data=data)
    cases.event(fleet, kind="address", action="new", after=end - 0.2, data=data)
    cases.lose(fleet, "host_to_container", at=0.6)
    assert cases.verdict(fleet, "address_removed_by_other").status == "confirmed"


@pytest.mark.parametrize(("name", "word"), [("NetworkManager", "nm_exclusion"), ("systemd-networkd", "networkd")])
def test_the_remedy_knows_the_manager_that_removed_it(name: str, word: str) -> None:
    fleet = cases.healthy()
    own = fleet["web1"]["after"]["namespaces"][0]
    own["addresses"] = [item for item in own["addresses"] if item["link"] != "lan0"]
    process = cases.process(name[:15], unit=f"{name}.service", command=name)
    gone = {"kind": "address", "action": "delete", "data": {"address": "192.168.100.3/32"}, "process": process}
    cases.event(fleet, after=4.2, what="address removed", **gone)
    found = cases.verdict(fleet, "address_removed_by_other")
    assert (found.status, found.after) == ("confirmed", 4.2)
    assert found.culprit["unit"] == f"{name}.service"
    assert "+4.2 s" in found.summary
    assert word in found.remedy


def test_equal_routes_are_suspected_while_working_and_then_confirmed() -> None:
    fleet = cases.healthy()
    own = fleet["web1"]["after"]["namespaces"][0]
    template = next(item for item in own["routes"] if item["destination"] == "192.168.100.0/24")
    own["routes"] = [item for item in own["routes"] if item["link"] != "lan0"]
    own["routes"].append({**template, "link": "lan0", "prefsrc": "192.168.100.3"})
    assert cases.verdict(fleet, "route_order").status == "suspected"
    cases.lose(fleet, "host_to_container", at=2.0)
    found = cases.verdict(fleet, "route_order")
    assert (found.status, found.after) == ("confirmed", 2.0)
    assert cases.confirmed(fleet) == {("web1", "route_order")}


def test_another_mode_is_no_fault_where_the_switch_sends_frames_back() -> None:
    fleet = cases.healthy()
    cases.own_link(fleet, "lan0")["mode"] = "vepa"
    assert cases.verdict(fleet, "wrong_mode").status == "ruled_out"
    cases.lose(fleet, "host_to_container")
    assert cases.verdict(fleet, "wrong_mode").status == "confirmed"


def test_a_recreated_parent_is_reported_only_if_something_is_broken() -> None:
    fleet = cases.healthy()
    cases.own_link(fleet, "eth0")["index"] += 7
    assert cases.verdict(fleet, "parent_vanished").status == "ruled_out"
    cases.lose(fleet, "host_to_container")
    assert cases.verdict(fleet, "parent_vanished").status == "confirmed"


def test_networkmanager_or_the_only_suspect_removed_the_parent() -> None:
    fleet = cases.healthy()
    gone = cases.event(fleet, action="delete", link="eth0", after=2.0, what="eth0 disappeared")
    fleet["web1"]["after"]["networks"]["lan0"].update(parent=None, parent_problem="no such interface", link=None)
    gone["process_unknown"] = "the message carries no port id"
    found = cases.verdict(fleet, "parent_vanished")
    assert found.culprit == {"text": "an unknown process (the message carries no port id)", "rule": "unknown"}
    assert "unknown" not in found.summary
    programs = [{"pid": number, "name": "ip", "unit": "reload.service", "command": "ip"} for number in (8, 9)]
    gone["suspects"] = programs
    either = cases.verdict(fleet, "parent_vanished").culprit
    assert either["rule"] == "unknown"
    assert "one of ip (PID 8, reload.service), ip (PID 9, reload.service)" in either["text"]
    spoken = {"pid": 7, "name": "ip", "unit": None, "command": "ip link delete eth0"}
    runner = {"pid": 6, "name": "sh", "unit": None, "command": "sh -c ip link delete eth0"}
    own = {"pid": 5, "name": "ip", "unit": "linuxnet-macvlan-lan0.service", "command": "ip link delete eth0"}
    gone["suspects"] = [*programs, own, runner, spoken]
    said = cases.verdict(fleet, "parent_vanished").culprit
    assert (said["pid"], said["rule"]) == (7, "the only command just before that says this change")
    gone["suspects"] = [*programs, spoken, {**spoken, "pid": 4, "command": "ip link del eth0"}]
    assert cases.verdict(fleet, "parent_vanished").culprit["rule"] == "unknown"
    gone["suspects"] = [*programs, {**spoken, "command": "ip link set eth0 down"}]
    assert cases.verdict(fleet, "parent_vanished").culprit["rule"] == "unknown"
    gone["suspects"] = [own]
    assert cases.verdict(fleet, "parent_vanished").culprit["rule"] == "unknown"
    gone["suspects"] = programs[:1]
    assert cases.verdict(fleet, "parent_vanished").culprit["unit"] == "reload.service"
    data = {"manager": "NetworkManager", "state": "unmanaged", "reason": "removed"}
    reported = cases.event(fleet, kind="manager", link="eth0", after=2.1, data=data)
    assert cases.verdict(fleet, "parent_vanished").culprit["name"] == "ip", "it reported the removal only"
    reported["data"]["reason"] = "user-requested"
    found = cases.verdict(fleet, "parent_vanished")
    assert found.culprit["name"] == "NetworkManager"
    assert "removed by NetworkManager" in found.summary


def test_a_gateway_that_drops_pings_and_answers_arp_is_not_broken() -> None:
    fleet = cases.healthy()
    for target in fleet["web1"]["watch"]["targets"]:
        if target["kind"] == "gateway_from_parent" and target["method"] == "echo":
            target.update(received=0, first_loss=0.0)
    assert not cases.confirmed(fleet)
