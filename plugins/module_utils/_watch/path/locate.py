# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""On which edge the attempts of a target vanished, from what each interface saw of them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from typing import Tuple

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.probes import Attempt, Series

from .data import ANSWER, ARP, HOLDER, ICMP, REQUEST, SENDER, UNKNOWN, KernelDrop, LostEdge
from .drops import Drop
from .runs import NumberRuns, runs_of

#: Attempts before one for which the kernel may have asked by ARP or ND (net/core/neighbour.c: three times, one second
#: apart, and packets that come meanwhile wait).
RESOLVING = 8

#: Times that the kernel asks while attempts are lost, though answers come, before it counts as not getting them. What
#: it has got it asks again after 15 s at the earliest (net/ipv4/arp.c and net/ipv6/ndisc.c: base_reachable_time 30 s),
#: or when the carrier was lost.
IN_VAIN = 2

#: Edge, direction and protocol.
EdgeKey = Tuple[Tuple[str, str], str, str]


@dataclass
class HopRuns:
    """What one interface saw of a target's attempts, by their numbers."""

    requests: NumberRuns = field(default_factory=NumberRuns)
    answers: NumberRuns = field(default_factory=NumberRuns)


@dataclass(frozen=True)
class ProbeRoute:
    """The interfaces that a request passes, in order, and what is behind the last one. length: of its IP packets.

    resolving: ``arp`` or ``nd``, which come before the question or are the question.
    """

    hops: tuple[str, ...]
    end: str
    length: int
    resolving: str


@dataclass(frozen=True)
class Located:
    """edge, direction, protocol of one attempt; hop: positions of the last ones that saw request and answer, or -1."""

    edge: tuple[str, str]
    direction: str
    protocol: str
    request: int
    answer: int


@dataclass(frozen=True)
class Resolving:
    """What each interface saw of the ARP or ND that comes before a question. kernel: whether nothing but the kernel
    asks it."""

    seen: Sequence[HopRuns]
    kernel: bool = True


def one(
    route: ProbeRoute, number: int, seen: Sequence[HopRuns], resolved: Resolving | None, lost: tuple[int, int]
) -> Located:
    """Where one attempt vanished. seen: by hop, of the question itself. lost: the first and the last one of those that
    were lost in a row with it."""
    request = max((place for place, hop in enumerate(seen) if number in hop.requests), default=-1)
    answer = min((place for place, hop in enumerate(seen) if number in hop.answers), default=-1)
    protocol = ICMP if resolved is not None else route.resolving
    if request < 0 and answer < 0 and resolved is not None:
        window = number - RESOLVING, number
        asked = max((place for place, hop in enumerate(resolved.seen) if hop.requests.between(*window)), default=-1)
        replied = min((place for place, hop in enumerate(resolved.seen) if hop.answers.between(*window)), default=-1)
        # An answer that came to the sender's own interface was taken: the question itself was lost before its first.
        # A kernel that goes on asking, and is answered each time, has not got the answers.
        in_vain = resolved.kernel and all(
            runs.within(*lost) >= IN_VAIN for runs in (resolved.seen[0].requests, resolved.seen[0].answers)
        )
        if asked >= 0 and (replied != 0 or in_vain):
            request, answer, protocol = asked, replied, route.resolving
    return _placed(route, request, answer, protocol)


def _placed(route: ProbeRoute, request: int, answer: int, protocol: str) -> Located:
    if answer >= 0:
        edge = route.hops[answer], route.hops[answer - 1] if answer else SENDER
        return Located(edge, ANSWER, protocol, max(request, answer), answer)
    if request < 0:
        return Located((SENDER, route.hops[0]), REQUEST, protocol, -1, -1)
    if request + 1 < len(route.hops):
        return Located((route.hops[request], route.hops[request + 1]), REQUEST, protocol, request, -1)
    direction = REQUEST if route.end == HOLDER else UNKNOWN
    return Located((route.hops[request], route.end), direction, protocol, request, -1)


