# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report of a diagnosis as plain data, which report.json is and the pages are made from. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.kinds import (
    CONTAINER_TO_HOST,
    GATEWAY_FROM_LINK,
    GATEWAY_FROM_PARENT,
    HOST_TO_CONTAINER,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.lost import broken

from .judge import judge
from .registry import CAUSES
from .verdict import CONFIRMED, SUSPECTED, CauseVerdict

SCHEMA = "linuxnet.macvlan/diagnosis/1"

#: States of a host.
HEALTHY, BROKEN, SUSPECT = "healthy", "broken", "suspect"
UNREACHABLE, FAILED, NOTHING_DECLARED = "unreachable", "failed", "nothing declared"

#: Kinds of target -> what an edge of the drawing leads from and to; None stands for the container of the target.
_EDGES: dict[str, tuple[str | None, str | None]] = {
    GATEWAY_FROM_PARENT: ("parent", "gateway"),
    GATEWAY_FROM_LINK: ("link", "gateway"),
    HOST_TO_CONTAINER: ("link", None),
    CONTAINER_TO_HOST: (None, "link"),
}


@dataclass(frozen=True)
class HostResult:
    """What came back from one host. evidence: None where ``state`` says why, in words in ``message``."""

    host: str
    evidence: Mapping[str, Any] | None = None
    clock: Mapping[str, float] | None = None
    state: str = ""
    message: str = ""


@dataclass(frozen=True)
class DiagnosisReport:
    """data: as the report's schema documents it. verdicts: the same that it holds, as objects."""

    data: dict[str, Any]
    verdicts: list[CauseVerdict] = field(default_factory=list)

    def of(self, host: str, *statuses: str) -> list[CauseVerdict]:
        return [item for item in self.verdicts if item.host == host and item.status in statuses]


def make(results: list[HostResult], generated: str, version: str, parameters: Mapping[str, Any]) -> DiagnosisReport:
    """Judge all hosts together and describe them. generated: ISO 8601; parameters: those of the run."""
    seen = {item.host: item.evidence for item in results if item.evidence is not None}
    absent = {item.host: item.message or item.state for item in results if item.evidence is None}
    verdicts = judge(seen, absent)
    hosts = [_host(item, verdicts) for item in results]
    states = [host["state"] for host in hosts]
    data = {
        "schema": SCHEMA,
        "generated": generated,
        "version": version,
        "parameters": dict(parameters),
        "summary": {
            "hosts": len(hosts),
            "healthy": states.count(HEALTHY),
            "broken": states.count(BROKEN),
            "suspect": states.count(SUSPECT),
            "unreachable": states.count(UNREACHABLE),
            "failed": states.count(FAILED),
            "nothing_declared": states.count(NOTHING_DECLARED),
            "confirmed": sum(1 for item in verdicts if item.status == CONFIRMED),
            "suspected": sum(1 for item in verdicts if item.status == SUSPECTED),
        },
        "hosts": hosts,
        "verdicts": [item.as_data() for item in verdicts],
    }
    return DiagnosisReport(data, verdicts)


def repairs(report: DiagnosisReport) -> dict[str, list[str]]:
    """For each host the confirmed causes that making again what is declared puts right."""
    ours = {cause.id for cause in CAUSES if cause.repairable}
    found: dict[str, list[str]] = {}
    for item in report.verdicts:
        if item.status == CONFIRMED and item.cause in ours and item.cause not in found.get(item.host, []):
            found.setdefault(item.host, []).append(item.cause)
    return found


def _host(result: HostResult, verdicts: list[CauseVerdict]) -> dict[str, Any]:
    evidence = result.evidence
    data: dict[str, Any] = {
        "host": result.host,
        "state": result.state or _state(result, verdicts),
        "message": result.message,
        "clock": dict(result.clock) if result.clock else None,
        "links": [],
        "timeline": None,
        "experiments": [],
        "problems": [],
    }
    if evidence is not None:
        data["links"] = [_link(network, evidence) for network in evidence.get("networks", [])]
        data["timeline"] = evidence.get("watch")
        data["experiments"] = evidence.get("experiments") or []
        data["problems"] = list(evidence.get("problems", []))
    return data


def _state(result: HostResult, verdicts: list[CauseVerdict]) -> str:
    found = {item.status for item in verdicts if item.host == result.host}
    if result.evidence is not None and not result.evidence.get("watch") and CONFIRMED not in found:
        return FAILED
    if CONFIRMED in found or broken_targets(result.evidence or {}):
        return BROKEN
    return SUSPECT if SUSPECTED in found else HEALTHY


def broken_targets(evidence: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Targets of the timeline that lost two packets or more, or never answered."""
    return broken((evidence.get("watch") or {}).get("targets", []))


def _link(network: Mapping[str, Any], evidence: Mapping[str, Any]) -> dict[str, Any]:
    """One declared network as it is on the host: what a drawing of it needs."""
    snapshot = evidence.get("after") or evidence.get("before") or {}
    scope = snapshot.get("networks", {}).get(network["name"], {})
    own = (snapshot.get("namespaces") or [{"links": [], "addresses": []}])[0]
    links = {link["name"]: link for link in own["links"]}
    parent, link = links.get(scope.get("parent")), links.get(scope.get("link"))
    return {
        "network": network["name"],
        "parent": scope.get("parent") or str(network["parent"]),
        "parent_mac": parent["mac"] if parent else None,
        "parent_state": _link_state(parent),
        "link": network.get("link"),
        "link_mac": link["mac"] if link else None,
        "link_state": _link_state(link) if network.get("link") else None,
        "mode": link["mode"] if link else None,
        "addresses": [item["address"] for item in own["addresses"] if link and item["link"] == link["name"]],
        "gateway": list(network.get("gateways", [])),
        "containers": _containers([*scope.get("containers", []), *scope.get("strays", [])]),
        "edges": _edges(network["name"], evidence, scope),
    }


def _link_state(link: Mapping[str, Any] | None) -> str:
    if link is None:
        return "missing"
    if not link["up"]:
        return "down"
    return "up" if link["carrier"] else "no carrier"


def _containers(found: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One for each link, with all its addresses."""
    made: dict[tuple[str, str], dict[str, Any]] = {}
    for item in found:
        place = item["namespace"], item["link"]
        one = made.setdefault(
            place, {"namespace": place[0], "link": place[1], "mac": item["mac"], "mode": item["mode"], "addresses": []}
        )
        one["addresses"].append(item["address"])
    return list(made.values())


def _edges(network: str, evidence: Mapping[str, Any], scope: Mapping[str, Any]) -> list[dict[str, Any]]:
    places = {item["address"]: item["namespace"] for item in (*scope.get("containers", []), *scope.get("strays", []))}
    found = []
    lost = {item["id"] for item in broken_targets(evidence)}
    for target in (evidence.get("watch") or {}).get("targets", []):
        if target["network"] != network or target["kind"] not in _EDGES:
            continue
        source, to = _EDGES[target["kind"]]
        found.append(
            {
                "from": source or f"container:{target['from']['namespace']}",
                "to": to or f"container:{places.get(target['target'], target['target'])}",
                "state": "unknown" if not target["sent"] else "broken" if target["id"] in lost else "ok",
                "target_id": target["id"],
            }
        )
    return found
