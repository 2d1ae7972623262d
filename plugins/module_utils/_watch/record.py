# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The events of one run, and the bounds that keep watching cheap. Pure."""

from __future__ import annotations

from collections import Counter
from typing import cast

from .timeline import Attribution, Event, EventData, EventKind

#: Events that are kept. The rest is counted.
EVENTS_MAX = 2000
#: Those of one kind, so that a storm of one kind leaves room for what explains it.
OF_ONE_KIND_MAX = 500
#: ARP and neighbour discovery of one address on one link, so that no address takes the place of all others.
OF_ONE_ADDRESS_MAX = 60

#: The process of an event for which none is searched.
_UNKNOWN: Attribution = {"process": None, "process_unknown": ""}


class Record:
    """events: in the order in which they came. limits: blind spots, for people."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._limits: dict[str, None] = {}
        self._kept: Counter[str] = Counter()
        self._counted: Counter[str] = Counter()

    def full(self, kind: str) -> bool:
        return len(self.events) >= EVENTS_MAX or self._kept[kind] >= OF_ONE_KIND_MAX

    def add(
        self,
        after: float,
        kind: EventKind,
        action: str,
        namespace: str,
        link: str,
        what: str,
        data: EventData,
        who: Attribution | None = None,
    ) -> None:
        """after: seconds since the start; what: one line for people; data: that of the kind."""
        if self.full(kind):
            self.count(kind)
            return
        self._kept[kind] += 1
        event = {
            "after": after,
            "kind": kind,
            "action": action,
            "namespace": namespace,
            "link": link,
            "what": what,
            "data": data,
            **(who or _UNKNOWN),
        }
        # Which of the kinds of event it is follows from ``kind``, which is known only when this runs.
        self.events.append(cast(Event, event))

    def count(self, kind: str, number: int = 1) -> None:
        """Note events that are not kept."""
        self._counted[kind] += number

    def limit(self, text: str) -> None:
        """Note a blind spot; the same text again is left out."""
        self._limits.setdefault(text)

    @property
    def limits(self) -> list[str]:
        counted = [
            f"{number} more {kind} events were only counted: {EVENTS_MAX} are kept, {OF_ONE_KIND_MAX} of a kind,"
            f" {OF_ONE_ADDRESS_MAX} of frames about one address"
            for kind, number in sorted(self._counted.items())
        ]
        return [*self._limits, *counted]


class Budget:
    """So many per second, and as many more at once as were not used in the last seconds."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = burst
        self._left = burst
        self._last = 0.0

    def take(self, now: float) -> bool:
        """Whether one more may be had."""
        self._left = min(self._burst, self._left + (now - self._last) * self._rate)
        self._last = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
