# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the page and the Markdown show, from the data of report.json. Pure.

All times of report.json are by the clock of the host that observed something. If that clock is off by more than the
measurement's uncertainty, and by enough to matter, its times are converted to the controller's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.experiments.results import ExperimentData
from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.schema import ClockData
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis import laws
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.names import HOST, natural
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.report_data import (
    AccountData,
    EvidenceItemData,
    ReportData,
    ReportHost,
    ReportLink,
    VerdictData,
)
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import (
    CONFIRMED,
    EXPLAINED,
    NOT_TESTED,
    RULED_OUT,
    SUSPECTED,
)

from .cards import (
    EVIDENCE_SHOWN,
    BlindCard,
    CauseCard,
    EvidenceRow,
    HostName,
    LossCard,
    TargetLoss,
    VerdictBlock,
    brief,
    named,
    of_blind,
    of_causes,
    of_losses,
)
from .drawing import Drawing, Machine, draw
from .steps import STEPS_SHOWN, lines, rule
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
    "blind": ("○", "blind"),
    "nothing declared": ("-", "none"),
    "healthy": ("✓", "healthy"),
}
#: Verdicts that are shown of hosts without drawings and timelines, too.
SHOWN = (CONFIRMED, SUSPECTED, EXPLAINED)
#: Hosts in these states are described in full.
BAD = ("broken", "suspect", "failed", "unreachable", "blind")
#: So many bad hosts get drawings and timelines; of the others only the verdicts are shown.
DRAWN_HOSTS = 100
#: So many networks of a host are drawn.
DRAWINGS = 12
#: In a fleet of up to so many hosts the healthy ones get them too.
SMALL_FLEET = 20
#: So many bad hosts are unfolded initially.
OPEN_HOSTS = 10
#: In a fleet of up to so many hosts the cells show names.
NAMED_CELLS = 60
#: Smaller differences between clocks are not mentioned.
CLOCK_MATTERS_SECONDS = 0.5
#: So many bad hosts have their own section; of the others only the names are shown.
SECTIONS = 1000


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
    #: what no cause explains: the card of each, and what of this host it is about
    losses: list[TargetLoss]
    loss_cards: dict[str, str]
    #: what is lost by causes of other hosts
    abroad: list[TargetLoss]
    #: what was not found as declared, and what could not be asked
    unlike: list[str]
    unasked: list[str]
    notes: list[str]
    consequences: list[VerdictBlock]
    ruled_out: list[VerdictBlock]
    not_tested: list[VerdictBlock]
    drawings: list[Drawing]
    timeline: TimelineView | None
    experiments: list[str]
    problems: list[str]
    #: of networks that have none, to keep the page small
    drawings_left_out: int
    #: whether it is described in full, or in one line
    full: bool
    #: whether it is unfolded initially
    opened: bool = False

    @property
    def missing(self) -> list[str]:
        """What keeps it from being known to be healthy."""
        return [*self.unlike, *self.unasked]

    @property
    def brief(self) -> str:
        """Shown beside the name while the rest is folded."""
        found = [f"{verdict.title} {verdict.relative}".strip() for verdict in self.found]
        found += dict.fromkeys(brief(loss.data) for loss in self.losses)
        found += dict.fromkeys(
            f"lost by what is wrong on {clean(loss.data['explained_on'][:4])}" for loss in self.abroad
        )
        missing = self.missing if self.state == "blind" else []
        return "; ".join(found[:3] or missing[:2]) or self.message or "; ".join(self.links)


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
    #: bad hosts without a section of their own
    unsectioned: list[HostSection]
    others: list[HostSection]
    causes: list[CauseCard]
    losses: list[LossCard]
    losses_left_out: int
    blind: BlindCard | None
    named_cells: bool
    not_drawn: int
    limits: list[str]


