# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The frame of the causes: what a healthy fleet gets, missing evidence, precedence, and judges that are wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis import judge as _judge
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis import report as _report
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis import words
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.explained import consequences
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.registry import CAUSES

from .causes import causes_cases as cases


def test_healthy_fleet_gets_neither_confirmed_nor_suspected() -> None:
    found = [item for item in cases.judged(cases.healthy()) if item.status in ("confirmed", "suspected")]
    assert not found, [(item.host, item.cause, item.summary) for item in found]


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.id)
def test_each_cause_has_its_words_and_one_verdict_per_network(cause) -> None:
    assert cause.title
    assert cause.explanation.endswith(".")
    assert cause.remedy
    assert cause.signature
    assert cause.proof
    found = [item for item in cases.judged(cases.healthy()) if item.cause == cause.id]
    assert {item.host for item in found} == {"web1", "web2"}
    assert all(item.summary for item in found)


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.id)
@pytest.mark.parametrize("missing", ["before", "after", "watch", "system", "drift", "experiments"])
def test_missing_evidence_is_reported_and_breaks_nothing(cause, missing: str) -> None:
    fleet = cases.healthy()
    nothing = {"experiments": [], "system": dict.fromkeys(fleet["web1"]["system"])}
    fleet["web1"][missing] = nothing.get(missing)
    found = cases.verdict(fleet, cause.id)
    assert found.status in ("not_tested", "ruled_out")
    assert "could not be judged" not in found.summary


def test_what_a_confirmed_cause_explains_is_no_cause_of_its_own() -> None:
    fleet = cases.healthy()
    fleet["web1"]["after"]["networks"]["lan0"].update(
        parent=None, parent_problem="there is no interface eth0", link=None
    )
    cases.lose(fleet, "host_to_container")
    cases.event(fleet, kind="link", action="delete", link="eth0", what="link eth0 deleted")
    found = {item.cause: item for item in cases.judged(fleet) if item.host == "web1"}
    assert found["parent_vanished"].status == "confirmed"
    assert {item.cause for item in found.values() if item.status == "confirmed"} == {"parent_vanished"}


def test_a_judge_that_fails_on_evidence_does_not_silence_others(monkeypatch) -> None:
    def judge(case):
        raise KeyError("what")

    broken = replace(CAUSES[0], judge=judge)
    monkeypatch.setattr(_judge, "CAUSES", (broken, *CAUSES[1:]))
    found = cases.judged(cases.healthy())
    assert {item.status for item in found if item.cause == broken.id} == {"not_tested"}
    assert len(found) == 2 * len(CAUSES)


def test_no_cause_explains_one_that_is_not_there_or_itself() -> None:
    for cause in CAUSES:
        found = consequences(cause.id)
        assert cause.id not in found
        assert found <= {other.id for other in CAUSES}
        assert not [other for other in found if cause.id in consequences(other)], cause.id


def test_report_names_the_state_of_each_host_and_words_say_what_to_do() -> None:
    fleet = cases.healthy()
    cases.own_link(fleet, "lan0")["mode"] = "vepa"
    cases.lose(fleet, "host_to_container", at=4.2)
    results = [_report.HostResult(host, evidence) for host, evidence in fleet.items()]
    results += [
        _report.HostResult("web3", state="unreachable", message="no route to host"),
        _report.HostResult("web4", state="nothing declared"),
    ]
    report = _report.make(results, "2026-01-31T12:00:00Z", "0.1.0", {})
    assert {host["host"]: host["state"] for host in report.data["hosts"]} == {
        "web1": "broken", "web2": "healthy", "web3": "unreachable", "web4": "nothing declared",
    }  # fmt: skip
    assert report.data["verdicts"][0]["cause"] == "wrong_mode"
    assert report.data["verdicts"][0]["after"] == 4.2
    edges = {(edge["from"], edge["to"]): edge["state"] for edge in report.data["hosts"][0]["links"][0]["edges"]}
    assert edges["link", "container:web1-c1"] == "broken"
    assert edges["parent", "gateway"] == "ok"
    printed = "\n".join(words.lines(report))
    assert "lan0 CONFIRMED wrong_mode" in printed
    assert "+4.2 s" in printed
    assert "web3: unreachable (no route to host)" in printed
    assert printed.endswith(
        "4 hosts: 1 healthy, 1 broken, 1 unreachable, 1 nothing declared; 1 cause confirmed, 0 suspected"
    )
