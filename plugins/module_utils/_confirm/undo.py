# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Undo a change: stages that each compare what is with what was, repeated until nothing differs."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import field
from typing import Callable

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass

#: Seconds after which what still differs is reported as such, and the pause between two rounds.
PATIENCE = 30.0
PAUSE = 0.3
#: The same while the host shuts down.
SHUTDOWN_PATIENCE = 5.0
#: Daemons act in their own time: so many rounds in a row have to find nothing.
QUIET_ROUNDS = 2


@dataclass
class Restored:
    """What a stage restored, in words, and what it could not. All is as it was where all are empty.

    lost: what nothing can restore, so that there is no use in another round.
    """

    differences: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)


Stage = Callable[[], Restored]


@dataclass
class Undone:
    """done: what was restored, in words. left: what could not be, and why.

    lost: what nothing can restore, a boot neither.
    """

    done: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)


def undo(stages: Iterable[Stage], patience: float) -> Undone:
    """Run all stages in their order until all is as it was. A stage that fails does not stop the others."""
    stages = list(stages)
    seen: dict[str, None] = {}
    deadline = time.monotonic() + patience
    rounds = quiet = 0
    while True:
        rounds += 1
        now = Restored()
        for stage in stages:
            restored = _run(stage)
            now.differences += restored.differences
            now.errors += restored.errors
            now.lost += restored.lost
        seen.update(dict.fromkeys(now.differences))
        quiet = 0 if now.differences or now.errors else quiet + 1
        # The second round checks what the first has restored, however slow the host is.
        if quiet >= QUIET_ROUNDS or (rounds > 1 and time.monotonic() > deadline):
            left = dict.fromkeys([*now.differences, *now.errors])
            done = [text for text in seen if text not in now.differences]
            return Undone(done, list(left), list(dict.fromkeys(now.lost)))
        time.sleep(PAUSE)


def _run(stage: Stage) -> Restored:
    try:
        return stage()
    except Exception as error:  # noqa: BLE001  (a half that is restored is better than none)
        return Restored(errors=[f"{type(error).__name__}: {error}"])
