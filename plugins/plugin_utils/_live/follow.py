# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Follows the watch of one host beside the connection over which its module runs, and ends it when that is due."""

from __future__ import annotations

import contextlib
import shlex
import threading
import time
from collections.abc import Callable
from dataclasses import replace

from ansible.errors import AnsibleError

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.files import RUN

from .board import Board
from .state import COLLECTING, DONE, STATUS_MAX, WatchedHost, of_host

#: Seconds between two looks at the other workers.
TICK = 0.25
#: Seconds for which one question waits for something new, at least and at most; hosts of one question per second; and
#: how many times as long as a question takes.
WAIT_MIN, WAIT_MAX, PER_SECOND, SHARE = 1.0, 5.0, 25, 4
#: Seconds for which a last question may still be under way.
LAST = 2.0

#: What is printed where there is no watch.
OVER = "no watch"
#: The revision of a status that is not known yet.
UNKNOWN = "-"
#: Waits for a watch where none is known yet, and for another status than that which is known, and prints it. It says
#: that somebody reads, and changes only files that are there: ``stop`` when its time is over, all others at once.
ASK = f"""\
import os, sys, time
path, known, end = sys.argv[1], sys.argv[2], time.monotonic() + float(sys.argv[3])
while True:
    try:
        here = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        break
    except FileNotFoundError:
        if known != "{UNKNOWN}" or time.monotonic() > end:
            print("{OVER}")
            sys.exit()
        time.sleep(0.1)
def mark(name):
    handle = os.open(name, os.O_WRONLY | os.O_NOFOLLOW, dir_fd=here)
    os.write(handle, b".")
    os.close(handle)
for name in sys.argv[4:]:
    if name != "stop":
        mark(name)
text = ""
while True:
    try:
        handle = os.open("status", os.O_RDONLY | os.O_NOFOLLOW, dir_fd=here)
        text = os.read(handle, {STATUS_MAX}).decode("ascii", "replace")
        os.close(handle)
    except FileNotFoundError:
        pass
    if text.split(" ")[0] not in ("", known) or time.monotonic() > end or not os.path.isdir(path):
        break
    time.sleep(0.1)
if "stop" in sys.argv[4:] and time.monotonic() > end and os.path.isdir(path):
    mark("stop")
print(text)
"""


def pause(hosts: int, took: float) -> float:
    """Seconds for which a question waits. hosts: asked at the same time. took: the last one, beside its wait. Pure."""
    return min(max(WAIT_MIN, hosts / PER_SECOND, SHARE * took), WAIT_MAX)


def remaining(broken_for: float | None, watched_for: float, after_break: float | None) -> float | None:
    """Seconds until a watch is to end as another host has found something; None where it is not. Pure.

    broken_for: seconds since then. watched_for: since this watch began, as one that began later has to be of use, too.
    """
    if broken_for is None or after_break is None:
        return None
    return max(after_break - min(broken_for, watched_for), 0.0)


class LiveWatch:
    """run: runs a command on the host and returns what it printed, None where it failed. interpreter: of the module,
    empty as long as that is not known. after_break: seconds, None where the watch is never to end early.

    at_once: how many hosts are watched at the same time at most. meanwhile: done once, while the watch goes on.
    """

    def __init__(
        self,
        host: str,
        token: str,
        run: Callable[[str], str | None],
        interpreter: Callable[[], str],
        board: Board,
        after_break: float | None,
        at_once: int,
        meanwhile: Callable[[], None] = lambda: None,
    ) -> None:
        self._run = run
        self._meanwhile = meanwhile
        self._interpreter = interpreter
        self._board = board
        self._after_break = after_break
        self._at_once = at_once
        self._path = f"{RUN}/live-{token}"
        self._state = WatchedHost(host)
        self._known = UNKNOWN
        self._began: float | None = None
        self._over = threading.Event()
        self._took = 0.0
        self._stopped = self._told = False
        self._thread = threading.Thread(target=self._follow, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """The module has ended. A question that is still under way on a connection that is dead is left alone."""
        self._over.set()
        self._thread.join(LAST)

    def _follow(self) -> None:
        # It only watches: whatever fails here, the module's result counts.
        with contextlib.suppress(OSError):
            try:
                self._board.write(self._state)
                while not self._over.wait(TICK):
                    if self._interpreter() and self._state.phase != COLLECTING:
                        self._ask()
                    self._board.print()
            finally:
                self._board.write(replace(self._state, phase=DONE))
                self._board.close()

    def _ask(self) -> None:
        left = self._remaining()
        wait = pause(self._at_once, self._took)
        if left is not None:
            wait = 0.0 if self._stopped else min(wait, left)
        names = ["alive"]
        if not self._told and self._board.others_broken():
            names.append("others")
        if left is not None and left <= wait and not self._stopped:
            # Whoever waits on the host already ends the watch there in time, however slow the next question would be.
            names.append("stop")
        began = time.monotonic()
        output = self._answer([self._path, self._known, f"{wait:g}", *names])
        if output is None:
            # The files are being made or removed, or the connection is interrupted.
            self._over.wait(WAIT_MIN)
            return
        self._stopped = self._stopped or ("stop" in names and wait == 0.0)
        self._told = self._told or "others" in names
        self._heard(output)
        self._took = max(time.monotonic() - began - wait, 0.0)

    def _answer(self, arguments: list[str]) -> str | None:
        words = [self._interpreter(), "-I", "-c", shlex.quote(ASK), *map(shlex.quote, arguments)]
        try:
            return self._run(" ".join(words))
        except AnsibleError:
            return None

    def _heard(self, output: str) -> None:
        found = of_host(self._state.host, output)
        if found is None:
            if self._began is not None and output.strip().endswith(OVER):
                self._state = replace(self._state, phase=COLLECTING)
                self._board.write(self._state)
            return
        revision, state = found
        if self._began is None:
            self._began = time.monotonic() - state.after
            self._meanwhile()
        if revision != self._known:
            self._known, self._state = revision, state
            self._board.write(state)
        if state.broken_for is not None and self._after_break is not None:
            self._board.mark(state.broken_for, self._after_break)

    def _remaining(self) -> float | None:
        if self._began is None:
            return None
        if self._board.to_end():
            return 0.0
        # A watch that sees a loss come and go ends by itself, when it has seen enough of it.
        if self._after_break is None or self._state.comes_back:
            return None
        broken_for = self._board.broken_for(self._after_break)
        return remaining(broken_for, time.monotonic() - self._began, self._after_break)
