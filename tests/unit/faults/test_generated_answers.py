# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Generated scenarios: the same for the same numbers, each with an answer, and reports held against it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.registry import BY_ID
from tests.faults.generated.answer import derive
from tests.faults.generated.compare import Found, compare
from tests.faults.generated.compose import FIRST, FIRST_SEEDS, HARMS, compose
from tests.faults.generated.figures import figures, text
from tests.faults.generated.harmless import REFLECTS
from tests.faults.generated.run import Outcome
from tests.faults.generated.terms import (
    BLIP,
    IPV4,
    MOMENT,
    PASSING,
    RANDOM,
    START,
    TIMES,
    Harm,
    Part,
    Scenario,
)
from tests.faults.generated.way import Point, lost, said

NOWHERE = {"namespace": "", "link": None}
TO_GATEWAY = {"id": "g", "kind": "gateway_from_parent", "target": "192.168.100.1", "method": "echo", "from": NOWHERE}
TO_CONTAINER = {**TO_GATEWAY, "id": "c", "kind": "host_to_container", "target": "192.168.100.129"}
#: Of web2's container.
REQUESTED = {**TO_GATEWAY, "id": "r", "kind": "target", "target": "192.168.100.145"}
NETWORK, PARENT1, PARENT2 = Point("network"), Point("parent", "web1"), Point("parent", "web2")

MANY = [compose(seed, index) for seed in (*range(1, 6), *range(-5, 1)) for index in range(100)]


def harm(name: str) -> Harm:
    return next(item for item in HARMS if item.name == name)


def scenario(*parts: Part) -> Scenario:
    return Scenario(0, 0, parts, (), IPV4, 0, False)


def part(name: str, when: str = START, host: str = "web1") -> Part:
    return Part(harm(name), host, when, 1.0, 2.0, 2.0)


def report(verdicts: list[dict], accounts: list[dict] | None = None) -> dict:
    usual = {"culprit": None, "hosts": [], "summary": "", "host": "web1", "status": "confirmed"}
    empty = {"unlike": [], "unasked": [], "message": "", "timeline": {"targets": [TO_GATEWAY, TO_CONTAINER]}}
    return {
        "verdicts": [{**usual, **item} for item in verdicts],
        "hosts": [
            {"host": "web1", "state": "broken", "accounts": accounts or [], **empty},
            {"host": "web2", "state": "healthy", "accounts": [], **empty},
        ],
    }


def test_a_scenario_is_a_function_of_seed_and_index():
    assert compose(7, 12) == compose(7, 12)
    assert compose(7, 12).text == compose(7, 12).text
    assert len({item.text for item in MANY}) == len(MANY)
    assert all("\n" not in item.text for item in MANY)


def test_measured_seeds_compose_from_what_there_was_then():
    harms = {part.harm.name for seed in FIRST_SEEDS[-5:] for index in range(40) for part in compose(seed, index).parts}
    assert harms <= {item.name for item in FIRST}
    assert compose(156, 6).text == (
        "seed 156 #6: container has a container's MAC at other host of web1 from the start and missed that the host"
        " moved at gateway of web2 at a moment; IPv4"
    )


def test_a_port_that_reflects_heals_what_leaves_by_the_parent():
    diverted = part("rule that diverts to the parent at host")
    healed = derive(replace(scenario(diverted), harmless=(REFLECTS,)))
    assert [item.hidden for item in healed.wanted] == [True]
    assert "host_isolation" in healed.allowed["web1"]
    # the port of the other host does not
    other = part("rule that diverts to the parent at host", host="web2")
    assert not derive(replace(scenario(other), harmless=(REFLECTS,))).wanted[0].hidden
    assert not derive(scenario(diverted)).wanted[0].hidden


def test_a_host_that_looks_for_its_containers_aloud_announces_itself():
    misled = part("missed that the host moved at gateway", MOMENT)
    for other, hidden in (("link deleted at link", True), ("mode private at link", False)):
        wanted = derive(scenario(part(other, BLIP), misled)).wanted
        assert [item.hidden for item in wanted if item.part is misled] == [hidden]


