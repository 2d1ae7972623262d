# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A diagnosis in the words of an operator, for a terminal. Pure."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator

from .account import Account
from .laws import hides_culprit
from .report import BLIND, HEALTHY, DiagnosisReport
from .report_data import ReportHost, ReportSummary
from .verdict import CONFIRMED, EXPLAINED, NOT_TESTED, RULED_OUT, STATUSES, SUSPECTED, CauseVerdict

#: Pieces of evidence that are printed for a verdict; the report has all of them.
EVIDENCE_MAX = 6
#: So many hosts that are like another one are named, and so many have one line each after those that have more.
NAMES_MAX, BRIEF_MAX = 20, 500
#: What was not found as declared, and what could not be asked, of one host.
MISSING_MAX = 12
#: Columns of the output.
WIDTH = 120


def lines(report: DiagnosisReport, full_up_to: int = 50) -> list[str]:
    """What is printed. full_up_to: with more hosts than this, healthy ones are only counted; so many others are
    described in full."""
    hosts = report.data["hosts"]
    shown = [host for host in hosts if host["state"] != HEALTHY or len(hosts) <= full_up_to]
    folded: dict[str, list[str]] = {}
    full = []
    for host in shown:
        because = _only_of_fleet(host, report)
        if because:
            folded.setdefault(because, []).append(host["host"])
        else:
            full.append(host)
    said = _Said()
    paragraphs = [line for host in full[:full_up_to] for line in (*_host(host, report, said), "")]
    brief = [line for host in full[full_up_to : full_up_to + BRIEF_MAX] for line in _brief(host, report)]
    more = len(full) - full_up_to - BRIEF_MAX
    if more > 0:
        brief.append(f"and {_number(more, 'more host')}: see the report")
    same = [line for because, names in folded.items() for line in _listed(f"{_names(names)}: {because}")]
    after = [*brief, *([""] if brief else []), *same, *([""] if same else [])]
    return [*paragraphs, *after, _total(report.data["summary"])]


class _Said:
    """What was printed already: each cause is explained once, and each remedy is printed once."""

    def __init__(self) -> None:
        self._texts: dict[tuple[str, str], str] = {}

    def before(self, host: str, label: str, text: str) -> str:
        """The host with which it was printed; empty where it is new, which it is no more then."""
        first = self._texts.setdefault((label, text), host)
        return "" if first == host else first


def _only_of_fleet(host: ReportHost, report: DiagnosisReport) -> str:
    """What is wrong with a host where that is a verdict about the fleet alone, which another host has in full."""
    name = host["host"]
    found = report.of(name, CONFIRMED, SUSPECTED)
    others = [item for item in found if item.hosts and item.hosts[0] != name]
    if not found or len(others) < len(found) or report.located(name) or host["unlike"] or host["problems"]:
        return ""
    causes = dict.fromkeys(f"{item.network} {item.cause}, see {item.hosts[0]}" for item in others)
    return f"{host['state']} by it ({'; '.join(causes)})"


def _names(names: list[str]) -> str:
    more = len(names) - NAMES_MAX
    return ", ".join(names[:NAMES_MAX]) + (f" and {_number(more, 'more host')}" if more > 0 else "")


def _brief(host: ReportHost, report: DiagnosisReport) -> list[str]:
    """One paragraph."""
    name = host["host"]
    found = [f"{item.network} {item.cause}: {item.summary}" for item in report.of(name, CONFIRMED, SUSPECTED)]
    located = report.located(name)
    if located:
        found.append(located_line(located))
    found += elsewhere(report, name)
    missing = [*host["unlike"], *(host["unasked"] if host["state"] == BLIND else ())]
    said = [*found, *missing, *filter(None, [host["message"]])]
    more = f"; and {len(said) - 3} more" if len(said) > 3 else ""
    return _listed(f"{name}: {host['state']}: {'; '.join(said[:3])}{more}", first="")


def headline(item: CauseVerdict) -> str:
    """A verdict in one line, as for the message of a task that fails."""
    return f"{item.network} {item.cause}: {item.summary}. Remedy: {item.remedy}."