def edges(
    route: ProbeRoute,
    series: Series,
    seen: Sequence[HopRuns],
    resolved: Resolving | None,
    drops: Iterable[Drop],
    begin: float,
    timeout: float,
    untaken: Mapping[str, int | None] | None = None,
) -> tuple[list[LostEdge], str, str]:
    """Every edge on which attempts vanished, the most frequent first; and the last hops that saw request and answer of
    the latest of them. begin: the start of the watch (time.monotonic); timeout: seconds until an attempt is lost.
    untaken: by protocol the requests that came to the holder's interface and not to its ICMP, None where that is not
    known."""
    devices, versions = _devices(route), (0, 4 if route.resolving == ARP else 6)
    mine = [
        item for item in drops if item.length == route.length and item.device in devices and item.version in versions
    ]
    grouped: dict[EdgeKey, list[tuple[int, Attempt]]] = {}
    reasons: dict[EdgeKey, dict[tuple[str, str, str], int]] = {}
    latest: Located | None = None
    spans = _spans(series)
    for number, attempt in enumerate(series.attempts):
        if attempt.rtt is not None:
            continue
        found = one(route, number, seen, resolved, spans[number])
        its = _within(mine, begin + attempt.after, timeout)
        if found.edge[1] == HOLDER and its and all(item.answer for item in its):
            # The request was taken, and the answer to it dropped on its way out. Where a request was dropped as well,
            # the others are what the kernel dropped for somebody else at that moment.
            found = Located((HOLDER, found.edge[0]), ANSWER, found.protocol, found.request, -1)
        key = found.edge, found.direction, found.protocol
        grouped.setdefault(key, []).append((number, attempt))
        counted = reasons.setdefault(key, {})
        for drop in its:
            name = drop.reason, drop.location, drop.device
            counted[name] = counted.get(name, 0) + 1
        latest = found
    for protocol, missing in (untaken or {}).items():
        _taken(route, protocol, grouped, reasons, missing)
    made = [_edge(key, members, reasons[key]) for key, members in grouped.items()]
    hops = ("", *route.hops)
    last = (hops[latest.request + 1], hops[latest.answer + 1]) if latest else ("", "")
    return sorted(made, key=lambda item: -item["count"]), last[0], last[1]


def _spans(series: Series) -> dict[int, tuple[int, int]]:
    """The lost attempts, each with the first and the last one of its row."""
    found: dict[int, tuple[int, int]] = {}
    row: list[int] = []
    for number, attempt in enumerate((*series.attempts, Attempt(0.0, 0.0))):
        if attempt.rtt is None:
            row.append(number)
            continue
        found.update((item, (row[0], row[-1])) for item in row)
        row = []
    return found


def _taken(
    route: ProbeRoute,
    protocol: str,
    grouped: dict[EdgeKey, list[tuple[int, Attempt]]],
    reasons: dict[EdgeKey, dict[tuple[str, str, str], int]],
    untaken: int | None,
) -> None:
    """Requests that the holder has taken, and the kernel has not dropped, were lost as answers."""
    reached = (route.hops[-1], HOLDER), REQUEST, protocol
    lost = grouped.get(reached)
    if lost and not reasons[reached] and untaken is not None and untaken < len(lost) / 2:
        answer = (HOLDER, route.hops[-1]), ANSWER, protocol
        grouped.setdefault(answer, []).extend(grouped.pop(reached))
        grouped[answer].sort(key=lambda item: item[0])
        reasons.setdefault(answer, {}).update(reasons.pop(reached))


def _devices(route: ProbeRoute) -> set[str]:
    """Names of interfaces, of whatever namespace: the trace knows no namespaces."""
    return {hop.rpartition("/")[2] for hop in route.hops}


def _within(drops: Sequence[Drop], sent: float, timeout: float) -> list[Drop]:
    return [item for item in drops if sent - 0.01 <= item.moment <= sent + timeout]


def _edge(
    key: EdgeKey,
    members: Sequence[tuple[int, Attempt]],
    counted: dict[tuple[str, str, str], int],
) -> LostEdge:
    drops: list[KernelDrop] = [
        {"reason": reason, "location": location, "device": device, "count": count}
        for (reason, location, device), count in sorted(counted.items(), key=lambda item: -item[1])
    ]
    return {
        "edge": list(key[0]),
        "direction": key[1],
        "protocol": key[2],
        "numbers": runs_of(number for number, dummy in members),
        "count": len(members),
        "first": round(members[0][1].after, 3),
        "last": round(members[-1][1].after, 3),
        "drops": drops,
    }
