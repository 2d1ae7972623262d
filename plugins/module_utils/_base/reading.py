# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bounded reading of a queue that others fill: a socket, a dump, a pipe. Pure, but for the clock.

Who sends faster than this process reads would otherwise decide when a loop over "what waits" ends. Every loop that
receives is a `BoundedReading`: it ends when nothing waits, after so many pieces or after so many seconds, whichever
comes first, and ``overrun`` says whether it was one of the last two. What it left is still in the queue: who waits for
the queue again (a selector is level-triggered) reads on after the other work of that turn, so that a flood delays
neither probes nor deadlines. Whoever does not come back must say that more was there.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

Piece = TypeVar("Piece")

#: Pieces that are read, and seconds that this takes, before it is time for other work.
PIECES_AT_ONCE, SECONDS_AT_ONCE = 256, 0.005
#: The same for what the kernel's tables and logs take at the longest, on a host with a million routes.
PIECES_OF_A_TABLE, SECONDS_OF_A_TABLE = 1000000, 30.0


class BoundedReading(Generic[Piece]):
    """Iterates over the pieces that wait.

    receive: gives the next piece, None where none waits. pieces: to be read at most, including those that its caller
    drops. seconds: for which a next piece is read, on ``clock``. overrun: that it ended because of one of the two, so
    that more may wait.
    """

    def __init__(
        self,
        receive: Callable[[], Piece | None],
        pieces: int = PIECES_AT_ONCE,
        seconds: float = SECONDS_AT_ONCE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._receive = receive
        self._left = pieces
        self._clock = clock
        self._end = clock() + seconds
        self.overrun = False

    def __iter__(self) -> Iterator[Piece]:
        while self._left > 0 and self._clock() < self._end:
            self._left -= 1
            piece = self._receive()
            if piece is None:
                return
            yield piece
        self.overrun = True
