# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the hosts of a segment saw of one gateway, compared without a look at each pair of them. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import reduce

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.clock import epoch
from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.experiments.belief import CHANCE
from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.schema import HostEvidence
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.kinds import ECHO, GATEWAYS
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.lost import broken, is_lost
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.timeline import TargetData, TimelineData

from .fleet import segment_of

#: Seconds by which hosts may notice the same loss at different times, beside one round of probes: the clocks of hosts
#: that no time service keeps together differ by more than their probes do.
TOGETHER = 1.5


#: A silence lasts so many rounds at least, and this share of what was lost has to be in silences: where packets are
#: lost at random, most losses are shorter, and the probes of a gateway are seldom lost together.
SILENT_ROUNDS, SILENT_SHARE = 2.5, 0.6
#: Other hosts whose losses are compared with those of one.
COMPARED = 50

#: Beginning and end.
_Span = tuple[float, float]


@dataclass(frozen=True)
class GatewayWitness:
    """What one host saw of a gateway. at: the first loss in seconds since the epoch; None where it never answered.

    silent: whether all probes of it were lost at the same times, not some of each, or from ``at`` on to the end. dark:
    the times in which nothing of it answered, in seconds since the epoch.
    """

    host: str
    started: float
    ended: float
    lost: list[TargetData]
    answered: list[TargetData]
    at: float | None = None
    interval: float = 0.0
    silent: bool = False
    dark: list[_Span] = field(default_factory=list)

    def reached(self, other: GatewayWitness) -> bool:
        """Whether the gateway answered this one while it was silent for another."""
        near = [(start - TOGETHER, end + TOGETHER) for start, end in self.dark]
        return bool(other.dark) and not _overlaps(near, other.dark)


class AtOnce:
    """Witnesses by the time of their watches: which of them are of the same minutes, without a look at each."""

    def __init__(self, witnesses: Iterable[GatewayWitness]) -> None:
        self._items = sorted(witnesses, key=lambda item: item.started)
        self._starts = [item.started for item in self._items]
        self._ends = sorted(item.ended for item in self._items)
        self._found: dict[tuple[int, int], list[GatewayWitness]] = {}

    def count(self, one: GatewayWitness) -> int:
        begun, over = self._bounds(one)
        return begun - over

    def of(self, one: GatewayWitness) -> list[GatewayWitness]:
        """The same for all that are between the same two."""
        bounds = self._bounds(one)
        if bounds not in self._found:
            self._found[bounds] = [item for item in self._items[: bounds[0]] if item.ended >= one.started]
        return self._found[bounds]

    def _bounds(self, one: GatewayWitness) -> tuple[int, int]:
        """How many had begun before it ended, and how many of these had ended before it began."""
        return bisect_right(self._starts, one.ended), bisect_left(self._ends, one.started)


class GatewayWitnesses:
    """What all hosts of a segment saw of one gateway in the same minutes, over parents with a carrier."""

    def __init__(self, found: Iterable[GatewayWitness]) -> None:
        found = list(found)
        self._all = AtOnce(found)
        self._reaching = AtOnce(item for item in found if item.answered and not item.lost)
        self._losing = AtOnce(item for item in found if item.lost and not item.silent)
        self._never = AtOnce(item for item in found if item.silent and item.at is None)
        fallen = [(item.at, item) for item in found if item.silent and item.at is not None]
        self._fallen = [item for dummy, item in sorted(fallen, key=lambda pair: pair[0])]
        self._moments = sorted(moment for moment, dummy in fallen)
        self._near = TOGETHER + max((item.interval for item in found), default=0.0)
        self._groups: dict[tuple[int, int], list[GatewayWitness]] = {}

    def reaching(self, own: GatewayWitness) -> list[GatewayWitness]:
        """Those that it answered while it was silent for the own one, also where they lost something at other times."""
        others = self._losing.of(own)[:COMPARED]
        return self._reaching.of(own)[:COMPARED] or [item for item in others if item.reached(own)]

    def agreeing(self, own: GatewayWitness) -> list[GatewayWitness]:
        """All of them, if all lost it in the same second, or none ever reached it; else none. With the own one."""
        if own.at is None:
            return self._never.of(own) if self._never.count(own) == self._all.count(own) else []
        bounds = bisect_left(self._moments, own.at - self._near), bisect_right(self._moments, own.at + self._near)
        if bounds[1] - bounds[0] != self._all.count(own):
            return []
        return self._groups.setdefault(bounds, self._fallen[bounds[0] : bounds[1]])


