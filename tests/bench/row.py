# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows: two ways to do the same, measured one after the other in turns, in the same run. One file per kind of work."""

from __future__ import annotations

import importlib
import pkgutil
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from statistics import median

from . import rows as _rows

#: Does the work of one side once, and returns its seconds: what prepares and clears it is left out.
Work = Callable[[], float]


@dataclass(frozen=True)
class Row:
    """name: kind of work, with ``/variant`` where it has several. what: the work, in words.

    sides: prepares both sides, ours and what it is compared with, by their names. unable: why this machine cannot run
    it, empty where it can.
    """

    name: str
    what: str
    sides: Callable[[], AbstractContextManager[dict[str, Work]]]
    unable: Callable[[], str] = lambda: ""


@dataclass
class Figures:
    """seconds: of each side, in the order of the turns. not_run: why there are none."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    not_run: str = ""

    @property
    def ratio(self) -> float | None:
        """Of the medians of the first side and the second; None without both."""
        medians = [median(times) for times in self.seconds.values() if times]
        return medians[0] / medians[1] if len(medians) == 2 and medians[1] else None


def all_rows() -> list[Row]:
    """The ROWS of every file in ``rows/``."""
    modules = [
        importlib.import_module(f"{_rows.__name__}.{found.name}") for found in pkgutil.iter_modules(_rows.__path__)
    ]
    return [row for module in modules for row in module.ROWS]


def run(row: Row, pairs: int, say: Callable[[str], None]) -> Figures:
    """Both sides in turns (A B A B): what else the machine does falls on both."""
    reason = row.unable()
    if reason:
        return Figures(not_run=reason)
    with row.sides() as sides:
        figures = Figures({name: [] for name in sides})
        for turn in range(pairs):
            for name, work in sides.items():
                seconds = work()
                figures.seconds[name].append(round(seconds, 3))
                say(f"  {turn + 1} of {pairs}  {name}: {seconds:.2f} s")
    return figures


def timed(work: Callable[[], object]) -> float:
    """Seconds of a call."""
    started = time.monotonic()
    work()
    return time.monotonic() - started


def missing(programs: Sequence[str], found: Callable[[str], object]) -> str:
    """Which of the programs are not installed, in words; empty where all are. found: such as `shutil.which`."""
    absent = [name for name in programs if not found(name)]
    return f"not installed: {', '.join(absent)}" if absent else ""
