# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the page and the Markdown show, from the data of report.json. Pure.

All times of report.json are by the clock of the host that observed something. If that clock is off by more than the
measurement's uncertainty, and by enough to matter, its times are converted to the controller's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.experiments.results import ExperimentData
from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.schema import ClockData
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.names import natural
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.report_data import (
    EvidenceItemData,
    ReportData,
    ReportHost,
    ReportLink,
    VerdictData,
)
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import (
    CONFIRMED,
    NOT_TESTED,
    RULED_OUT,
    SUSPECTED,
)

from .drawing import Drawing, draw
from .text import (
    after_text,
    cause_title,
    clean,
    clean_lines,
    counted,
    culprit_text,
    is_command,
    later,
    moment_text,
    parse_time,
    seconds_text,
)
from .timeline import TimelineView, lay_out

#: The states of hosts, the worst first: the word of report.json, its mark, and its name in CSS.
STATES = {
    "broken": ("✕", "broken"),
    "suspect": ("?", "suspect"),
    "failed": ("!", "failed"),
    "unreachable": ("!", "unreachable"),
    "nothing declared": ("-", "none"),
    "healthy": ("✓", "healthy"),
}
#: Hosts in these states are described in full.
BAD = ("broken", "suspect", "failed", "unreachable")
#: So many bad hosts get drawings and timelines; of the others only the verdicts are shown.
DRAWN_HOSTS = 100
#: In a fleet of up to so many hosts the healthy ones get them too.
SMALL_FLEET = 20
#: So many bad hosts are unfolded initially.
OPEN_HOSTS = 10
#: In a fleet of up to so many hosts the cells show names.
NAMED_CELLS = 60
#: Smaller differences between clocks are not mentioned.
CLOCK_MATTERS_SECONDS = 0.5
#: So many hosts of a finding are named, the others on request.
HOSTS_NAMED = 12


@dataclass
class EvidenceRow:
    what: str
    where: str
    at: str
    relative: str
    value: str


@dataclass
class VerdictBlock:
    host: str
    anchor: str
    network: str
    cause: str
    title: str
    status: str
    summary: str
    explanation: str
    relative: str
    absolute: str
    evidence: list[EvidenceRow]
    culprit: str
    remedy: str
    #: whether the remedy can be copied as it stands
    command: bool
    after: float | None = None


@dataclass
class FleetFinding:
    """The same cause with the same status on the same network, on one host or many."""

    cause: str
    title: str
    network: str
    status: str
    verdicts: list[VerdictBlock] = field(default_factory=list)

    @property
    def first(self) -> VerdictBlock:
        timed = [verdict for verdict in self.verdicts if verdict.absolute]
        return min(timed, key=lambda verdict: verdict.absolute) if timed else self.verdicts[0]

    @property
    def hosts(self) -> list[VerdictBlock]:
        """One verdict per host."""
        return list({verdict.host: verdict for verdict in reversed(self.verdicts)}.values())[::-1]

    @property
    def culprits(self) -> list[str]:
        return list(dict.fromkeys(verdict.culprit for verdict in self.verdicts if verdict.culprit))

    @property
    def remedies(self) -> list[VerdictBlock]:
        """One verdict for each different remedy."""
        return list({verdict.remedy: verdict for verdict in reversed(self.verdicts) if verdict.remedy}.values())[::-1]


@dataclass
class HostSection:
    name: str
    anchor: str
    state: str
    mark: str
    css: str
    message: str
    clock: str
    #: whether its times were corrected
    clock_off: bool
    links: list[str]
    found: list[VerdictBlock]
    ruled_out: list[VerdictBlock]
    not_tested: list[VerdictBlock]
    drawings: list[Drawing]
    timeline: TimelineView | None
    experiments: list[str]
    problems: list[str]
    #: whether it is described in full, or in one line
    full: bool
    #: whether it is unfolded initially
    opened: bool = False

    @property
    def brief(self) -> str:
        """Shown beside the name while the rest is folded."""
        found = [f"{verdict.title} {verdict.relative}".strip() for verdict in self.found]
        return "; ".join(found) or self.message or "; ".join(self.links)


@dataclass
class Page:
    version: str
    generated: str
    headline: str
    tone: str
    counts: list[tuple[str, int, str, str]]
    numbers: str
    parameters: list[tuple[str, str]]
    hosts: list[HostSection]
    bad: list[HostSection]
    others: list[HostSection]
    findings: list[FleetFinding]
    named_cells: bool
    not_drawn: int
    ruled_out: int
    limits: list[str]


