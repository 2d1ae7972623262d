# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sets of numbers that mostly follow each other, in little room. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from .data import RunData

#: Runs that are kept; numbers that would begin one more are left out.
RUNS_MAX = 256


class NumberRuns:
    """Numbers that come in rising order, or nearly."""

    def __init__(self) -> None:
        self._runs: RunData = []

    def add(self, number: int) -> None:
        for run in reversed(self._runs[-4:]):
            if run[0] <= number <= run[1]:
                return
            if number == run[1] + 1:
                run[1] = number
                return
        if len(self._runs) < RUNS_MAX:
            self._runs.append([number, number])

    def __contains__(self, number: int) -> bool:
        return any(first <= number <= last for first, last in self._runs)

    def between(self, first: int, last: int) -> bool:
        """Whether one of them lies there."""
        return any(run[0] <= last and first <= run[1] for run in self._runs)

    def within(self, first: int, last: int) -> int:
        """How many of them lie there."""
        return overlap(self._runs, [[first, last]])

    def __len__(self) -> int:
        return sum(last - first + 1 for first, last in self._runs)

    def as_data(self) -> RunData:
        return [list(run) for run in self._runs]


def runs_of(numbers: Iterable[int]) -> RunData:
    """The runs of some numbers."""
    made = NumberRuns()
    for number in sorted(numbers):
        made.add(number)
    return made.as_data()


def overlap(one: RunData, other: RunData) -> int:
    """How many numbers are in both."""
    return sum(
        max(0, min(a[1], b[1]) - max(a[0], b[0]) + 1) for a in one for b in other
    )  # fmt: skip
