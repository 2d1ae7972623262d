# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The laws of the diagnosis, on the evidence of faults that were once judged wrongly."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis import judge as _judge
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis import laws, words
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis import report as _report
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.registry import CAUSES

from .causes import causes_cases as cases

LINK_TARGET = "lan0/gateway_from_link/lan0/192.168.100.1/who_has"


def made(fleet: dict[str, Any]) -> _report.DiagnosisReport:
    results = [_report.HostResult(host, evidence) for host, evidence in fleet.items()]
    return _report.make(results, "2026-01-31T12:00:00Z", "0.1.0", {})


def state(fleet: dict[str, Any], host: str = "web1") -> dict[str, Any]:
    return next(dict(item) for item in made(fleet).data["hosts"] if item["host"] == host)


def without_link(fleet: dict[str, Any]) -> None:
    """As after ``ip link del lan0`` before the diagnosis."""
    for moment in ("before", "after"):
        snapshot = fleet["web1"][moment]
        own = snapshot["namespaces"][0]
        own["links"] = [item for item in own["links"] if item["name"] != "lan0"]
        for part in ("addresses", "routes"):
            own[part] = [item for item in own[part] if item["link"] != "lan0"]
        snapshot["networks"]["lan0"].update(link=None, link_problem="there is no link lan0")


# ---- (a) nothing vanishes --------------------------------------------------------------------------------------------


def test_what_no_cause_explains_is_located() -> None:
    fleet = cases.healthy()
    cases.lose(fleet, "gateway_from_parent", at=2.0)
    cases.lose(fleet, "gateway_from_link", at=2.0)
    cases.event(fleet, after=1.94, link="eth0", what="eth0 lost its carrier")
    report = made(fleet)
    found = report.located("web1")
    assert {item.edge for item in found} == {("parent", "gateway")}
    assert found[0].before == ("at +1.94 s eth0 lost its carrier, 0.06 s before the first loss",)
    printed = "\n".join(words.lines(report))
    assert "lan0 LOCATED between eth0 and gateway 192.168.100.1" in printed
    assert "at +1.94 s eth0 lost its carrier, 0.06 s before the first loss" in printed
    assert "the network team" in printed


def test_a_second_fault_is_located_beside_a_confirmed_cause() -> None:
    fleet = cases.healthy()
    own = fleet["web1"]["after"]["namespaces"][0]
    own["addresses"] = [item for item in own["addresses"] if item["link"] != "lan0"]
    cases.event(fleet, kind="address", action="delete", after=3.0, what="address removed", process=cases.process("ip"))
    cases.lose(fleet, "host_to_container", at=3.1)
    cases.lose(fleet, "gateway_from_parent", at=1.0)
    report = made(fleet)
    assert [item.cause for item in report.of("web1", "confirmed")] == ["address_removed_by_other"]
    known = {item.name: item.explained_by for item in report.accounts}
    assert known["lan0 to container web1-c1 192.168.100.129, ping"] == ("address_removed_by_other",)
    assert known["eth0 to gateway 192.168.100.1, ARP"] == ()


def test_what_was_lost_before_a_cause_is_not_explained_by_it() -> None:
    fleet = cases.healthy()
    own = fleet["web1"]["after"]["namespaces"][0]
    own["addresses"] = [item for item in own["addresses"] if item["link"] != "lan0"]
    cases.event(fleet, kind="address", action="delete", after=3.0, what="address removed")
    cases.lose(fleet, "host_to_container", at=3.1)
    cases.lose(fleet, "gateway_from_link", at=0.4)
    report = made(fleet)
    assert [item.target_id for item in report.located("web1")] == [LINK_TARGET]


# ---- (b) healthy -----------------------------------------------------------------------------------------------------


def test_a_declared_link_that_is_not_there_is_never_healthy() -> None:
    fleet = cases.healthy()
    without_link(fleet)
    fleet["web1"]["watch"]["targets"] = [
        item for item in fleet["web1"]["watch"]["targets"] if item["kind"] == "gateway_from_parent"
    ]
    found = state(fleet)
    assert found["state"] != "healthy"
    assert "link lan0 is declared and not there" in found["unlike"]