def _host(host: ReportHost, report: DiagnosisReport, said: _Said) -> Iterator[str]:
    name = host["host"]
    yield f"{name}: {host['state']}" + (f" ({host['message']})" if host["message"] else "")
    clock = host["clock"]
    # What is less than the measurement's own error, or than anybody would notice, is not worth a line.
    if clock and abs(clock["offset_seconds"]) > max(1.0, clock["uncertainty_seconds"]):
        ahead = "ahead of" if clock["offset_seconds"] > 0 else "behind"
        yield (
            f"  its clock is {abs(clock['offset_seconds']):.1f} s {ahead} this controller's"
            f" (measured to {clock['uncertainty_seconds']:.1f} s); times below are the host's"
        )
    networks = [link["network"] for link in host["links"]]
    for network in networks:
        verdicts = [item for item in report.of(name, *STATUSES) if item.network == network]
        for status in (CONFIRMED, SUSPECTED):
            for item in verdicts:
                if item.status == status:
                    in_full = name in item.hosts[:1] or not item.hosts
                    yield from _found(item, said, _hiding(host)) if in_full else _of_fleet(item)
        yield from _located([item for item in report.located(name) if item.network == network])
        rest = list(_well(network, verdicts) if host["state"] == HEALTHY else _rest(network, verdicts))
        first = said.before(name, network, "\n".join(rest))
        yield from [f"  {network} other causes: as on {first}"] if first else rest
    yield from _located([item for item in report.located(name) if item.network not in networks])
    for text in elsewhere(report, name):
        yield from _listed(text)
    yield from _missing("not as declared", host["unlike"])
    yield from _missing("not known to be healthy", host["unasked"] if host["state"] == BLIND else [])
    for problem in host["problems"][:EVIDENCE_MAX]:
        yield f"  could not be read: {problem}"


def _missing(what: str, texts: list[str]) -> Iterator[str]:
    for text in texts[:MISSING_MAX]:
        yield from _listed(f"{what}: {text}")
    if len(texts) > MISSING_MAX:
        yield f"  {what}: {len(texts) - MISSING_MAX} more, see the report"


def _hiding(host: ReportHost) -> list[str]:
    """The limits of its watch by which it may not be known who made a change."""
    return [limit for limit in (host["timeline"]["limits"] if host["timeline"] else ()) if hides_culprit(limit)]


def _found(item: CauseVerdict, said: _Said, hiding: list[str]) -> Iterator[str]:
    yield f"  {item.network} {item.status.upper()} {item.cause}: {item.title}"
    yield from _wrapped("what", item.summary)
    yield from _once("why", item.explanation, item.host, said)
    for number, piece in enumerate(item.evidence[:EVIDENCE_MAX]):
        where = f" [{piece.where}{', ' + piece.at[11:23] if piece.at else ''}]"
        yield from _wrapped("proof" if not number else "", f"{piece.value}{where}")
    if len(item.evidence) > EVIDENCE_MAX:
        yield f"            and {len(item.evidence) - EVIDENCE_MAX} more in the report"
    if item.culprit:
        yield from _wrapped("who", item.culprit["text"])
        if not any(item.culprit.get(key) for key in ("pid", "unit", "mac", "host", "path")):
            yield from (line for limit in hiding for line in _wrapped("", f"the watch could not see: {limit}"))
    yield from _once("do", item.remedy, item.host, said)


def _once(label: str, text: str, host: str, said: _Said) -> list[str]:
    """A labelled paragraph, and where another host had the same, which one."""
    first = said.before(host, label, text)
    return _wrapped(label, f"as on {first}" if first else text)


def _of_fleet(item: CauseVerdict) -> Iterator[str]:
    """A verdict about several hosts, which the first of them has in full."""
    known = f"  {item.network} {item.status.upper()} {item.cause}"
    yield f"{known}: one fault of {len(item.hosts)} hosts, see {item.hosts[0]}"


