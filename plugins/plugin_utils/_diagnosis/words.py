# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A diagnosis in the words of an operator, for a terminal. Pure."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator

from .account import Account
from .report import BLIND, HEALTHY, DiagnosisReport
from .report_data import ReportHost, ReportSummary
from .verdict import CONFIRMED, EXPLAINED, NOT_TESTED, RULED_OUT, SUSPECTED, CauseVerdict

#: Pieces of evidence that are printed for a verdict; the report has all of them.
EVIDENCE_MAX = 6
#: Columns of the output.
WIDTH = 120


def lines(report: DiagnosisReport, full_up_to: int = 50) -> list[str]:
    """What is printed. full_up_to: with more hosts than this, healthy ones are only counted."""
    hosts = report.data["hosts"]
    shown = [host for host in hosts if host["state"] != HEALTHY or len(hosts) <= full_up_to]
    paragraphs = [line for host in shown for line in (*_host(host, report), "")]
    return [*paragraphs, _total(report.data["summary"])]


def headline(item: CauseVerdict) -> str:
    """A verdict in one line, as for the message of a task that fails."""
    return f"{item.network} {item.cause}: {item.summary}. Remedy: {item.remedy}."


def _host(host: ReportHost, report: DiagnosisReport) -> Iterator[str]:
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
        verdicts = [item for item in report.verdicts if item.host == name and item.network == network]
        for status in (CONFIRMED, SUSPECTED):
            for item in verdicts:
                if item.status == status:
                    yield from _found(item) if name in item.hosts[:1] or not item.hosts else _of_fleet(item)
        yield from _located([item for item in report.located(name) if item.network == network])
        yield from _well(network, verdicts) if host["state"] == HEALTHY else _rest(network, verdicts)
    yield from _located([item for item in report.located(name) if item.network not in networks])
    for text in host["unlike"]:
        yield from _listed(f"not as declared: {text}")
    for text in host["unasked"] if host["state"] == BLIND else ():
        yield from _listed(f"not known to be healthy: {text}")
    for problem in host["problems"][:EVIDENCE_MAX]:
        yield f"  could not be read: {problem}"


def _found(item: CauseVerdict) -> Iterator[str]:
    yield f"  {item.network} {item.status.upper()} {item.cause}: {item.title}"
    yield from _wrapped("what", item.summary)
    yield from _wrapped("why", item.explanation)
    for number, piece in enumerate(item.evidence[:EVIDENCE_MAX]):
        where = f" [{piece.where}{', ' + piece.at[11:23] if piece.at else ''}]"
        yield from _wrapped("proof" if not number else "", f"{piece.value}{where}")
    if len(item.evidence) > EVIDENCE_MAX:
        yield f"            and {len(item.evidence) - EVIDENCE_MAX} more in the report"
    if item.culprit:
        yield from _wrapped("who", item.culprit["text"])
    yield from _wrapped("do", item.remedy)


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


def _listed(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent="  ", subsequent_indent="    ")


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