def test_links_without_networks_are_compared_with_the_declaration() -> None:
    fleet = cases.healthy()
    evidence = fleet["web1"]
    evidence["networks"] = []
    evidence["watch"]["targets"] = []
    template = evidence["drift"]["links"][0]
    evidence["drift"]["links"] = [{**template, "name": f"mv{number}"} for number in range(200)]
    found = state(fleet)
    assert found["state"] == "blind"
    assert len(found["unlike"]) == 200


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ({"up": False}, "link lan0 is down"),
        ({"mode": "vepa"}, "link lan0 has mode vepa instead of bridge"),
        ({"parent": "eth7"}, "link lan0 has parent eth7 instead of eth0"),
    ],
)
def test_a_link_that_differs_from_its_declaration_is_named(change: dict[str, Any], missing: str) -> None:
    fleet = cases.healthy()
    cases.own_link(fleet, "lan0").update(change)
    found = state(fleet)
    assert found["state"] != "healthy"
    assert missing in found["unlike"]


def test_a_host_that_site_yml_would_change_is_not_healthy() -> None:
    """The role verify fails for the same."""
    fleet = cases.healthy()
    fleet["web1"]["drift"]["messages"] = ["link lan0: address 192.168.100.3/32: add"]
    found = state(fleet)
    assert found["state"] != "healthy"
    assert found["unlike"] == ["link lan0: address 192.168.100.3/32: add"]


def test_a_host_whose_container_network_differs_is_not_healthy() -> None:
    fleet = cases.healthy()
    fleet["web1"]["container_drift"] = ["docker network lan0: parent: declared eth0, found eth1. Remedy: run site.yml."]
    found = state(fleet)
    assert found["state"] != "healthy"
    assert found["unlike"] == fleet["web1"]["container_drift"]


def test_a_network_without_gateway_is_blind() -> None:
    fleet = cases.healthy()
    evidence = fleet["web1"]
    evidence["networks"][0]["gateways"] = []
    evidence["watch"]["targets"] = [
        item for item in evidence["watch"]["targets"] if not item["kind"].startswith("gateway")
    ]
    found = state(fleet)
    assert (found["state"], found["unlike"]) == ("blind", [])
    assert "no gateway of network lan0 is declared" in found["unasked"][0]


def test_a_network_that_stands_for_a_link_declares_no_gateway() -> None:
    fleet = cases.healthy()
    evidence = fleet["web1"]
    evidence["networks"][0].update(gateways=[], of_link=True)
    evidence["watch"]["targets"] = [
        item for item in evidence["watch"]["targets"] if not item["kind"].startswith("gateway")
    ]
    assert state(fleet)["state"] == "healthy"
    # a declared network whose range is its whole subnet is none
    evidence["networks"][0].update(of_link=False, container_ranges=evidence["networks"][0]["subnets"])
    assert state(fleet)["state"] == "blind"


def test_a_host_of_which_nothing_could_be_asked_is_blind() -> None:
    fleet = cases.healthy()
    for target in fleet["web1"]["watch"]["targets"]:
        target.update(sent=0, received=0, impossible="lan0 has no address")
    found = state(fleet)
    assert found["state"] == "blind"
    assert "nothing of network lan0 could be asked (lan0 has no address)" in found["unasked"]


# ---- (c) the watch ---------------------------------------------------------------------------------------------------


def refuse(fleet: dict[str, Any], *vantages: str) -> None:
    result = next(item for item in fleet["web1"]["experiments"] if item["id"] == "gateway_ask")["result"]
    for item in result["asked"]:
        if item["vantage"] in vantages:
            item["answered"] = []


def test_no_filter_is_confirmed_where_the_watch_was_answered_all_the_time() -> None:
    fleet = cases.healthy()
    refuse(fleet, "child", "link")
    found = cases.verdict(fleet, "mac_filtering_upstream")
    assert found.status == "not_tested"
    assert "8 of 8" in found.summary
    cases.lose(fleet, "gateway_from_link", at=0.0)
    assert cases.verdict(fleet, "mac_filtering_upstream").status == "confirmed"


def test_a_vantage_that_the_watch_contradicts_proves_no_limit() -> None:
    fleet = cases.healthy()
    refuse(fleet, "child", "link")
    result = next(item for item in fleet["web1"]["experiments"] if item["id"] == "gateway_ask")["result"]
    link = next(item for item in result["asked"] if item["vantage"] == "link")
    result["asked"].append({**link, "vantage": "container web1-c1", "answered": ["02:00:5e:10:00:01"]})
    assert cases.verdict(fleet, "mac_limit_after_ageing").status == "not_tested"
    cases.lose(fleet, "gateway_from_link", at=0.0)
    assert cases.verdict(fleet, "mac_limit_after_ageing").status == "confirmed"


