# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report held against the answer of its scenario. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from .answer import Answer, Wanted
from .terms import PASSING, Place
from .way import lost, said


@dataclass
class Found:
    """What became of a scenario.

    named, missed: parts whose cause was wanted. right, wrong: confirmed verdicts. explained, located, misplaced: broken
    targets. edges, directions: of each broken target, located or explained, for which the composition says where it is
    lost: whether the edge is right, and whether both are. culprits: whether each is right. alarms: of a healthy
    scenario. notes: what is not as wanted, in words.
    """

    named: int = 0
    missed: int = 0
    right: int = 0
    wrong: int = 0
    explained: int = 0
    located: int = 0
    misplaced: int = 0
    edges: list[bool] = field(default_factory=list)
    directions: list[bool] = field(default_factory=list)
    culprits: list[bool] = field(default_factory=list)
    alarms: int = 0
    notes: list[str] = field(default_factory=list)


def compare(report: dict[str, Any], answer: Answer, places: dict[str, Place]) -> Found:
    found = Found()
    verdicts = [item for item in report["verdicts"] if item["status"] in ("confirmed", "suspected")]
    for wanted in answer.wanted:
        if wanted.named:
            _named(found, wanted, verdicts, report, places)
    for item in verdicts:
        if item["status"] == "confirmed" and item["cause"] in answer.allowed[item["host"]]:
            found.right += 1
        elif item["status"] == "confirmed":
            found.wrong += 1
            found.notes.append(f"confirmed on {item['host']} and not there: {item['cause']}: {item['summary']}")
    for host in report["hosts"]:
        targets = {item["id"]: item for item in host["timeline"]["targets"]} if host["accounts"] else {}
        for account in host["accounts"]:
            _accounted(found, host["host"], account, targets[account["target_id"]], answer)
    if answer.quiet:
        found.alarms = int(any(_alarms(report)))
        found.notes += _alarms(report)
    return found


def _alarms(report: dict[str, Any]) -> Iterator[str]:
    for host in report["hosts"]:
        if host["state"] != "healthy":
            said = [*host["unlike"], *host["unasked"], *(item["text"] for item in host["accounts"]), host["message"]]
            yield f"{host['host']} is {host['state']}: {'; '.join(filter(None, said))}"


def _named(
    found: Found, wanted: Wanted, verdicts: list[dict[str, Any]], report: dict[str, Any], places: dict[str, Place]
) -> None:
    statuses = ("confirmed", "suspected") if wanted.suspected else ("confirmed",)
    right = [
        item
        for item in verdicts
        if item["cause"] in wanted.causes
        and item["status"] in statuses
        and wanted.host in (item["host"], *item["hosts"])
    ]
    if not right:
        if wanted.part.when in PASSING and not _lost(report, wanted.host):
            found.notes.append(f"{wanted.part.text} lost nothing on {wanted.host}")
            return
        found.missed += 1
        said = ", ".join(f"{item['status']} {item['cause']}" for item in verdicts if item["host"] == wanted.host)
        found.notes.append(
            f"not named on {wanted.host}: {' or '.join(sorted(wanted.causes))}; said: {said or 'nothing'}"
        )
        return
    found.named += 1
    who = wanted.part.harm.culprit
    if wanted.culprit and who is not None:
        named = right[0]["culprit"] or {}
        found.culprits.append(who(named, places[wanted.part.host]))
        if not found.culprits[-1]:
            found.notes.append(f"another culprit, or none: {named.get('text', 'nobody')} ({right[0]['cause']})")


def _lost(report: dict[str, Any], host: str) -> bool:
    return any(item["accounts"] for item in report["hosts"] if item["host"] == host)


def _accounted(found: Found, host: str, account: dict[str, Any], target: dict[str, Any], answer: Answer) -> None:
    wanted = [item for part in answer.parts for item in lost(host, target, part)]
    edge = said(host, account["edge_text"])
    there = [item for item in wanted if item.edge == edge]
    directed = any(account["direction"] in item.directions for item in there)
    # A harm that a host or its neighbours show in many ways, such as an address that is gone, has no edge of its own.
    unique = bool(wanted) and all(part.harm.cuts and not part.harm.vague for part in answer.parts)
    if unique:
        found.edges.append(bool(there))
        found.directions.append(directed)
    by = set(account["explained_by"])
    if by & answer.explaining[host]:
        found.explained += 1
    elif not by and directed:
        found.located += 1
    else:
        found.misplaced += 1
        explained = f", explained by {', '.join(sorted(by))}" if by else ""
        found.notes.append(f"misplaced on {host}: {account['text']}{explained}")
        return
    if unique and not directed:
        found.notes.append(f"explained, and on another edge or direction on {host}: {account['text']}")