def build(report: ReportData) -> Page:
    sources = sorted(report.get("hosts") or [], key=lambda host: natural(str(host.get("host"))))
    shifts = {str(host.get("host")): _shift(host.get("clock")) for host in sources}
    anchors = {name: f"h{number}" for number, name in enumerate(shifts, 1)}
    starts = {str(host.get("host")): _started(host) for host in sources}
    unknown = {str(host.get("host")): _hiding_culprits(host) for host in sources}
    wanted: dict[str, bool] = {}
    drawn = 0
    for source in sources:
        wanted[str(source.get("host"))] = wants = _wants_drawing(source, len(sources), drawn)
        drawn += wants and source.get("state") in BAD
    given = report.get("verdicts") or []
    verdicts = [
        _verdict(item, shifts, anchors, starts, unknown)
        for item in given
        if item.get("status") in SHOWN or wanted.get(str(item.get("host")))
    ]
    by_host: dict[str, list[VerdictBlock]] = {}
    for verdict in verdicts:
        by_host.setdefault(verdict.host, []).append(verdict)
    hosts = []
    for source in sources:
        name = str(source.get("host"))
        began = later(starts[name], shifts[name])
        hosts.append(_host(source, anchors[name], by_host.get(clean(name), []), shifts[name], began, wanted[name]))
    causes = of_causes(verdicts)
    for card in causes:
        card.felt = _felt(card, hosts)
    losses, left_out = of_losses([loss for host in hosts for loss in host.losses])
    cards = {(loss.host, clean(loss.data["target_id"])): card.anchor for card in losses for loss in card.losses}
    for host in hosts:
        host.loss_cards = {
            card: "" for loss in host.losses for card in [cards.get((host.name, clean(loss.data["target_id"])))] if card
        }
    bad = _worst_first(hosts, causes, losses)
    for host in bad[:OPEN_HOSTS]:
        host.opened = True
    for host in bad[SECTIONS:]:
        host.full = False
    counts = [
        (state, len([host for host in hosts if host.state == state]), mark, css)
        for state, (mark, css) in STATES.items()
    ]
    return Page(
        version=clean(report.get("version")),
        generated=moment_text(parse_time(report.get("generated")), full=True) or clean(report.get("generated")),
        headline=_headline(hosts, causes),
        tone="bad" if any(host.state == "broken" for host in hosts) else "warn" if bad else "good",
        counts=[count for count in counts if count[1]],
        numbers=", ".join(f"{number} {state}" for state, number, _mark, _css in counts if number),
        parameters=[(clean(key), clean(value)) for key, value in sorted((report.get("parameters") or {}).items())],
        hosts=hosts,
        bad=bad[:SECTIONS],
        unsectioned=bad[SECTIONS:],
        others=[host for host in hosts if host.state not in BAD],
        causes=causes,
        losses=losses,
        losses_left_out=left_out,
        blind=of_blind((host.name, host.anchor, host.missing) for host in hosts if host.state == "blind"),
        named_cells=len(hosts) <= NAMED_CELLS,
        not_drawn=max(len(bad) - drawn, 0) if len(bad) > DRAWN_HOSTS else 0,
        limits=_limits(hosts),
    )


def _felt(card: CauseCard, hosts: Iterable[HostSection]) -> list[HostName]:
    """Hosts on which something is lost by it, and that it is not on."""
    own = {verdict.host for verdict in card.verdicts}
    return named(
        (host.name, host.anchor)
        for host in hosts
        if host.name not in own
        and any(
            card.cause in loss.data["explained_by"] and own & {*map(clean, loss.data["explained_on"])}
            for loss in host.abroad
        )
    )


def _hiding_culprits(host: ReportHost) -> str:
    """The limits of a watch that may have hidden who made a change."""
    timeline = host.get("timeline")
    limits = (timeline.get("limits") or []) if timeline else []
    return "; ".join(clean(limit) for limit in limits if laws.hides_culprit(str(limit)))


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
    unknown: Mapping[str, str],
) -> VerdictBlock:
    host = str(item.get("host"))
    after = item.get("after")
    began = later(starts.get(host), shifts.get(host, 0.0))
    cause, who = clean(item.get("cause")), culprit_text(item.get("culprit"))
    remedy = clean_lines(item.get("remedy"))
    given_evidence = item.get("evidence") or []
    given: Mapping[str, object] = item.get("culprit") or {}
    nobody = bool(given) and not any(given.get(key) for key in ("pid", "unit", "mac", "host", "path"))
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
        evidence=[_evidence(proof, host, shifts, began) for proof in given_evidence[:EVIDENCE_SHOWN]],
        evidence_left_out=max(len(given_evidence) - EVIDENCE_SHOWN, 0),
        culprit=who,
        rule=rule(item.get("culprit")),
        culprit_unknown=unknown.get(host, "") if nobody else "",
        remedy=remedy,
        command=is_command(remedy),
        steps=lines(item.get("steps") or [], remedy),
        steps_left_out=max(len(item.get("steps") or []) - STEPS_SHOWN, 0),
        explained_by=clean(item.get("explained_by")),
        machine=_machine(item, host),
        after=after,
    )


def _machine(item: VerdictData, host: str) -> Machine | None:
    """The machine that a verdict names, where it is another one than its host."""
    who = item.get("culprit")
    if not who or who.get("pid") is not None or not (who.get("mac") or who.get("host")) or who.get("host") == host:
        return None
    mac, name = clean(who.get("mac")), clean(who.get("host"))
    node = f"{HOST}{name}" if name else f"mac:{mac}"
    return Machine(node, name or "another machine", mac, f"{culprit_text(who)}: {clean(item.get('summary'))}")


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


