# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows: what is attacked, which law has to hold, and what came of it. One file per kind of attack."""

from __future__ import annotations

import importlib
import pkgutil
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from . import rows as _rows

#: How many of the cases that broke a law are described; all are counted.
TOLD = 5


@dataclass
class Tally:
    """One run of a row: what it may use, and what it counts.

    seed: of everything that is random. wanted: cases to run. minutes: after so many no further case begins.
    lost: cases after which something was lost that had to stay. let_in: cases in which something came in that had to be
    refused. failed: cases that broke the law in another way. measured: for the table, in words.
    figures: further counts by name.
    """

    seed: int
    wanted: int
    minutes: float = 60.0
    count: int = 0
    lost: int = 0
    let_in: int = 0
    failed: int = 0
    measured: str = ""
    figures: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self._end = time.monotonic() + 60 * self.minutes

    def more(self) -> bool:
        """Whether another case is wanted, and there is time for it."""
        return self.count < self.wanted and self.in_time()

    def in_time(self) -> bool:
        return time.monotonic() < self._end

    def note(self, name: str, number: int = 1) -> None:
        """Count something else."""
        self.figures[name] = self.figures.get(name, 0) + number

    def broke(self, what: str, why: str) -> None:
        """Count a case that broke the law. what: ``lost``, ``let_in`` or ``failed``."""
        setattr(self, what, getattr(self, what) + 1)
        if len(self.wrong) < TOLD:
            self.wrong.append(why)


@dataclass(frozen=True)
class Row:
    """name: kind of attack, with ``/variant`` where it has several. law: what has to hold, in words.

    run: attacks as often as the tally wants. wanted: cases of a whole run. quick: cases in `make test`, 0 for none.
    unable: why this machine cannot run it; empty where it can.
    """

    name: str
    law: str
    run: Callable[[Tally], None]
    wanted: int
    quick: int = 0
    unable: Callable[[], str] = lambda: ""


def all_rows() -> list[Row]:
    """The ROWS of every file in ``rows/``."""
    modules = [
        importlib.import_module(f"{_rows.__name__}.{found.name}") for found in pkgutil.iter_modules(_rows.__path__)
    ]
    return [row for module in modules for row in module.ROWS]
