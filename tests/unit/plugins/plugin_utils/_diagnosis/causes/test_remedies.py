# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of a remedy fit what is wrong now, and name whom to ask what."""

from __future__ import annotations

from typing import Any

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis import laws
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis import report as _report
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict

from . import causes_cases as cases
from .test_patterns import ask
from .test_states import _switch, _without


def _kinds(fleet: dict[str, Any], cause: str) -> list[str]:
    found = cases.verdict(fleet, cause)
    assert found.status == "confirmed"
    return [step.kind for step in found.steps]


def test_what_is_up_again_is_not_applied_again() -> None:
    fleet = cases.healthy()
    _switch(fleet, "up", "lan0", (1.0, False), (2.0, True))
    for target in cases.lose(fleet, "host_to_container", at=1.1):
        target["losses"] = [[1.1, 2.0]]
    assert _kinds(fleet, "link_down") == ["by_hand"]


def test_a_link_that_is_down_is_not_just_set_up_without_its_routes() -> None:
    fleet = cases.healthy()
    cases.own_link(fleet, "lan0")["up"] = False
    cases.lose(fleet, "host_to_container", at=0.0)
    found = cases.verdict(fleet, "link_down")
    assert ([step.kind for step in found.steps], "ip link set" in found.remedy) == (["apply"], False)


def test_a_container_that_is_up_again_is_not_restarted() -> None:
    fleet = cases.healthy()
    for after, value in ((0.9, False), (2.0, True)):
        data = {"up": value, "changed": {"up": [not value, value]}}
        cases.event(fleet, after=after, action="change", link="eth0", namespace="web1-c1", what="eth0", data=data)
    for target in cases.lose(fleet, "host_to_container", at=1.0):
        target["losses"] = [[1.0, 2.0]]
    assert _kinds(fleet, "container_link_down") == ["by_hand"]


def test_the_containers_of_a_parent_that_is_back_are_restarted() -> None:
    fleet = cases.healthy()
    cases.own_link(fleet, "eth0")["index"] += 7
    cases.lose(fleet, "host_to_container")
    kinds = _kinds(fleet, "parent_vanished")
    assert (kinds[0], set(kinds[1:])) == ("apply", {"container"})


def test_what_the_parent_lost_is_added_by_a_command() -> None:
    fleet = cases.healthy()
    own = fleet["web1"]["after"]["namespaces"][0]
    own["addresses"] = [item for item in own["addresses"] if item["link"] != "eth0"]
    process = cases.process("NetworkManager", unit="NetworkManager.service")
    data = {"address": "192.168.100.11/24"}
    cases.event(fleet, kind="address", action="delete", link="eth0", data=data, process=process)
    found = cases.verdict(fleet, "address_removed_by_other")
    assert [step.text for step in found.steps] == ["ip address replace 192.168.100.11/24 dev eth0"]
    assert found.remedy.startswith(found.steps[0].text)
    assert not found.repairs_itself


def test_the_mode_of_link_and_container_needs_both_steps() -> None:
    fleet = cases.healthy()
    cases.own_link(fleet, "lan0")["mode"] = "vepa"
    for item in fleet["web1"]["after"]["networks"]["lan0"]["containers"]:
        item["mode"] = "vepa"
    cases.lose(fleet, "host_to_container")
    kinds = _kinds(fleet, "wrong_mode")
    assert (kinds[0], set(kinds[1:])) == ("apply", {"container"})


def test_nothing_is_applied_while_the_parent_is_down() -> None:
    fleet = cases.healthy()
    _without(fleet, "before", "after")
    assert "link_absent" in _report.repairs(_made(fleet))["web1"]
    cases.own_link(fleet, "eth0")["up"] = False
    assert "ip link set eth0 up" in laws.obstacle(fleet["web1"], "lan0")
    assert not _report.repairs(_made(fleet))


def test_the_network_team_is_given_port_and_addresses() -> None:
    fleet = cases.healthy()
    ask(fleet, child=[], link=[])
    cases.lose(fleet, "gateway_from_link", at=0.0)
    found = cases.verdict(fleet, "mac_filtering_upstream")
    for known in ("web1 eth0", cases.own_link(fleet, "eth0")["mac"], cases.own_link(fleet, "lan0")["mac"]):
        assert known in found.remedy


def _diverted(fleet: dict[str, Any], *routes: dict[str, Any], to: str | None = "", keep: bool = True) -> CauseVerdict:
    """The host sends what is for its containers to the parent, by routes and, with ``to``, by a rule."""
    own = fleet["web1"]["after"]["namespaces"][0]
    own["routes"] = [item for item in own["routes"] if keep or item["link"] != "lan0"]
    own["routes"] += [{**own["routes"][0], "link": "eth0", "gateway": None, **route} for route in routes]
    rule = {"family": "ipv4", "priority": 99, "table": 100, "from": None, "iif": None, "oif": None, "mark": None}
    own["rules"] = [] if to == "" else [{**rule, "to": to}]
    own["paths"] = [
        {**own["paths"][0], "target": item["address"], "link": "eth0"}
        for item in fleet["web1"]["after"]["networks"]["lan0"]["containers"]
    ]
    cases.lose(fleet, "host_to_container", at=0.0)
    found = cases.verdict(fleet, "host_isolation")
    assert found.status == "confirmed"
    return found


def test_what_takes_precedence_over_the_declared_routes_is_deleted() -> None:
    subnet, address = {"destination": "192.168.100.0/24", "table": 100}, {"destination": "192.168.100.129/32"}
    for routes, to, commands in (
        ([subnet], "192.168.100.128/28", ["ip rule delete priority 99 to 192.168.100.128/28 lookup 100"]),
        ([subnet], None, ["ip route delete 192.168.100.0/24 dev eth0 table 100"]),
        (
            [address, {"destination": "192.168.100.130/32", "metric": 5}],
            "",
            ["ip route delete 192.168.100.129/32 dev eth0", "ip route delete 192.168.100.130/32 dev eth0 metric 5"],
        ),
    ):
        found = _diverted(cases.healthy(), *routes, to=to)
        assert [step.text for step in found.steps] == commands


def test_the_way_to_everything_else_is_not_deleted() -> None:
    found = _diverted(cases.healthy(), {"destination": "0.0.0.0/0", "table": 100}, to=None)
    assert [step.kind for step in found.steps] == ["by_hand"]
    found = _diverted(cases.healthy(), {"destination": "192.168.100.129/32", "protocol": "kernel"})
    assert [step.kind for step in found.steps] == ["by_hand"]


def test_missing_routes_to_containers_are_applied() -> None:
    assert [step.kind for step in _diverted(cases.healthy(), keep=False).steps] == ["apply"]


def _made(fleet: dict[str, Any]) -> _report.DiagnosisReport:
    results = [_report.HostResult(host, evidence) for host, evidence in fleet.items()]
    return _report.make(results, "2026-01-31T12:00:00Z", "0.1.0", {})
