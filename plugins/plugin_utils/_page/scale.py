# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The scale of a timeline: seconds as percentages of its width. Pure."""

from __future__ import annotations

from dataclasses import dataclass

_STEPS = (1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400)


@dataclass
class Tick:
    x: float
    text: str
    anchor: str


def percent(seconds: float, duration: float) -> float:
    return round(min(max(100 * float(seconds) / duration, 0), 100), 2)


def ticks(duration: float) -> list[Tick]:
    step = next((step for step in _STEPS if duration / step <= 6), duration / 6)
    made = []
    for second in (step * number for number in range(int(duration / step) + 1)):
        x = percent(second, duration)
        anchor = "start" if x < 4 else "end" if x > 94 else "middle"
        made.append(Tick(x, f"{second:g} s" if step < 120 else f"{second / 60:g} min", anchor))
    return made