def build(report: ReportData) -> Page:
    sources = sorted(report.get("hosts") or [], key=lambda host: natural(str(host.get("host"))))
    shifts = {str(host.get("host")): _shift(host.get("clock")) for host in sources}
    anchors = {name: f"h{number}" for number, name in enumerate(shifts, 1)}
    starts = {str(host.get("host")): _started(host) for host in sources}
    verdicts = [_verdict(item, shifts, anchors, starts) for item in report.get("verdicts") or []]
    by_host: dict[str, list[VerdictBlock]] = {}
    for verdict in verdicts:
        by_host.setdefault(verdict.host, []).append(verdict)
    hosts, drawn = [], 0
    for source in sources:
        wanted = _wants_drawing(source, len(sources), drawn)
        drawn += wanted and source.get("state") in BAD
        name = str(source.get("host"))
        hosts.append(_host(source, anchors[name], by_host.get(clean(name), []), shifts[name], wanted))
    findings = _findings(verdicts)
    bad = _worst_first(hosts, findings)
    for host in bad[:OPEN_HOSTS]:
        host.opened = True
    counts = [
        (state, len([host for host in hosts if host.state == state]), mark, css)
        for state, (mark, css) in STATES.items()
    ]
    return Page(
        version=clean(report.get("version")),
        generated=moment_text(parse_time(report.get("generated")), full=True) or clean(report.get("generated")),
        headline=_headline(hosts, findings),
        tone="bad" if any(host.state == "broken" for host in hosts) else "warn" if bad else "good",
        counts=[count for count in counts if count[1]],
        numbers=", ".join(f"{number} {state}" for state, number, _mark, _css in counts if number),
        parameters=[(clean(key), clean(value)) for key, value in sorted((report.get("parameters") or {}).items())],
        hosts=hosts,
        bad=bad,
        others=[host for host in hosts if host.state not in BAD],
        findings=findings,
        named_cells=len(hosts) <= NAMED_CELLS,
        not_drawn=max(len(bad) - drawn, 0) if len(bad) > DRAWN_HOSTS else 0,
        ruled_out=len([verdict for verdict in verdicts if verdict.status == RULED_OUT]),
        limits=_limits(hosts),
    )


def _started(host: ReportHost) -> datetime | None:
    timeline = host.get("timeline")
    return parse_time(timeline.get("started")) if timeline else None


def _wants_drawing(source: ReportHost, fleet: int, drawn: int) -> bool:
    return fleet <= SMALL_FLEET or (source.get("state") in BAD and drawn < DRAWN_HOSTS)


def _shift(clock: ClockData | None) -> float:
    """Seconds to add to the host's times; 0 if its clock is right within the uncertainty."""
    if not clock:
        return 0.0
    offset, uncertainty = clock["offset_seconds"], clock["uncertainty_seconds"]
    return -offset if abs(offset) > max(CLOCK_MATTERS_SECONDS, uncertainty) else 0.0


def _clock(clock: ClockData | None) -> str:
    if not clock:
        return "clock not compared with the controller's: times are this host's own"
    offset, within = clock["offset_seconds"], f" (± {seconds_text(clock['uncertainty_seconds'])})"
    if not _shift(clock):
        return f"clock agrees with the controller's to {seconds_text(offset)}{within}"
    side = "ahead of" if offset > 0 else "behind"
    return (
        f"clock {seconds_text(offset)} {side} the controller's{within}: times shown here are the controller's; in the "
        f"logs of this host search {seconds_text(offset)} {'later' if offset > 0 else 'earlier'}"
    )


def _verdict(
    item: VerdictData,
    shifts: Mapping[str, float],
    anchors: Mapping[str, str],
    starts: Mapping[str, datetime | None],
) -> VerdictBlock:
    host = str(item.get("host"))
    after = item.get("after")
    began = later(starts.get(host), shifts.get(host, 0.0))
    cause = clean(item.get("cause"))
    return VerdictBlock(
        host=clean(host),
        anchor=anchors.get(host, ""),
        network=clean(item.get("network")),
        cause=cause,
        title=clean(item.get("title")) or cause_title(cause),
        status=clean(item.get("status")),
        summary=clean(item.get("summary")),
        explanation=clean(item.get("explanation")),
        relative=after_text(after),
        absolute=moment_text(later(began, after)) if after is not None else "",
        evidence=[_evidence(proof, host, shifts, began) for proof in item.get("evidence") or []],
        culprit=culprit_text(item.get("culprit")),
        remedy=clean_lines(item.get("remedy")),
        command=is_command(clean_lines(item.get("remedy"))),
        after=after,
    )


def _evidence(proof: EvidenceItemData, host: str, shifts: Mapping[str, float], began: datetime | None) -> EvidenceRow:
    """`where` begins with the name of the host whose clock gave the time; without one it is the verdict's host."""
    clock_of = proof["where"].split(":", maxsplit=1)[0].strip()
    moment = later(parse_time(proof["at"]), shifts.get(clock_of, shifts.get(host, 0.0)))
    return EvidenceRow(
        what=clean(proof["what"]),
        where=clean(proof["where"]),
        at=moment_text(moment) or clean(proof["at"]),
        relative=after_text((moment - began).total_seconds()) if moment and began else "",
        value=clean(proof["value"]),
    )


