# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a conflict check returns: plain data, and the words to fail with. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone

from .conflicts import CONFIGURED, FREE_AS_SEEN, HOST, Holder, Verdict, count
from .segment import Segment
from .sweep import Vantage

#: Addresses that a failure message names before it only counts.
_NAMED_MAX = 10


@dataclass
class Clock:
    """wall: seconds since 1970 at the start; monotonic: the same moment on the clock that never jumps; asked and done:
    from when until when questions were asked and answers waited for, on that clock."""

    wall: float
    monotonic: float
    asked: float = 0.0
    done: float = 0.0

    def iso(self, seconds: float) -> str:
        """A moment, given in seconds since the start, as ISO 8601 in UTC."""
        moment = datetime.fromtimestamp(self.wall + seconds, timezone.utc)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def result(segments: Sequence[Segment], clock: Clock) -> dict[str, object]:
    """``results``, ``ranges``, ``summary`` and ``vantages``."""
    results: list[dict[str, object]] = []
    ranges: list[dict[str, object]] = []
    for segment in segments:
        for target in segment.targets:
            verdicts = [segment.verdicts[address] for address in target.addresses()]
            if not target.single:
                ranges.append({"parent": segment.link.name, "range": target.text, **count(verdicts)})
            results.extend(
                _address(verdict, segment.link.name, clock)
                for verdict in verdicts
                if target.single or verdict.status != FREE_AS_SEEN
            )
    return {
        "results": results,
        "ranges": ranges,
        "summary": count([verdict for segment in segments for verdict in segment.verdicts.values()]),
        "vantages": [item for segment in segments for item in _vantages(segment, clock)],
        "started": clock.iso(0.0),
        "seconds": round(clock.done - clock.monotonic, 3),
    }


def _address(verdict: Verdict, parent: str, clock: Clock) -> dict[str, object]:
    return {
        "parent": parent,
        "address": str(verdict.address),
        "status": verdict.status,
        "conflict": verdict.conflict,
        "reason": verdict.reason,
        "holders": [_holder(holder, clock) for holder in verdict.holders],
    }


def _holder(holder: Holder, clock: Clock) -> dict[str, object]:
    seen = holder.sighting
    return {
        "mac": seen.mac,
        "vantage": seen.vantage,
        "kind": seen.kind,
        "count": seen.count,
        "first_seen": clock.iso(seen.seconds),
        "first_seen_seconds": round(seen.seconds, 6),
        "own": holder.owner == HOST,
        "owner": holder.owner,
        "where": {"namespace": holder.place.namespace, "link": holder.place.link} if holder.place else None,
    }


def _vantages(segment: Segment, clock: Clock) -> list[dict[str, object]]:
    asked = [_vantage(segment, vantage, clock) for vantage in segment.vantages]
    missing = dict(segment.missing)
    if segment.problem:
        missing = dict.fromkeys(segment.wanted, segment.problem)
    return asked + [
        {"parent": segment.link.name, "vantage": name, "asked": False, "reason": reason}
        for name, reason in missing.items()
    ]


def _vantage(segment: Segment, vantage: Vantage, clock: Clock) -> dict[str, object]:
    return {
        "parent": segment.link.name,
        "vantage": vantage.name,
        "asked": True,
        "reason": vantage.problem,
        "link": vantage.link,
        "mac": vantage.mac,
        "from": clock.iso(clock.asked - clock.monotonic),
        "until": clock.iso(clock.done - clock.monotonic),
        "packets": vantage.sent,
        "lost": vantage.lost,
        "other_checks": vantage.others,
    }


def failure(segments: Sequence[Segment], fail_on: Sequence[str], clock: Clock) -> str:
    """The message to fail with, empty when no address has one of these statuses."""
    found = [
        (segment, verdict) for segment in segments for verdict in segment.verdicts.values() if verdict.status in fail_on
    ]
    if not found:
        return ""
    told = [f"{verdict.address} on {segment.link.name}: {_words(verdict, clock)}" for segment, verdict in found]
    more = [f"and {len(told) - _NAMED_MAX} more"] if len(told) > _NAMED_MAX else []
    return "\n".join(["address conflict check:", *(f"  - {line}" for line in told[:_NAMED_MAX] + more)])


def _words(verdict: Verdict, clock: Clock) -> str:
    said = [_seen(holder, clock) for holder in verdict.holders] or ([verdict.reason] if verdict.reason else [])
    return f"{verdict.status}" + (f", {'; '.join(said)}" if said else "")


def _seen(holder: Holder, clock: Clock) -> str:
    seen = holder.sighting
    where = ""
    if holder.place:
        namespace = f" in namespace {holder.place.namespace}" if holder.place.namespace else " of this host"
        where = f" ({holder.place.link}{namespace})"
    if seen.kind == CONFIGURED:
        return f"{seen.mac}{where} has it"
    return f"{seen.mac}{where} seen by {seen.kind} from {seen.vantage} at {clock.iso(seen.seconds)}"