def _wrapped(label: str, text: str) -> list[str]:
    """A labelled paragraph."""
    # a number stays with its unit
    bound = re.sub(r"(?<=[0-9]) (?=s\b)", "\u00a0", text)
    wrapped = textwrap.wrap(bound, WIDTH, initial_indent=f"    {label:7} ", subsequent_indent=" " * 12)
    return [line.replace("\u00a0", " ") for line in wrapped]


def elsewhere(report: DiagnosisReport, host: str) -> list[str]:
    """What a host lost by causes of other hosts, each once, as for the message of a task that fails."""
    lost = [item for item in report.accounts_of(host) if item.explained_on]
    return list(
        dict.fromkeys(
            f"lost by {', '.join(item.explained_by)} on {_names(list(item.explained_on))}: {item.text}" for item in lost
        )
    )[:MISSING_MAX]


def _located(found: list[Account]) -> Iterator[str]:
    """What no cause explains: where and when it is lost, what changed just before, and whom to ask."""
    for (network, _edge, ask), alike in _alike(found).items():
        first = min(alike, key=lambda item: -1.0 if item.after is None else item.after)
        yield f"  {network} LOCATED {first.edge_text}: no known cause explains it"
        for number, item in enumerate(alike[:EVIDENCE_MAX]):
            yield from _wrapped("what" if not number else "", item.text)
        if len(alike) > EVIDENCE_MAX:
            yield f"            and {len(alike) - EVIDENCE_MAX} more in the report"
        for number, text in enumerate(first.before):
            yield from _wrapped("before" if not number else "", text)
        yield from _wrapped("ask", ask)


def _alike(found: list[Account]) -> dict[tuple[str, tuple[str, str], str], list[Account]]:
    """Accounts by network, edge and whom to ask."""
    groups: dict[tuple[str, tuple[str, str], str], list[Account]] = {}
    for item in found:
        groups.setdefault((item.network, item.edge, item.ask), []).append(item)
    return groups


def located_line(found: list[Account]) -> str:
    """The first of them in one line, as for the message of a task that fails."""
    first = min(found, key=lambda item: -1.0 if item.after is None else item.after)
    more = f", and {_number(len(found) - 1, 'more target')}" if len(found) > 1 else ""
    return f"{first.network} located, no known cause explains it: {first.text}{more}. Ask {first.ask}."


def _rest(network: str, verdicts: list[CauseVerdict]) -> Iterator[str]:
    explained = [f"{item.cause} (by {item.explained_by})" for item in verdicts if item.status == EXPLAINED]
    if explained:
        yield from _listed(f"{network} explained by it: {', '.join(explained)}")
    ruled_out = [item.cause for item in verdicts if item.status == RULED_OUT]
    if ruled_out:
        yield from _listed(f"{network} ruled out: {', '.join(ruled_out)}")
    reasons: dict[str, list[str]] = {}
    for item in verdicts:
        if item.status == NOT_TESTED:
            reasons.setdefault(item.summary, []).append(item.cause)
    for reason, causes in reasons.items():
        yield from _listed(f"{network} not tested: {', '.join(causes)} ({reason})")


def _well(network: str, verdicts: list[CauseVerdict]) -> Iterator[str]:
    """The same of a healthy host, in short."""
    causes = {status: [item.cause for item in verdicts if item.status == status] for status in (RULED_OUT, NOT_TESTED)}
    missing = f"; not tested: {', '.join(causes[NOT_TESTED])}" if causes[NOT_TESTED] else ""
    yield from _listed(f"{network} {_number(len(causes[RULED_OUT]), 'cause')} ruled out{missing}")


def _listed(text: str, first: str = "  ") -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=first, subsequent_indent="    ")


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _total(summary: ReportSummary) -> str:
    counts = {
        "healthy": summary["healthy"],
        "blind": summary["blind"],
        "broken": summary["broken"],
        "suspect": summary["suspect"],
        "unreachable": summary["unreachable"],
        "failed": summary["failed"],
        "nothing declared": summary["nothing_declared"],
    }
    states = [f"{number} {state}" for state, number in counts.items() if number]
    found = f"{_number(summary['confirmed'], 'cause')} confirmed, {summary['suspected']} suspected"
    return f"{_number(summary['hosts'], 'host')}: {', '.join(states)}; {found}"
