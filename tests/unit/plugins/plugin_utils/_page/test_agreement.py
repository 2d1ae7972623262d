# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Drawing, timeline, accounts and cards agree, whatever is lost, and wherever it vanishes."""

from __future__ import annotations

import functools
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis import report as _report
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._page.model import build
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._page.render import render_html

from .._diagnosis.causes import causes_cases as cases
from .agreement import disagreements

EXAMPLES = 40
#: Ends of edges of web1, as its probes can be followed, and two that its drawing does not have.
ENDS = ("sender", "eth0", "lan0", "web1-c1/eth0", "holder", "network", "bond7", "web2/eth0")


@functools.cache
def _fleet() -> str:
    return json.dumps(cases.healthy())


@functools.cache
def targets() -> int:
    return len(json.loads(_fleet())["web1"]["watch"]["targets"])


LOSS = st.tuples(
    st.integers(0, 8),
    st.lists(st.tuples(st.floats(0, 2), st.floats(0, 2)).map(sorted), max_size=4),
    st.booleans(),
    st.none()
    | st.tuples(st.sampled_from(ENDS), st.sampled_from(ENDS), st.sampled_from(["request", "answer", "unknown"])),
)
LOSSES = st.deferred(lambda: st.dictionaries(st.integers(0, targets() - 1), LOSS, max_size=6))
EVENTS = st.lists(st.tuples(st.sampled_from(sorted(cases.DATA)), st.floats(0, 2)), max_size=4)


def broken_fleet(losses: dict[int, Any], events: list[tuple[str, float]]) -> dict[str, Any]:
    fleet: dict[str, Any] = json.loads(_fleet())
    evidence = fleet["web1"]
    followed = []
    for number, (received, spans, asked, edge) in losses.items():
        target = evidence["watch"]["targets"][number]
        sent = 8 if asked else 0
        target.update(sent=sent, received=min(received, sent), losses=spans, first_loss=spans[0][0] if spans else None)
        if edge:
            followed.append(_path(target, edge))
    evidence["paths"] = {"nonce": "ab", "targets": followed, "foreign": [], "not_traced": "", "limits": []}
    for kind, after in events:
        cases.event(fleet, kind=kind, after=after, what=f"a {kind} changed", process=cases.process("ip"))
    return fleet


def _path(target: dict[str, Any], edge: tuple[str, str, str]) -> dict[str, Any]:
    start, end, direction = edge
    lost = {
        "edge": [start, end], "direction": direction, "protocol": "icmp", "numbers": [[1, 2]], "count": 2, "first": 0.1,
        "last": 1.0, "drops": [],
    }  # fmt: skip
    return {
        "target": target["id"], "address": target["target"], "probe": 1, "mac": "02:00:5e:10:00:aa", "hops": ["eth0"],
        "end": "network", "sent": 8, "answered": target["received"], "request_hop": "", "answer_hop": "",
        "edges": [lost],
    }  # fmt: skip


def made(fleet: dict[str, Any]) -> _report.DiagnosisReport:
    results = [_report.HostResult(host, evidence) for host, evidence in fleet.items()]
    return _report.make(results, "2026-01-31T12:00:00Z", "0.1.0", {})


@settings(max_examples=EXAMPLES, deadline=None)
@given(losses=LOSSES, events=EVENTS)
def test_a_bar_is_lost_if_and_only_if_its_line_and_its_account_are(losses: dict, events: list) -> None:
    data = made(broken_fleet(losses, events)).data
    assert disagreements(data) == []
    assert render_html(data)


@settings(max_examples=EXAMPLES, deadline=None)
@given(losses=LOSSES)
def test_folded_bars_hold_every_target_once_and_look_alike(losses: dict) -> None:
    fleet = broken_fleet(losses, [])
    asked = {item["id"]: item for item in fleet["web1"]["watch"]["targets"]}
    timeline = build(made(fleet).data).hosts[0].timeline
    assert timeline is not None
    assert sorted(name for lane in timeline.lanes for name in lane.targets) == sorted(asked)
    for lane in timeline.lanes:
        assert len({(asked[name]["kind"], len(asked[name]["losses"])) for name in lane.targets}) == 1
        assert len(lane.alike) + lane.more == len(lane.targets) - 1


def test_disagreements_are_seen() -> None:
    data = made(broken_fleet({0: (3, [[1.0, 2.0]], True, None)}, [])).data
    host = data["hosts"][0]
    assert disagreements(data) == []
    [account] = host["accounts"]
    edge = next(edge for link in host["links"] for edge in link["edges"] if edge["target_id"] == account["target_id"])
    edge["state"] = "ok"
    host["accounts"] = []
    data["verdicts"] = []
    assert len(disagreements(data)) == 5