def test_scenarios_reach_all_of_the_grammar():
    parts = [item for one in MANY for item in one.parts]
    assert {item.harm.name for item in parts} == {item.name for item in HARMS}
    assert {item.when for item in parts} == set(TIMES)
    assert {len(one.parts) for one in MANY} == {0, 1, 2}
    assert any(one.load for one in MANY)
    assert any(one.harmless for one in MANY if one.parts)


@pytest.mark.parametrize("one", HARMS, ids=lambda one: one.name)
def test_every_harm_has_an_answer(one):
    assert {*one.causes, *one.since, *one.passing, *one.also} <= set(BY_ID)
    assert one.causes or one.cuts
    for when in one.possible():
        item = Part(one, "web1", when, 1.0, 2.0, 2.0)
        wanted = derive(scenario(item)).wanted
        assert wanted or item.chosen
        assert all(item.causes or one.cuts for item in wanted), when
    assert one.end is not None or not set(one.possible()) & set(PASSING)


def test_what_hides_a_fault_leaves_it_allowed():
    answer = derive(scenario(part("port down at port"), part("mode private at container")))
    assert [item.hidden for item in answer.wanted] == [False, True]
    assert answer.allowed["web1"] >= {"no_carrier", "wrong_mode"}
    other = derive(scenario(part("port down at port"), part("mode private at container", host="web2")))
    assert not any(item.hidden for item in other.wanted)


def test_what_concerns_the_fleet_is_wanted_on_all_hosts():
    answer = derive(scenario(part("port down at gateway", MOMENT)))
    assert [item.host for item in answer.wanted] == ["web1", "web2"]
    assert not any(item.suspected for item in answer.wanted)


def test_a_named_cause_counts_and_another_is_an_error():
    answer = derive(scenario(part("link set down at link")))
    right = compare(report([{"cause": "link_down"}]), answer, {})
    assert (right.named, right.right, right.wrong, right.missed) == (1, 1, 0, 0)
    wrong = compare(report([{"cause": "host_isolation"}]), answer, {})
    assert (wrong.named, wrong.right, wrong.wrong, wrong.missed) == (0, 0, 1, 1)
    other_host = compare(report([{"cause": "link_down", "host": "web2"}]), answer, {})
    assert (other_host.named, other_host.wrong) == (0, 1)


def test_a_cause_that_passed_without_a_loss_is_not_missed():
    answer = derive(scenario(part("link set down at link", BLIP)))
    found = compare(report([]), answer, {})
    assert (found.named, found.missed) == (0, 0)
    assert "lost nothing" in found.notes[0]


def _account(target: str, place: str, direction: str = "unknown", *by: str) -> dict:
    said = {"edge_text": f"between {place}", "direction": direction, "text": ""}
    return {"target_id": target, "explained_by": list(by), **said}


def test_a_loss_without_a_cause_has_to_be_located():
    answer = derive(scenario(part("30 % lost in at port", RANDOM)))
    for place, located in (("eth0 of web1 and the network", 1), ("lan0 and container x", 0)):
        found = compare(report([], [_account("g", place)]), answer, {})
        assert (found.located, found.misplaced, found.edges) == (located, 1 - located, [bool(located)])
    explained = _account("g", "eth0 and the network", "unknown", "wrong_mode")
    assert compare(report([], [explained]), answer, {}).misplaced == 1


def test_the_direction_has_to_be_right_as_well():
    answer = derive(scenario(part("pings filtered at container", BLIP)))
    edge = "lnm1-web1-c1/eth0 of web1 and container lnm1-web1-c1 itself"
    for direction, right in (("request", True), ("answer", False), ("unknown", False)):
        found = compare(report([], [_account("c", edge, direction)]), answer, {})
        assert (found.located, found.edges, found.directions) == (int(right), [True], [right])