# ---- (d) complete evidence -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limit", "cause"),
    [
        ("33395 ARP frames of eth0 came faster than they could be read", "broadcast_queue_overflow"),
        ("no ARP of eth0: Operation not permitted", "broadcast_queue_overflow"),
        ("12 more address events were only counted: 1 are kept", "address_removed_by_other"),
        ("no events of the host: Operation not permitted", "carrier_loss_drops_config"),
    ],
)
def test_nothing_is_ruled_out_by_events_that_may_have_been_missed(limit: str, cause: str) -> None:
    fleet = cases.healthy()
    assert cases.verdict(fleet, cause).status == "ruled_out"
    fleet["web1"]["watch"]["limits"].append(limit)
    found = cases.verdict(fleet, cause)
    assert found.status == "not_tested"
    assert limit in found.summary


def test_a_queue_that_dropped_is_not_ruled_out_without_a_request_that_arrived() -> None:
    fleet = cases.healthy()
    for item in fleet["web1"]["watch"]["counters"]:
        if (item["name"], item["link"]) == ("rx_dropped", "eth0"):
            item["after"] = item["before"] + 33395
            break
    else:
        counter = {"namespace": "", "link": "eth0", "name": "rx_dropped", "before": 0, "after": 33395}
        fleet["web1"]["watch"]["counters"].append(counter)
    assert cases.verdict(fleet, "broadcast_queue_overflow").status == "not_tested"


# ---- (f) consequences ------------------------------------------------------------------------------------------------


CONTAINERS = ("lan0/host_to_container/host/192.168.100.129/echo", "lan0/host_to_container/host/192.168.100.130/echo")


def of(cause: str, *targets: str, **more: Any) -> _judge.CauseVerdict:
    """A confirmed verdict. targets: what it explains."""
    found = next(item for item in CAUSES if item.id == cause)
    made = _judge.CauseVerdict("confirmed", "it is there", targets=targets, **more)
    return _judge.placed(made, "web1", "lan0", found)


def statuses(fleet: dict[str, Any], *verdicts: _judge.CauseVerdict) -> dict[str, str]:
    return {item.cause: item.status for item in laws.rooted([*verdicts], fleet["web1"]["watch"])}


def test_a_consequence_has_a_status_of_its_own() -> None:
    found = laws.rooted([of("stale_neighbour"), of("announcement_lost")], None)
    assert [(item.status, bool(item.remedy)) for item in found] == [("confirmed", True), ("explained", False)]
    assert found[1].explained_by == "stale_neighbour"


def test_a_consequence_lost_nothing_that_its_cause_does_not_explain() -> None:
    fleet = cases.healthy()
    cases.lose(fleet, "host_to_container", at=2.0)
    first, second = CONTAINERS
    lost = of("announcement_lost", first)
    assert statuses(fleet, of("stale_neighbour", first), lost)["announcement_lost"] == "explained"
    assert statuses(fleet, of("stale_neighbour", *CONTAINERS), lost)["announcement_lost"] == "explained"
    assert statuses(fleet, of("stale_neighbour", second), lost)["announcement_lost"] == "confirmed"
    both = of("announcement_lost", *CONTAINERS)
    assert statuses(fleet, of("stale_neighbour", first), both)["announcement_lost"] == "confirmed"


def test_what_was_lost_before_a_cause_is_no_consequence_of_it() -> None:
    fleet = cases.healthy()
    cases.lose(fleet, "host_to_container", at=0.1)
    late = of("container_link_down", *CONTAINERS, after=1.9)
    assert statuses(fleet, late, of("announcement_lost", *CONTAINERS))["announcement_lost"] == "confirmed"
    cases.lose(fleet, "host_to_container", at=1.9)
    assert statuses(fleet, late, of("announcement_lost", *CONTAINERS))["announcement_lost"] == "explained"


def test_a_closed_parent_takes_along_what_an_experiment_asked_in_vain() -> None:
    fleet = cases.healthy()
    asked = of("mac_filtering_upstream", LINK_TARGET)
    assert statuses(fleet, of("parent_down"), asked)["mac_filtering_upstream"] == "explained"
    assert statuses(fleet, of("filter_drops", *CONTAINERS), asked)["mac_filtering_upstream"] == "confirmed"
    assert statuses(fleet, of("filter_drops", LINK_TARGET), asked)["mac_filtering_upstream"] == "explained"


