# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a harm is done and undone, while a diagnosis runs."""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass, field

from .terms import BLIP, PERIODIC, RANDOM, START, Part, Place

#: Of what comes at random: its seconds, and those until it comes again, as shares of those of the part.
SPREAD = 0.4, 2.0


@dataclass
class Doing:
    """A part that is being done. began: time.time() of each time. errors: what went wrong with it."""

    part: Part
    place: Place
    began: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def prepare(self) -> None:
        if self.part.harm.prepare is not None:
            self.part.harm.prepare(self.place)

    def before(self) -> None:
        """What is wrong before the watch."""
        if self.part.when == START:
            self._begin()

    def during(self, over: threading.Event) -> None:
        """What goes wrong while the watch runs. over: the diagnosis has ended."""
        part = self.part
        if part.when == START:
            return
        dice = random.Random(part.text)
        over.wait(part.delay)
        try:
            while not over.is_set():
                self._begin()
                if part.when not in (BLIP, PERIODIC, RANDOM) or over.wait(part.lasts * self._share(dice)):
                    return
                if part.harm.end is not None:
                    part.harm.end(self.place)
                if part.when == BLIP:
                    return
                over.wait(part.pause * self._share(dice))
        # of the lab, whatever it is: the scenario is then counted as one that could not be made
        except Exception as error:  # noqa: BLE001
            self.errors.append(f"{part.text}: {error} {getattr(error, 'stderr', '')}")

    def _begin(self) -> None:
        self.began.append(time.time())
        self.part.harm.begin(self.place)

    def _share(self, dice: random.Random) -> float:
        return dice.uniform(*SPREAD) if self.part.when == RANDOM else 1.0