@pytest.mark.parametrize(
    ("name", "host", "target", "edge", "directions"),
    [
        ("frames of the host dropped at port", "web1", TO_GATEWAY, {PARENT1, NETWORK}, {"request", "unknown"}),
        ("40 % lost in at gateway", "web2", TO_GATEWAY, {PARENT1, NETWORK}, {"answer", "unknown"}),
        ("frames of the host dropped at port", "web1", REQUESTED, {PARENT1, PARENT2}, {"request"}),
        ("frames of the host dropped at port", "web2", REQUESTED, {PARENT1, PARENT2}, {"answer"}),
        ("30 % lost out at port", "web2", REQUESTED, {PARENT1, PARENT2}, {"request"}),
        ("only the parent's MAC passes at port", "web2", REQUESTED, {PARENT1, PARENT2}, {"answer"}),
        ("only the parent's MAC passes at port", "web1", REQUESTED, None, set()),
        ("only the parent's MAC passes at port", "web1", TO_GATEWAY, None, set()),
        ("40 % lost out at gateway", "web1", TO_CONTAINER, None, set()),
        (
            "pings filtered at container", "web2", REQUESTED,
            {Point("container", "web2", 1), Point("inside", "web2", 1)}, {"request"},
        ),
        ("filter drops a container at host", "web1", TO_CONTAINER,
         {Point("link", "web1"), Point("host", "web1")}, {"answer"}),
        ("filter drops to a container at host", "web1", TO_CONTAINER,
         {Point("link", "web1"), Point("host", "web1")}, {"request"}),
        ("filter drops a container at host", "web1", {**TO_CONTAINER, "target": "192.168.100.130"}, None, set()),
    ],
)  # fmt: skip
def test_where_web1_loses_packets_follows_from_what_a_harm_cuts(name, host, target, edge, directions):
    found = lost("web1", target, part(name, START, host))
    assert [(item.edge, item.directions) for item in found] == ([(edge, directions)] if edge else [])


def test_a_container_may_drop_pings_from_the_start():
    chosen = scenario(part("pings ignored at container"))
    assert derive(chosen).quiet
    assert compare(report([{"cause": "pings_ignored"}]), derive(chosen), {}).wrong == 1
    assert not derive(replace(chosen, asks=True)).quiet
    assert not derive(scenario(part("pings ignored at container", MOMENT))).quiet


def test_a_healthy_scenario_wants_silence():
    alarmed = compare(report([]), derive(scenario()), {})
    assert alarmed.alarms == 1
    assert "web1 is broken" in alarmed.notes[0]


def test_containers_that_come_and_go_have_no_way_of_their_own():
    passing = {**TO_CONTAINER, "kind": "container_to_host", "from": {"namespace": "lnm1-passing14", "link": "eth0"}}
    assert lost("web1", passing, part("filter drops a container at host")) == []
    known = {**passing, "from": {"namespace": "lnm1-web1-c1", "link": "eth0"}}
    assert lost("web1", known, part("filter drops a container at host"))


def test_edges_are_read_from_the_words_of_accounts():
    port = {PARENT1, NETWORK}
    assert said("web1", "between eth0 of web1 and the network") == port
    assert said("web1", "between eth0 and gateway 192.168.100.1") == port
    assert said("web1", "between the switch port of eth0 and eth0") == port
    assert said("web1", "between eth0 of web2 and eth0 of web1") == {PARENT1, PARENT2}
    inside = Point("container", "web1", 1)
    assert said("web1", "between lan0 and container lnm1-web1-c1") == {Point("link", "web1"), inside}
    itself = Point("inside", "web1", 1)
    assert said("web1", "between lnm1-web1-c1/eth0 of web1 and container lnm1-web1-c1 itself") == {inside, itself}
    assert said("web1", "between web1 itself and lan0 of web1") == {Point("host", "web1"), Point("link", "web1")}
    assert said("web1", "") == frozenset()


def test_figures_leave_out_what_the_lab_did_not_do():
    one = Outcome(scenario(part("link set down at link")), seconds=10, to_verdict=8, found=Found(named=1, right=1))
    failed = Outcome(one.scenario, failed="no lab")
    found = figures([one, failed, replace(one, found=Found(missed=1, notes=["not named"]))])
    assert (found["scenarios"], found["lab_failed"], found["causes_named"], found["causes_wanted"]) == (3, 1, 1, 2)
    assert "1 of 2 (50.0 %) causes named" in text(found)
    assert len(found["wrong"]) == 2
