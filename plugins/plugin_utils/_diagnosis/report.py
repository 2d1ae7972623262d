# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report of a diagnosis: all hosts judged together, and each described. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol, TypeVar, cast

from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.schema import (
    ClockData,
    ContainerData,
    HostEvidence,
    LinkData,
    NetworkData,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.lost import broken, states
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.timeline import TargetData, TimelineData

from . import laws, outages, shape
from .account import Account, Explaining, accounts, places
from .judge import judge, understood
from .names import ENDS, ends, natural, of_target
from .path import located
from .report_data import SCHEMA, ReportContainer, ReportData, ReportEdge, ReportHost, ReportLink
from .shape import NotUnderstood
from .verdict import CONFIRMED, SUSPECTED, CauseVerdict

#: States of a host.
#: ``blind``: nothing is known to be broken, and it is not known to be healthy either: what is missing says why.
HEALTHY, BROKEN, SUSPECT, BLIND = "healthy", "broken", "suspect", "blind"
UNREACHABLE, FAILED, NOTHING_DECLARED = "unreachable", "failed", "nothing declared"

NO_ADDRESSES = (
    "its links are declared without addresses: declare them, and the routes to containers, or macvlan_networks"
)
NO_EVIDENCE = "it returned no evidence"


@dataclass(frozen=True)
class HostResult:
    """What came back from one host. evidence, clock: as they came; None where ``state`` and ``message`` say why."""

    host: str
    evidence: object = None
    clock: object = None
    state: str = ""
    message: str = ""


@dataclass(frozen=True)
class _Host:
    """A host whose evidence was checked. evidence: None where ``state`` and ``message`` say why."""

    name: str
    evidence: HostEvidence | None
    clock: ClockData | None
    state: str
    message: str


@dataclass(frozen=True)
class DiagnosisReport:
    """data: as the report's schema documents it. verdicts, accounts: the same that it holds, as objects."""

    data: ReportData
    verdicts: list[CauseVerdict] = field(default_factory=list)
    accounts: list[Account] = field(default_factory=list)

    def of(self, host: str, *statuses: str) -> list[CauseVerdict]:
        return [item for item in self._verdicts.get(host, []) if item.status in statuses]

    def located(self, host: str) -> list[Account]:
        """The broken targets of a host that no cause explains."""
        return [item for item in self.accounts_of(host) if item.located]

    def accounts_of(self, host: str) -> list[Account]:
        """One for each broken target of a host."""
        return self._accounts.get(host, [])

    @cached_property
    def _verdicts(self) -> dict[str, list[CauseVerdict]]:
        return _by_host(self.verdicts)

    @cached_property
    def _accounts(self) -> dict[str, list[Account]]:
        return _by_host(self.accounts)


class _OfHost(Protocol):
    @property
    def host(self) -> str: ...


Item = TypeVar("Item", bound=_OfHost)


def _by_host(items: Iterable[Item]) -> dict[str, list[Item]]:
    """In their order. Whoever goes over all hosts looks here, and not through the items of all of them each time."""
    found: dict[str, list[Item]] = {}
    for item in items:
        found.setdefault(item.host, []).append(item)
    return found


def make(results: list[HostResult], generated: str, version: str, parameters: Mapping[str, object]) -> DiagnosisReport:
    """Judge all hosts together and describe them. generated: ISO 8601; parameters: those of the run.

    A host whose evidence is of another version or form has failed, and the others are judged without it. The hosts are
    in the natural order of their names, whatever that of the results is.
    """
    checked = [_checked(item) for item in sorted(results, key=lambda item: natural(item.host))]
    seen = {item.name: item.evidence for item in checked if item.evidence is not None}
    absent = {item.name: item.message or item.state for item in checked if item.evidence is None}
    verdicts = judge(seen, absent)
    losses, by_host = located(seen), _by_host(verdicts)
    explaining = Explaining(verdicts, seen)
    known = {name: accounts(evidence, explaining, losses) for name, evidence in seen.items()}
    hosts = [_host(item, by_host.get(item.name, []), known.get(item.name, [])) for item in checked]
    states = [host["state"] for host in hosts]
    data: ReportData = {
        "schema": SCHEMA,
        "generated": generated,
        "version": version,
        "parameters": dict(parameters),
        "summary": {
            "hosts": len(hosts),
            "healthy": states.count(HEALTHY),
            "blind": states.count(BLIND),
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
    return DiagnosisReport(data, verdicts, [item for found in known.values() for item in found])


def repairs(report: DiagnosisReport) -> dict[str, list[str]]:
    """For each host the confirmed causes that re-applying the declaration repairs, as it is now."""
    found: dict[str, list[str]] = {}
    for item in report.verdicts:
        ready = item.status == CONFIRMED and item.repairs_itself
        if ready and item.cause not in found.get(item.host, []):
            found.setdefault(item.host, []).append(item.cause)
    return found


def _checked(result: HostResult) -> _Host:
    evidence, clock = result.evidence, _clock(result.clock)
    if evidence is None:
        message = result.message or ("" if result.state else NO_EVIDENCE)
        return _Host(result.host, None, clock, result.state or FAILED, message)
    if isinstance(evidence, Mapping):
        evidence = {**evidence, "host": result.host}
    try:
        known = understood(evidence)
    except NotUnderstood as error:
        return _Host(result.host, None, clock, FAILED, str(error))
    asked = known["networks"] or (known["watch"] and known["watch"]["targets"])
    if not asked and not laws.unlike(known):
        return _Host(result.host, None, clock, NOTHING_DECLARED, NO_ADDRESSES)
    return _Host(result.host, known, clock, result.state, result.message)


def _clock(data: object) -> ClockData | None:
    """As it was measured, None where it was not."""
    return None if shape.fault(data, ClockData) else cast(ClockData, data)


def _host(host: _Host, verdicts: list[CauseVerdict], known: list[Account]) -> ReportHost:
    """verdicts, known: of this host."""
    evidence = host.evidence
    unlike, unasked = (laws.unlike(evidence), laws.unasked(evidence)) if evidence else ([], [])
    return {
        "host": host.name,
        "state": host.state or _state(evidence, verdicts, healthy=not unlike and not unasked),
        "message": host.message,
        "clock": host.clock,
        "links": [_link(network, evidence) for network in evidence["networks"]] if evidence else [],
        "timeline": evidence["watch"] if evidence else None,
        "experiments": evidence["experiments"] if evidence else [],
        "problems": evidence["problems"] if evidence else [],
        "accounts": [item.as_data() for item in known],
        "unlike": unlike,
        "unasked": unasked,
        "notes": list(notes(evidence)) if evidence else [],
    }


def notes(evidence: HostEvidence) -> Iterator[str]:
    """What verification accepts as well: containers that drop pings, by whose choice as far as that is known."""
    watch, snapshot = evidence["watch"], evidence["after"] or evidence["before"]
    for target in watch["targets"] if watch else ():
        if target.get("declined"):
            scope = snapshot["networks"].get(target["network"]) if snapshot else None
            yield f"{of_target(target, places(scope), evidence['host'])}: {target['declined']}"


def _state(evidence: HostEvidence | None, verdicts: list[CauseVerdict], healthy: bool) -> str:
    """healthy: whether all was found as declared, and something was asked of each network."""
    found = {item.status for item in verdicts}
    watch = evidence["watch"] if evidence else None
    if evidence is not None and watch is None and CONFIRMED not in found:
        return FAILED
    if CONFIRMED in found or (watch and broken(watch["targets"])):
        return BROKEN
    if SUSPECTED in found:
        return SUSPECT
    return HEALTHY if healthy else BLIND


def _link(network: NetworkData, evidence: HostEvidence) -> ReportLink:
    """One declared network as it is on the host: what a drawing of it needs."""
    snapshot = evidence["after"] or evidence["before"]
    scope = snapshot["networks"].get(network["name"]) if snapshot else None
    own = snapshot["namespaces"][0] if snapshot else None
    links = {link["name"]: link for link in own["links"]} if own else {}
    parent = links.get(scope["parent"] or "") if scope else None
    link = links.get(scope["link"] or "") if scope else None
    containers = [*scope["containers"], *scope["strays"]] if scope else []
    return {
        "network": network["name"],
        "parent": (scope["parent"] if scope else None) or str(network["parent"]),
        "parent_mac": parent["mac"] if parent else None,
        "parent_state": _link_state(parent),
        "parent_downs": _downs(evidence["watch"], scope["parent"] if scope else None),
        "link": network["link"],
        "link_mac": link["mac"] if link else None,
        "link_state": _link_state(link) if network["link"] else None,
        "link_downs": _downs(evidence["watch"], network["link"]),
        "mode": link["mode"] if link else None,
        "addresses": [item["address"] for item in own["addresses"] if item["link"] == link["name"]]
        if own and link
        else [],
        "gateway": list(network["gateways"]),
        "containers": _containers(containers),
        "edges": _edges(network["name"], evidence, places(scope)),
    }


def _link_state(link: LinkData | None) -> str:
    if link is None:
        return "missing"
    if not link["up"]:
        return "down"
    return "up" if link["carrier"] else "no carrier"


def _containers(found: Iterable[ContainerData]) -> list[ReportContainer]:
    """One for each link, with all its addresses."""
    made: dict[tuple[str, str], ReportContainer] = {}
    for item in found:
        one = made.setdefault(
            (item["namespace"], item["link"]),
            {
                "namespace": item["namespace"],
                "link": item["link"],
                "mac": item["mac"],
                "mode": item["mode"],
                "addresses": [],
            },
        )
        one["addresses"].append(item["address"])
    return list(made.values())


def _downs(watch: TimelineData | None, link: str | None) -> int:
    """How often a link of the host was set down, or lost its carrier, during the watch."""
    events = [
        event
        for event in (watch["events"] if watch and link else ())
        if event["kind"] == "link" and (event["namespace"], event["link"], event["action"]) == ("", link, "change")
    ]
    return len(outages.of_events(events, "up")) + len(outages.of_events(events, "carrier"))


def _edges(network: str, evidence: HostEvidence, known: Mapping[str, str]) -> list[ReportEdge]:
    """One for each target of the timeline that is one of the drawing's lines. known: namespaces by address."""
    targets = evidence["watch"]["targets"] if evidence["watch"] else []
    state = states(targets)
    return [
        _edge(target, known, state[target["id"]])
        for target in targets
        if target["network"] == network and target["kind"] in ENDS
    ]


def _edge(target: TargetData, known: Mapping[str, str], state: str) -> ReportEdge:
    source, to = ends(target, known)
    return {"from": source, "to": to, "state": state, "target_id": target["id"]}
