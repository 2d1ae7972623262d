# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Patterns in time, of losses and of outages: the one decision of what is periodic. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import fmean

#: constant: lost to the end; once: lost and answered again for good; periodic: again and again at equal distances;
#: random: several times at unequal ones.
CONSTANT, PERIODIC, RANDOM, ONCE = "constant", "periodic", "random", "once"
#: So many beginnings show a period, and each distance may differ from their mean by this share of it.
PERIODIC_TIMES, PERIODIC_SPREAD = 3, 0.25


def period(starts: Sequence[float]) -> float | None:
    """The period in seconds of what began at these moments, in their order; None where it has none."""
    if len(starts) < PERIODIC_TIMES:
        return None
    distances = [later - earlier for earlier, later in pairwise(starts)]
    mean = fmean(distances)
    if mean <= 0 or any(abs(distance - mean) > PERIODIC_SPREAD * mean for distance in distances):
        return None
    return round(mean, 2)


def of_losses(losses: Sequence[Sequence[float]], received: int, duration: float) -> tuple[str, float | None]:
    """The pattern of the intervals in which a target was lost, and its period in seconds."""
    spans = sorted((span[0], span[1]) for span in losses if len(span) == 2)
    if not received or not spans:
        return CONSTANT, None
    if len(spans) == 1:
        return (CONSTANT if spans[0][1] >= duration else ONCE), None
    found = period([start for start, _end in spans])
    return (PERIODIC if found is not None else RANDOM), found


def often(times: int) -> str:
    """``once``, ``twice``, ``4 times``"""
    return {1: "once", 2: "twice"}.get(times, f"{times} times")
