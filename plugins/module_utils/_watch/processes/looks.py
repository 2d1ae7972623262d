# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a watch looked for notifications: one that it read had not come by the look before. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque

from .taken_down import WAITS

#: Looks that are remembered.
SIZE = 1 << 16


class Looks:
    """Moments (time.monotonic) at which all sockets were looked at, in their order."""

    def __init__(self) -> None:
        self._moments: deque[float] = deque(maxlen=SIZE)

    def add(self, moment: float) -> None:
        self._moments.append(moment)

    def before(self, moment: float) -> float:
        """When what was noted at a moment had not come yet: at the look before the one that found it."""
        found = bisect_right(self._moments, moment) - 2
        return self._moments[found] if found >= 0 else moment - WAITS
