# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The result of a conflict check as plain data, and the message to fail with. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.clock import utc
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.ask import Vantage

from .segment import ProbedSegment
from .verdict import (
    CONFIGURED,
    DAD_FAILED,
    DUPLICATE_MAC,
    FREE_AS_SEEN,
    HOST,
    AddressHolder,
    AddressVerdict,
    LinkPlace,
    count,
)

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
        return utc(self.wall + seconds)


def result(segments: Sequence[ProbedSegment], clock: Clock) -> dict[str, object]:
    """``results``, ``ranges``, ``summary``, ``vantages`` and so on. overrun: what was heard and not kept, in words."""
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
                if target.single or verdict.holders or not (verdict.status == FREE_AS_SEEN or segment.silent)
            )
        results.extend(_address(verdict, segment.link.name, clock) for verdict in segment.others())
    return {
        "results": results,
        "ranges": ranges,
        "summary": count([verdict for segment in segments for verdict in segment.verdicts.values()]),
        "vantages": [item for segment in segments for item in _vantages(segment, clock)],
        "duplicate_macs": [item for segment in segments for item in _twins(segment, clock)],
        "proxy_arp": [
            {"parent": segment.link.name, "mac": mac, "answers_probes": to_all}
            for segment in segments
            for mac, to_all in sorted(segment.proxies.found().items())
        ],
        "overrun": [text for segment in segments for text in segment.overrun()],
        "started": clock.iso(0.0),
        "seconds": round(clock.done - clock.monotonic, 3),
    }


def _address(verdict: AddressVerdict, parent: str, clock: Clock) -> dict[str, object]:
    return {
        "parent": parent,
        "address": str(verdict.address),
        "status": verdict.status,
        "conflict": verdict.conflict,
        "reason": verdict.reason,
        "holders": [_holder(holder, clock) for holder in verdict.holders],
    }


def _holder(holder: AddressHolder, clock: Clock) -> dict[str, object]:
    seen = holder.sighting
    return {
        "mac": seen.mac,
        "vantage": seen.vantage,
        "kind": seen.kind,
        "count": seen.count,
        "first_seen": clock.iso(seen.seconds),
        "first_seen_seconds": round(seen.seconds, 6),
        "last_seen_seconds": round(max(seen.last, seen.seconds), 6),
        "own": holder.owner == HOST,
        "owner": holder.owner,
        "where": _where(holder.place),
    }


def _vantages(segment: ProbedSegment, clock: Clock) -> list[dict[str, object]]:
    asked = [_vantage(segment, vantage, clock) for vantage in segment.vantages]
    missing = dict(segment.missing)
    if segment.problem:
        missing = dict.fromkeys([wanted.name for wanted in segment.wanted], segment.problem)
    return asked + [
        {"parent": segment.link.name, "vantage": name, "asked": False, "listened": False, "reason": reason}
        for name, reason in missing.items()
    ]


def _vantage(segment: ProbedSegment, vantage: Vantage, clock: Clock) -> dict[str, object]:
    return {
        "parent": segment.link.name,
        "vantage": vantage.name,
        "asked": segment.silent is None,
        "listened": True,
        "reason": vantage.problem,
        "link": vantage.link,
        "mac": vantage.mac,
        "from": clock.iso(clock.asked - clock.monotonic),
        "until": clock.iso(clock.done - clock.monotonic),
        "packets": vantage.sent,
        "lost": vantage.lost,
        "other_checks": vantage.others,
        "reflected": vantage.reflected,
        "ignored": vantage.ignored,
    }


def _twins(segment: ProbedSegment, clock: Clock) -> list[dict[str, object]]:
    result: list[dict[str, object]] = []
    for mac, seen in sorted(segment.twins.found.items()):
        result.append(
            {
                "parent": segment.link.name,
                "mac": mac,
                "where": _where(segment.own.macs.get(mac)),
                "count": seen.count,
                "first_seen": clock.iso(seen.first),
                "first_seen_seconds": round(seen.first, 6),
                "last_seen_seconds": round(seen.last, 6),
                "addresses": [
                    str(address) for address in sorted(seen.addresses, key=lambda item: (item.version, item))
                ],
            }
        )
    return result


def _where(place: LinkPlace | None) -> dict[str, str] | None:
    return {"namespace": place.namespace, "link": place.link} if place else None


def failure(segments: Sequence[ProbedSegment], fail_on: Sequence[str], clock: Clock) -> str:
    """The message to fail with, empty when no address has one of these statuses and no MAC address is a duplicate."""
    lines = [
        f"{verdict.address} on {segment.link.name}: {_words(verdict, clock)}"
        for segment in segments
        for verdict in segment.verdicts.values()
        if verdict.status in fail_on
    ]
    if DUPLICATE_MAC in fail_on:
        lines += [
            f"{mac} on {segment.link.name}: {_place(segment.own.macs.get(mac))}, and frames of another machine "
            f"with the same MAC address came in at {clock.iso(seen.first)}"
            for segment in segments
            for mac, seen in sorted(segment.twins.found.items())
        ]
    if not lines:
        return ""
    more = [f"and {len(lines) - _NAMED_MAX} more"] if len(lines) > _NAMED_MAX else []
    more += [text for segment in segments for text in segment.overrun()]
    return "\n".join(["address conflict check:", *(f"  - {line}" for line in lines[:_NAMED_MAX] + more)])


def _words(verdict: AddressVerdict, clock: Clock) -> str:
    said = [verdict.reason] if verdict.reason else []
    said += [_seen(holder, clock) for holder in verdict.holders]
    return f"{verdict.status}" + (f", {'; '.join(said)}" if said else "")


def _seen(holder: AddressHolder, clock: Clock) -> str:
    seen = holder.sighting
    where = f" ({_place(holder.place)})" if holder.place else ""
    if seen.kind == CONFIGURED:
        return f"{seen.mac}{where} has it"
    if seen.kind == DAD_FAILED:
        return f"{seen.mac}{where} may not use it"
    return f"{seen.mac}{where} seen by {seen.kind} from {seen.vantage} at {clock.iso(seen.seconds)}"


def _place(place: LinkPlace | None) -> str:
    if place is None:
        return "a link of this host"
    return f"{place.link} in namespace {place.namespace}" if place.namespace else f"{place.link} of this host"