def test_a_mac_address_twice_in_the_fleet_explains_nothing_of_other_links() -> None:
    """As when a container's address is on another host's, and the gateway missed that the host itself moved."""
    fleet = cases.healthy()
    for host, name in (("web1", "web1-c1"), ("web2", "web2-c1")):
        space = next(item for item in fleet[host]["after"]["namespaces"] if item["label"] == name)
        next(item for item in space["links"] if item["name"] == "eth0")["mac"] = "02:00:5e:10:00:aa"
    ping = "lan0/gateway_from_parent/eth0/192.168.100.1/echo"
    target = next(item for item in fleet["web1"]["watch"]["targets"] if item["id"] == ping)
    target.update(received=4, first_loss=1.0, losses=[[1.0, fleet["web1"]["watch"]["duration"]]])
    pair = {"namespace": "", "link": "eth0", "mac": "02:00:5e:10:00:bb", "address": "192.168.100.11",
            "target": "192.168.100.1", "before": 0, "after": 3, "why_not": ""}  # fmt: skip
    cases.experiment(fleet, "announce", {"pairs": [pair]})
    assert cases.confirmed(fleet) >= {("web1", "duplicate_mac_in_fleet"), ("web1", "announcement_lost")}
    assert cases.verdict(fleet, "duplicate_mac_in_fleet").targets == ()
    known = {item.target_id: item.explained_by for item in made(fleet).accounts}
    assert known[ping] == ("announcement_lost",)
    cases.lose(fleet, "host_to_container", at=1.0)
    assert cases.verdict(fleet, "duplicate_mac_in_fleet").targets == CONTAINERS[:1]


def test_a_verdict_names_all_that_it_explains_and_spells_out_some() -> None:
    fleet = cases.healthy()
    watch = fleet["web1"]["watch"]
    template = next(item for item in watch["targets"] if item["id"] == CONTAINERS[0])
    watch["targets"] += [
        {**template, "id": f"lan0/host_to_container/host/192.168.100.{number}/echo", "target": f"192.168.100.{number}"}
        for number in range(131, 143)
    ]
    cases.own_link(fleet, "lan0")["up"] = False
    lost = {item["id"] for item in cases.lose(fleet, "host_to_container")}
    found = next(item for item in made(fleet).data["verdicts"] if item["cause"] == "link_down")
    assert set(found["targets"]) >= lost
    assert len([item for item in found["evidence"] if item["what"] == "reachability"]) == 5


# ---- (g) repairs -----------------------------------------------------------------------------------------------------


def test_no_repair_is_offered_while_the_cable_is_out() -> None:
    fleet = cases.healthy()
    own = fleet["web1"]["after"]["namespaces"][0]
    own["addresses"] = [item for item in own["addresses"] if item["link"] != "lan0"]
    cases.event(fleet, kind="address", action="delete", after=3.0, what="address removed", process=cases.process("ip"))
    assert _report.repairs(made(fleet)) == {"web1": ["address_removed_by_other"]}
    cases.own_link(fleet, "eth0")["carrier"] = False
    report = made(fleet)
    assert not _report.repairs(report)
    assert [item.cause for item in report.of("web1", "confirmed")] == ["no_carrier"]
    assert laws.obstacle(fleet["web1"], "lan0").startswith("restore the carrier of eth0 on web1")


# ---- the checker sees what breaks them -------------------------------------------------------------------------------


def test_violations_are_seen() -> None:
    fleet = cases.healthy()
    cases.lose(fleet, "gateway_from_link", at=2.0)
    verdicts = cases.judged(fleet)
    hosts = {"web1": fleet["web1"]}
    found = laws.violations(verdicts, hosts, {"web1": "healthy"}, {})
    assert [text[:3] for text in found] == ["(a)", "(b)"]
    both = [
        replace(item, status="confirmed", targets=(LINK_TARGET,))
        if item.cause in ("stale_neighbour", "announcement_lost")
        else item
        for item in verdicts
    ]
    swallowed = [
        item.consequence_of(of("stale_neighbour")) if item.cause == "announcement_lost" else item for item in both
    ]
    found = laws.violations(swallowed, hosts, {"web1": "broken"}, {})
    assert not any("does not explain" in text for text in found)
    swallowed = [replace(item, targets=()) if item.cause == "stale_neighbour" else item for item in swallowed]
    found = laws.violations(swallowed, hosts, {"web1": "broken"}, {})
    assert "(f) web1 lan0 announcement_lost lost what stale_neighbour does not explain" in found
    known = {"web1": {LINK_TARGET: ("stale_neighbour", "announcement_lost")}}
    assert any(text.startswith("(f)") for text in laws.violations(both, hosts, {"web1": "broken"}, known))