def witness(evidence: HostEvidence, segment: str, gateway: str) -> GatewayWitness | None:
    """None where a host did not ask the gateway over a parent with a carrier."""
    watch = evidence["watch"]
    names = {item["name"] for item in evidence["networks"] if segment_of(item) == segment}
    names = {name for name in names if _connected(evidence, name)}
    targets = [
        item
        for item in (watch["targets"] if watch else [])
        if item["network"] in names and item["kind"] in GATEWAYS and item["target"] == gateway and item["sent"]
    ]
    if watch is None or not targets:
        return None
    lost = broken(targets)
    answered = [item for item in targets if not is_lost(item) and not (lost and _late(item, watch))]
    silent = bool(lost) and not answered and _silent(lost, watch)
    since = None if silent or not lost or answered else _gone_since(lost, watch)
    return GatewayWitness(
        evidence["host"],
        evidence["started"],
        evidence["ended"],
        lost,
        answered,
        _begin(watch, lost) if since is None else epoch(watch["started"]) + since,
        watch["interval"],
        silent or since is not None,
        _dark(targets, watch),
    )


def _dark(targets: list[TargetData], watch: TimelineData) -> list[_Span]:
    """Pings say most exactly when; a gateway that drops them says it by ARP or neighbour discovery."""
    received = any(item["received"] for item in targets)
    known = [item for item in targets if item["received"] or not received]
    exact = [item for item in known if item["method"] == ECHO] or [item for item in known if not _late(item, watch)]
    if not exact:
        return []
    began = epoch(watch["started"])
    common = reduce(_overlaps, [_spans(item, watch["duration"]) for item in exact])
    return [(began + start, began + end) for start, end in common if end - start >= SILENT_ROUNDS * watch["interval"]]


def _late(target: TargetData, watch: TimelineData) -> bool:
    """Whether ARP or neighbour discovery was silent for a while and answered then, which answers what was asked before
    as well: it lost nothing, and is no sign of a gateway that was there."""
    times = target["rtt_ms"]
    return target["method"] != ECHO and times is not None and times["max"] >= 1000 * SILENT_ROUNDS * watch["interval"]


def _silent(lost: list[TargetData], watch: TimelineData) -> bool:
    """Whether the lost probes of all targets were lost together, for some rounds at least.

    Pings say most exactly when: any later answer to an ARP request or neighbour solicitation answers the ones before.
    """
    shortest = SILENT_ROUNDS * watch["interval"]
    spans = [_spans(item, watch["duration"]) for item in lost]
    exact = [_spans(item, watch["duration"]) for item in lost if item["method"] == ECHO]
    together = reduce(_overlaps, exact or spans)
    common = [(start, end) for start, end in together if end - start >= shortest]
    inside = [sum(end - start for start, end in _overlaps(one, common)) for one in spans]
    whole = [sum(end - start for start, end in one) for one in spans]
    mostly = sum(inside) >= SILENT_SHARE * sum(whole) and all(inside)
    return mostly and all(end - start >= shortest for one in exact for start, end in one)


def _gone_since(lost: list[TargetData], watch: TimelineData) -> float | None:
    """When the silence began that lasts to the end of the watch, of a gateway that lost some probes at random before.

    None where losses at that rate would make such a silence, in all targets at once, more often than by chance once in
    1,000 times. ARP and neighbour discovery lose as many packets as pings, and seldom show it before the end: any later
    answer is one to the questions before.
    """
    interval = watch["interval"]
    # The watch waits for late answers when it asks no more.
    duration = min(watch["duration"], max(item["sent"] for item in lost) * interval)
    spans = [_spans(item, duration) for item in lost]
    if any(not one or one[-1][1] < duration - interval for one in spans):
        return None
    since = max(one[-1][0] for one in spans)
    before, rounds = since / interval, (duration - since) / interval
    failed = [sum(min(end, since) - start for start, end in one if start < since) / interval for one in spans]
    # one loss more than was seen: a short time before it does not show that none are lost
    shares = [min(1.0, (one + 1) / (before + 1)) for one in failed]
    chance = 1.0
    for target, share in zip(lost, shares, strict=True):
        chance *= (share if target["method"] == ECHO else max(shares)) ** rounds
    return since if rounds >= SILENT_ROUNDS and chance < CHANCE else None


def _spans(target: TargetData, duration: float) -> list[_Span]:
    return [(loss[0], loss[1]) for loss in target["losses"]] if target["received"] else [(0.0, duration)]


def _overlaps(one: list[_Span], other: list[_Span]) -> list[_Span]:
    found = [(max(a[0], b[0]), min(a[1], b[1])) for a in one for b in other]
    return [(start, end) for start, end in found if start < end]


def _begin(watch: TimelineData, lost: list[TargetData]) -> float | None:
    moments = [item["first_loss"] for item in lost if item["received"] and item["first_loss"] is not None]
    return epoch(watch["started"]) + min(moments) if moments else None


def _connected(evidence: HostEvidence, network: str) -> bool:
    """Whether the parent of a network is up and has its carrier: another host's own fault is no sign of the gateway."""
    snapshot = evidence["after"]
    scope = snapshot["networks"].get(network) if snapshot else None
    if snapshot is None or scope is None:
        return False
    links = snapshot["namespaces"][0]["links"]
    return any(link["name"] == scope["parent"] and link["up"] and link["carrier"] for link in links)