def _host(
    source: ReportHost,
    anchor: str,
    verdicts: Sequence[VerdictBlock],
    shift: float,
    began: datetime | None,
    drawn: bool,
) -> HostSection:
    name, state = clean(source.get("host")), clean(source.get("state"))
    mark, css = STATES.get(state, ("!", "failed"))
    links, accounts = source.get("links") or [], source.get("accounts") or []
    timeline = source.get("timeline")
    found = [verdict for verdict in verdicts if verdict.status in (CONFIRMED, SUSPECTED)]
    moments = [verdict.after for verdict in found if verdict.status == CONFIRMED and verdict.after is not None]
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
        found=found,
        losses=[_loss(source, anchor, item, began) for item in accounts if not item["explained_by"]],
        loss_cards={},
        abroad=[_loss(source, anchor, item, began) for item in accounts if item.get("explained_on")],
        unlike=[clean(item) for item in source.get("unlike") or []],
        unasked=[clean(item) for item in source.get("unasked") or []],
        notes=[clean(item) for item in source.get("notes") or []],
        consequences=[verdict for verdict in verdicts if verdict.status == EXPLAINED],
        ruled_out=[verdict for verdict in verdicts if verdict.status == RULED_OUT],
        not_tested=[verdict for verdict in verdicts if verdict.status == NOT_TESTED],
        drawings=_drawings(name, links, accounts, found) if drawn else [],
        drawings_left_out=max(len(links) - DRAWINGS, 0) if drawn else 0,
        timeline=lay_out(timeline, shift, _places(links), name, moments) if timeline and drawn else None,
        experiments=[_experiment(item) for item in source.get("experiments") or []] if drawn else [],
        problems=[clean(item) for item in source.get("problems") or []],
        full=drawn or state in BAD,
    )


def _loss(host: ReportHost, anchor: str, account: AccountData, began: datetime | None) -> TargetLoss:
    after = account["after"]
    absolute = moment_text(later(began, after)) if after is not None else ""
    unknown = _hiding_culprits(host) if account["before"] else ""
    return TargetLoss(clean(host.get("host")), anchor, account, absolute, unknown)


def _places(links: Sequence[ReportLink]) -> dict[str, dict[str, str]]:
    """The namespaces of containers by network and address."""
    return {
        link["network"]: {
            address.split("/", maxsplit=1)[0]: container["namespace"]
            for container in link.get("containers") or []
            for address in container["addresses"]
        }
        for link in links
    }


def _drawings(
    host: str, links: Sequence[ReportLink], accounts: Sequence[AccountData], found: Sequence[VerdictBlock]
) -> list[Drawing]:
    """Those of networks where something is lost come first."""
    broken = {account["network"] for account in accounts} | {verdict.network for verdict in found}
    # sorted() keeps the order of equals
    first = sorted(links, key=lambda link: link.get("network") not in broken)
    return [
        draw(
            host,
            link,
            [account for account in accounts if account["network"] == link.get("network")],
            [verdict.machine for verdict in found if verdict.network == link.get("network") and verdict.machine],
        )
        for link in first[:DRAWINGS]
    ]


def _experiment(item: ExperimentData) -> str:
    """``tags on lan0: seconds: 2.0, vlans: …``, or why it was not made"""
    found = clean(item["result"]) if item["ran"] else clean(item["why_not"] or "not made")
    return f"{clean(item['id'])} on {clean(item['network'])}: {found}"


def _link(link: ReportLink) -> str:
    """``lan0: parent eth0, link lan0 192.168.100.3/32, 2 containers``"""
    own = f"link {clean(link['link'])} {clean(link.get('addresses'))}".strip() if link.get("link") else "no link"
    containers = counted(len(link.get("containers") or []), "container")
    return f"{clean(link.get('network'))}: parent {clean(link.get('parent'))}, {own}, {containers}"


def _worst_first(
    hosts: Iterable[HostSection], causes: Iterable[CauseCard], losses: Iterable[LossCard]
) -> list[HostSection]:
    """The bad hosts. One for each card comes first, so that folded ones show nothing new."""
    examples = {card.first.host for card in causes} | {card.first.host for card in losses}
    order = list(STATES)
    return sorted(
        (host for host in hosts if host.state in BAD),
        key=lambda host: (order.index(host.state), host.name not in examples),
    )


def _headline(hosts: Sequence[HostSection], causes: Sequence[CauseCard]) -> str:
    total = len(hosts)
    if not total:
        return "No hosts"
    numbers = {state: len([host for host in hosts if host.state == state]) for state in STATES}
    if total == 1:
        return f"{hosts[0].name}: {hosts[0].state}" + _found(causes, hosts)
    parts = [f"{numbers[state]} {state}" for state in BAD if numbers[state]]
    if not parts:
        checked = numbers["healthy"]
        return f"{counted(checked, 'host')} checked, all healthy" if checked else "Nothing is declared on any host"
    return f"{', '.join(parts)} of {counted(total, 'host')}" + _found(causes, hosts)


def _found(causes: Sequence[CauseCard], hosts: Sequence[HostSection]) -> str:
    parts = []
    for status in (CONFIRMED, SUSPECTED):
        number = len([card for card in causes if card.status == status])
        parts += [f"{counted(number, 'cause')} {status}"] if number else []
    located = sum(len(host.losses) for host in hosts)
    parts += [f"{counted(located, 'loss', 'losses')} located that no known cause explains"] if located else []
    return "".join(f"; {part}" for part in parts)


def _limits(hosts: Sequence[HostSection]) -> list[str]:
    """The blind spots of the watch, each once, with the number of hosts that report it."""
    found: dict[str, list[str]] = {}
    for host in hosts:
        for limit in host.timeline.limits if host.timeline else []:
            found.setdefault(limit, []).append(host.name)
    return [
        f"{limit} ({names[0] if len(names) == 1 else counted(len(names), 'host')})" for limit, names in found.items()
    ]