def _host(source: ReportHost, anchor: str, verdicts: Sequence[VerdictBlock], shift: float, drawn: bool) -> HostSection:
    name, state = clean(source.get("host")), clean(source.get("state"))
    mark, css = STATES.get(state, ("!", "failed"))
    links = source.get("links") or []
    timeline = source.get("timeline")
    return HostSection(
        name=name,
        anchor=anchor,
        state=state if state in STATES else "failed",
        mark=mark,
        css=css,
        message=clean(source.get("message")),
        clock=_clock(source.get("clock")) if source.get("clock") or timeline else "",
        clock_off=bool(shift),
        links=[_link(link) for link in links],
        found=[verdict for verdict in verdicts if verdict.status in (CONFIRMED, SUSPECTED)],
        ruled_out=[verdict for verdict in verdicts if verdict.status == RULED_OUT],
        not_tested=[verdict for verdict in verdicts if verdict.status == NOT_TESTED],
        drawings=[draw(name, link) for link in links] if drawn else [],
        timeline=lay_out(timeline, shift) if timeline and drawn else None,
        experiments=[_experiment(item) for item in source.get("experiments") or []] if drawn else [],
        problems=[clean(item) for item in source.get("problems") or []],
        full=drawn or state in BAD,
    )


def _experiment(item: ExperimentData) -> str:
    """``tags on lan0: seconds: 2.0, vlans: …``, or why it was not made"""
    found = clean(item["result"]) if item["ran"] else clean(item["why_not"] or "not made")
    return f"{clean(item['id'])} on {clean(item['network'])}: {found}"


def _link(link: ReportLink) -> str:
    """``lan0: parent eth0, link lan0 192.168.100.3/32, 2 containers``"""
    own = f"link {clean(link['link'])} {clean(link.get('addresses'))}".strip() if link.get("link") else "no link"
    containers = counted(len(link.get("containers") or []), "container")
    return f"{clean(link.get('network'))}: parent {clean(link.get('parent'))}, {own}, {containers}"


def _findings(verdicts: Iterable[VerdictBlock]) -> list[FleetFinding]:
    found: dict[tuple[str, ...], FleetFinding] = {}
    for verdict in verdicts:
        if verdict.status in (CONFIRMED, SUSPECTED):
            key = (verdict.status, verdict.cause, verdict.network)
            finding = found.setdefault(key, FleetFinding(verdict.cause, verdict.title, verdict.network, verdict.status))
            finding.verdicts.append(verdict)
    return sorted(
        found.values(), key=lambda item: (item.status != CONFIRMED, -len(item.hosts), item.cause, item.network)
    )


def _worst_first(hosts: Iterable[HostSection], findings: Iterable[FleetFinding]) -> list[HostSection]:
    """The bad hosts. One for each cause comes first, so that folded ones show nothing new."""
    examples = {finding.first.host for finding in findings}
    order = list(STATES)
    return sorted(
        (host for host in hosts if host.state in BAD),
        key=lambda host: (order.index(host.state), host.name not in examples),
    )


def _headline(hosts: Sequence[HostSection], findings: Sequence[FleetFinding]) -> str:
    total = len(hosts)
    if not total:
        return "No hosts"
    numbers = {state: len([host for host in hosts if host.state == state]) for state in STATES}
    if total == 1:
        return f"{hosts[0].name}: {hosts[0].state}" + _causes(hosts, findings)
    parts = [f"{numbers[state]} {state}" for state in BAD if numbers[state]]
    if not parts:
        checked = numbers["healthy"]
        return f"{counted(checked, 'host')} checked, all healthy" if checked else "Nothing is declared on any host"
    return f"{', '.join(parts)} of {counted(total, 'host')}" + _causes(hosts, findings)


def _causes(hosts: Sequence[HostSection], findings: Sequence[FleetFinding]) -> str:
    causes = []
    for status in (CONFIRMED, SUSPECTED):
        ids = {finding.cause for finding in findings if finding.status == status}
        causes += [f"{counted(len(ids), 'cause')} {status}"] if ids else []
    if not causes and any(host.state == "broken" for host in hosts):
        causes = ["no known cause found"]
    return "".join(f"; {cause}" for cause in causes)


def _limits(hosts: Sequence[HostSection]) -> list[str]:
    """The blind spots of the watch, each once, with the number of hosts that report it."""
    found: dict[str, list[str]] = {}
    for host in hosts:
        for limit in host.timeline.limits if host.timeline else []:
            found.setdefault(limit, []).append(host.name)
    return [
        f"{limit} ({names[0] if len(names) == 1 else counted(len(names), 'host')})" for limit, names in found.items()
    ]
