# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever a host hands over as evidence is judged or refused with a sentence, and its neighbours are judged."""

from __future__ import annotations

import copy
import functools
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis import laws, words
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis import report as _report
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._page.render import render_html, render_markdown

from .._page.agreement import disagreements
from .causes import causes_cases as cases

EXAMPLES = 300
JUDGED = ("healthy", "blind", "broken", "suspect")
#: Values that are right in one place and wrong in another.
FAMILIAR = st.sampled_from([
    "", "eth0", "lan0", "web1", "web1-c1", "192.168.100.3", "192.168.100.3/32", "192.168.100.0/24", "2001:db8::1/64",
    "02:00:5e:10:00:aa", "2026-11-21T21:14:19.739Z", "0001-01-01T00:00:00+23:00", "bridge", "NetworkManager", "delete",
])  # fmt: skip
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | FAMILIAR | st.text(max_size=8)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
)
EXPERIMENTS = {
    "announce": {"pairs": [{"namespace": "", "link": "lan0", "mac": "02:00:5e:10:00:aa", "address": "192.168.100.3",
                            "target": "192.168.100.1", "before": 0, "after": 3, "why_not": ""}]},
    "bridge_pass": {"bridge": "br0", "how": "port", "uncounted": [], "legacy": ["filter"],
                    "pings": [{"namespace": "web1-c1", "target": "192.168.100.1", "sent": 3, "received": 0}],
                    "drops": [{"place": "ip filter FORWARD", "hooks": ["forward"], "handle": 7, "packets": 9,
                               "dropped": 3, "matches": "[]", "addresses": []}]},
    "checksums": {"seconds": 2.0, "right": 3, "wrong": [{"mac": "02:00:5e:10:00:bb", "frames": 4, "examples": ["a"]}]},
    "datagrams": {"pairs": [{"namespace": "", "target": "192.168.100.1", "sent": 3, "summed": 3, "unsummed": 3}]},
    "dhcp_ask": {"servers": [{"server": "192.168.100.2", "macs": [], "lease_seconds": None}], "overlaps": []},
    "flux_ask": {"link": "lan0", "mac": "02:00:5e:10:00:aa",
                 "results": [{"address": "192.168.100.11", "answered": ["02:00:5e:10:00:aa"]}]},
    "full_size": {"pairs": [{"namespace": "", "target": "192.168.100.1", "size": 1500, "passed": [1000],
                             "lost": [1500], "error": ""}]},
    "promiscuous": {"gateway": "192.168.100.1", "mac": "02:00:5e:10:00:cc", "sent": 3, "promiscuous": 3, "after": 0},
    "solicit": {"gateway": "2001:db8::1", "link": "eth0", "sent": 3, "multicast": 0, "broadcast": 3},
    "tags": {"seconds": 2.0, "vlans": [{"id": 10, "frames": 3, "examples": ["who has"]}]},
}  # fmt: skip
PROCESS = cases.process("ip", parents=[{"pid": 1, "name": "sh", "unit": None, "command": "sh"}])


@functools.cache
def _busy() -> str:
    """A fleet with an event of each kind, every experiment, and losses, so that little is ruled out early."""
    fleet = cases.healthy()
    for number, kind in enumerate(cases.DATA):
        changed = {"data": {"changed": {"mac": ["02:00:5e:10:00:aa", "02:00:5e:10:00:bb"]}}} if kind == "link" else {}
        cases.event(fleet, kind=kind, after=number / 10, process=PROCESS, suspects=[PROCESS], **changed)
        cases.event(fleet, kind=kind, after=number / 10, action="delete", process_unknown="a kernel thread")
    known = {item["id"] for item in fleet["web1"]["experiments"]}
    for name, result in EXPERIMENTS.items():
        if name not in known:
            cases.experiment(fleet, name, result)
    for kind in ("gateway_from_link", "host_to_container"):
        cases.lose(fleet, kind, at=0.5)
    return json.dumps(fleet)


def busy() -> dict[str, Any]:
    fleet: dict[str, Any] = json.loads(_busy())
    return fleet


Path = tuple[str | int, ...]


def paths(value: Any, path: Path = ()) -> Iterator[Path]:
    """Of everything in a value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*path, key)
        yield from paths(item, (*path, key))


@functools.cache
def places() -> list[list[Path]]:
    """All places of the evidence, those that differ only in the number of a list's item together."""
    found: dict[Path, list[Path]] = {}
    for path in paths(busy()["web1"]):
        found.setdefault(tuple("*" if isinstance(part, int) else part for part in path), []).append(path)
    return list(found.values())


def put(evidence: Any, path: Path, value: Any) -> None:
    """Replace what is there, or remove it: `paths`, which is no JSON, stands for nothing."""
    for part in path[:-1]:
        if not isinstance(evidence, (dict, list)) or (isinstance(part, int) and not part < len(evidence)):
            return
        evidence = evidence.get(part) if isinstance(evidence, dict) else evidence[part] if isinstance(part, int) else 0
    last = path[-1]
    if isinstance(evidence, dict):
        evidence.pop(last, None) if value is paths else evidence.__setitem__(last, value)
    elif isinstance(evidence, list) and isinstance(last, int) and last < len(evidence):
        evidence[last : last + 1] = [] if value is paths else [value]


