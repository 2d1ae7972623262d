# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Taking a change back: stages that each compare what is with what was, over and over until nothing differs."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Callable

#: Seconds after which what still differs is reported as such, and the pause between two looks.
PATIENCE = 30.0
PAUSE = 0.3
#: The same while the host shuts down.
SHUTDOWN_PATIENCE = 5.0
#: Daemons act in their own time: so many looks in a row have to find nothing.
QUIET_LOOKS = 2


@dataclass
class Look:
    """What a stage found and wrote, in words, and what kept it from writing. All is as it was where both are empty."""

    differences: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


Stage = Callable[[], Look]


@dataclass
class Undone:
    """done: what was put back, in words. left: what could not be, and why."""

    done: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


#: Takes a change back, with so many seconds of patience.
Undo = Callable[[float], Undone]


def undo(stages: Iterable[Stage], patience: float) -> Undone:
    """Run all stages in their order until all is as it was. A stage that fails does not keep the others from theirs."""
    stages = list(stages)
    told: dict[str, None] = {}
    deadline = time.monotonic() + patience
    looks = quiet = 0
    while True:
        looks += 1
        now = Look()
        for stage in stages:
            look = _look(stage)
            now.differences += look.differences
            now.errors += look.errors
        told.update(dict.fromkeys(now.differences))
        quiet = 0 if now.differences or now.errors else quiet + 1
        # What the first look has put back is seen by the second, however slow the host is.
        if quiet >= QUIET_LOOKS or (looks > 1 and time.monotonic() > deadline):
            return Undone([text for text in told if text not in now.differences], now.differences + now.errors)
        time.sleep(PAUSE)


def _look(stage: Stage) -> Look:
    try:
        return stage()
    except Exception as error:  # noqa: BLE001  (a half that is put back is better than none)
        return Look(errors=[f"{type(error).__name__}: {error}"])
