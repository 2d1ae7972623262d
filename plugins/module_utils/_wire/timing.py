# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When which probe is sent. Pure: the clock is the caller's. All times in seconds."""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass

Question = TypeVar("Question")

#: RFC 5227, 1.1. After the last probe the answers are waited for ANNOUNCE_WAIT (2.1.1).
PROBE_WAIT = 1.0
PROBE_NUM = 3
PROBE_MIN = 1.0
PROBE_MAX = 2.0
ANNOUNCE_WAIT = 2.0

#: The fast sweep: as many probes, in a second. A host on the link answers within milliseconds; one that sleeps may not.
FAST_INTERVAL = 0.25
FAST_WAIT = 0.5

#: Probes per second and parent, over all its vantages. 1000 broadcasts of 60 octets are half a megabit per second, well
#: below what storm control usually allows. Switches with dynamic ARP inspection may allow 15 and close the port.
RATE = 1000
#: How far sending may fall behind and catch up, so that a timer's coarseness does not lower the rate.
_SLACK = 0.01


@dataclass(frozen=True)
class Timing:
    """number: probes per address and vantage; wait: the first comes within that time, at random; shortest and longest:
    time between two of them, at random in between; listen: how long answers are waited for after the last."""

    number: int
    wait: float
    shortest: float
    longest: float
    listen: float

    def cost(self, addresses: int, vantages: int, rate: int) -> tuple[int, float]:
        """Packets and seconds (at the longest) that it takes to ask for so many addresses."""
        packets = addresses * vantages * self.number
        schedule = self.wait + (self.number - 1) * self.longest
        return packets, max(schedule, packets / rate) + self.listen


RFC5227 = Timing(PROBE_NUM, PROBE_WAIT, PROBE_MIN, PROBE_MAX, ANNOUNCE_WAIT)
FAST = Timing(PROBE_NUM, 0.0, FAST_INTERVAL, FAST_INTERVAL, FAST_WAIT)
MODES = {"fast": FAST, "rfc5227": RFC5227}
#: The mode in which nothing is asked.
LISTEN = "listen"


class Schedule(Generic[Question]):
    """The questions of one parent, each asked ``number`` times and never faster than the rate all together.

    uniform: draws a number between two, ``random.uniform`` outside of tests.
    """

    def __init__(
        self,
        questions: Iterable[Question],
        timing: Timing,
        rate: int = RATE,
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._timing = timing
        self._gap = 1.0 / rate
        self._uniform = uniform
        self._earliest = 0.0
        self._last = 0.0
        # The number behind the time keeps questions in their order, and is never equal.
        self._numbers = itertools.count()
        self._due = [
            (uniform(0.0, timing.wait), next(self._numbers), timing.number, question) for question in questions
        ]
        heapq.heapify(self._due)

    def next_due(self) -> float | None:
        """When the next probe may leave, None after the last."""
        return max(self._due[0][0], self._earliest) if self._due else None

    def pop(self, now: float) -> Question:
        """The question that is due, to be asked now."""
        dummy, dummy, left, question = heapq.heappop(self._due)
        self._earliest = max(self._earliest + self._gap, now - _SLACK)
        self._last = now
        if left > 1:
            pause = self._uniform(self._timing.shortest, self._timing.longest)
            heapq.heappush(self._due, (now + pause, next(self._numbers), left - 1, question))
        return question

    def add(self, questions: Iterable[Question], now: float) -> None:
        """Further questions, to be asked from now on."""
        for question in questions:
            heapq.heappush(self._due, (now, next(self._numbers), self._timing.number, question))

    def repeat(self, question: Question, due: float) -> None:
        """Ask a question once more, as it could not be asked when its time came."""
        heapq.heappush(self._due, (due, next(self._numbers), 1, question))

    def drop(self, unwanted: Callable[[Question], bool]) -> None:
        """Forget questions that cannot be asked any more."""
        self._due = [entry for entry in self._due if not unwanted(entry[3])]
        heapq.heapify(self._due)

    @property
    def end(self) -> float:
        """Until when answers are waited for, once every probe has left."""
        return self._last + self._timing.listen