def shown(evidence: Any, clock: Any = None) -> _report.DiagnosisReport:
    """Everything that is made of a fleet in which web1 handed over this."""
    results = [_report.HostResult("web1", evidence, clock), _report.HostResult("web2", busy()["web2"])]
    report = _report.make(results, "2026-01-31T12:00:00Z", "0.1.0", {})
    assert words.lines(report)
    _report.repairs(report)
    assert render_html(report.data)
    assert render_markdown(report.data)
    assert not disagreements(report.data)
    assert not broken_laws(report, {"web1": evidence, "web2": busy()["web2"]})
    return report


def broken_laws(report: _report.DiagnosisReport, hosts: dict[str, Any]) -> list[str]:
    """Of the hosts whose evidence was judged."""
    states = {item["host"]: item["state"] for item in report.data["hosts"]}
    known: dict[str, dict[str, tuple[str, ...]]] = {}
    for item in report.accounts:
        known.setdefault(item.host, {})[item.target_id] = item.explained_by
    judged = {name: {**hosts[name], "host": name} for name, state in states.items() if state in JUDGED}
    return laws.violations(report.verdicts, judged, states, known)


def assert_complete(report: _report.DiagnosisReport) -> None:
    """web2 is judged, and web1 has verdicts for each network, or says why not."""
    first, second = report.data["hosts"]
    assert second["state"] in JUDGED
    judged = {item["network"] for item in report.data["verdicts"] if item["host"] == "web1"}
    assert judged == {link["network"] for link in first["links"]}
    assert first["links"] or first["timeline"] or first["message"]
    assert "\n" not in first["message"]


def values(path: Path) -> st.SearchStrategy[tuple[Path, Any]]:
    """Mostly values of the kind that is there: they pass the check of the form, so that judges see them."""
    there: Any = busy()["web1"]
    for part in path:
        there = there[part]
    same = next((strategy for kind, strategy in KINDS if isinstance(there, kind)), VALUES)
    if isinstance(there, list):
        same = st.sampled_from([[], there * 2, there[1:], there[::-1]])
    return st.tuples(st.just(path), st.integers(0, 11).flatmap(lambda chance: same if chance else VALUES | NOTHING))


NOTHING = st.just(paths)
KINDS: list[tuple[Any, st.SearchStrategy[Any]]] = [
    (bool, st.booleans()), (int, st.integers(-2, 1 << 40)), (float, st.floats(-1e9, 1e9)),
    (str, FAMILIAR | st.text(max_size=8)), (type(None), FAMILIAR | st.integers(0, 9)),
]  # fmt: skip
PLACES = st.deferred(lambda: st.sampled_from(places())).flatmap(st.sampled_from)
MUTATIONS = st.lists(PLACES.flatmap(values), min_size=1, max_size=6)


@settings(max_examples=EXAMPLES)
@given(mutations=MUTATIONS)
def test_evidence_with_other_values_is_judged_or_refused(mutations: list[tuple[Path, Any]]) -> None:
    evidence = busy()["web1"]
    for path, value in mutations:
        put(evidence, path, copy.deepcopy(value) if value is not paths else value)
    assert_complete(shown(evidence))


@settings(max_examples=50)
@given(evidence=VALUES, clock=VALUES)
def test_anything_else_is_refused(evidence: Any, clock: Any) -> None:
    first = shown(evidence, clock).data["hosts"][0]
    assert first["state"] == "failed"
    assert first["message"]


def test_a_busy_fleet_is_judged() -> None:
    report = shown(busy()["web1"])
    assert report.data["hosts"][0]["state"] == "broken"
    assert not [item.summary for item in report.verdicts if "could not be judged" in item.summary]


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        (("schema",), None, "no schema version"),
        (("schema",), 2, "schema version 2"),
        (("after", "namespaces"), [], "lacks the host's own network namespace"),
        (("networks", 0, "subnets"), ["192.168.100.3/24"], "declared networks are not valid"),
        (("watch", "duration"), float("nan"), "watch.duration is nan"),
    ],
)
def test_the_reason_of_a_refusal(path: Path, value: Any, reason: str) -> None:
    evidence = busy()["web1"]
    put(evidence, path, value)
    first, second = shown(evidence).data["hosts"]
    assert (first["state"], second["state"]) == ("failed", "healthy")
    assert reason in first["message"]


def test_a_later_release_may_add_keys() -> None:
    evidence = busy()["web1"]
    evidence["networks"][0]["new"] = evidence["watch"]["new"] = ["of a later release"]
    assert shown(evidence).data["hosts"][0]["state"] == "broken"
