# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The directory that the workers of one run share: what each host's watch has seen, and that one has found something.

It is in Ansible's own temporary directory of the run, which nobody else can open or guess, and which Ansible removes at
the end. Only one worker at a time prints.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shlex
import time
from collections.abc import Callable
from dataclasses import asdict

from . import lines as _lines
from .lines import WATCH, Said
from .state import STATUS_MAX, WatchedHost, of_text

#: Seconds between two times that something is printed.
PRINT = 1.0
#: Files of hosts begin with this.
_HOST = "host-"
#: The user makes this file to end all watches.
_END = "end"
#: Made when the first host has found something to be broken, with its place, and when the second one has.
_BROKEN, _MORE = "broken", "more"
_MODE = 0o600
#: Octets of what was printed, by host.
_SAID_MAX = 1 << 22


class Board:
    """place: of this worker's host among all. hosts: how many there are. show: prints one text. Errors: OSError."""

    def __init__(self, directory: str, place: str, hosts: int, show: Callable[[str], None]) -> None:
        self._directory = directory
        self._place = place
        self._hosts = hosts
        self._show = show
        self._states: dict[str, tuple[int, WatchedHost]] = {}
        self._looked = 0.0
        self._marked = False
        # Of the workers of this user some may have made it already.
        os.makedirs(directory, 0o700, exist_ok=True)
        os.chmod(directory, 0o700)
        self._printer = self._open("printer", os.O_RDWR)

    def close(self) -> None:
        os.close(self._printer)

    def write(self, state: WatchedHost) -> None:
        """What this worker's host has seen."""
        self._replace(f"{_HOST}{self._place}", state.as_text())

    def mark(self, broken_for: float, at_most: float) -> None:
        """Something was found to be broken so many seconds ago. The first one counts, as it is of no earlier a time.

        at_most: what a host says cannot be longer ago.
        """
        if self._marked:
            return
        self._marked = True
        name = f".{_BROKEN}.{os.getpid()}"
        with os.fdopen(self._open(name, os.O_WRONLY | os.O_TRUNC), "w", encoding="utf-8") as stream:
            stream.write(self._place)
        temporary = self._open_path(name)
        moment = time.time() - min(max(broken_for, 0.0), at_most)
        os.utime(temporary, (moment, moment))
        try:
            # whole, or not at all where another host was first
            os.link(temporary, self._open_path(_BROKEN))
        except FileExistsError:
            os.close(self._open(_MORE, os.O_WRONLY))
        finally:
            os.unlink(temporary)

    def others_broken(self) -> bool:
        """Whether something was found to be broken on another host."""
        first = self._text(_BROKEN, STATUS_MAX)
        return bool(first) and (first != self._place or os.path.lexists(self._open_path(_MORE)))

    def broken_for(self, at_most: float) -> float | None:
        """Seconds since something was found to be broken on any host, None as long as nothing is."""
        try:
            moment = os.stat(self._open_path(_BROKEN)).st_mtime
        except FileNotFoundError:
            return None
        return min(max(time.time() - moment, 0.0), at_most)

    def to_end(self) -> bool:
        """Whether the user has asked for the end of all watches."""
        return os.path.lexists(self._open_path(_END))

    def print(self) -> None:
        """Print what is new on all hosts, unless another worker does that or did so a moment ago."""
        now = time.monotonic()
        if now - self._looked < PRINT:
            return
        self._looked = now
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(self._printer, fcntl.LOCK_EX | fcntl.LOCK_NB)
            try:
                said = self._said()
                if now - said.at >= PRINT:
                    first = not said.standing
                    found, said = _lines.fold(self._read(), self._hosts, said, now)
                    if first and found:
                        command = shlex.join(["touch", self._open_path(_END)])
                        found.append(f"{WATCH}to end it now and judge what was seen: {command}")
                    self._replace("said", json.dumps(asdict(said)))
                    if found:
                        self._show("\n".join(found))
            finally:
                fcntl.flock(self._printer, fcntl.LOCK_UN)

    def _read(self) -> list[WatchedHost]:
        """Of all hosts, in the order of the play."""
        with os.scandir(self._directory) as entries:
            for entry in entries:
                if not entry.name.startswith(_HOST):
                    continue
                changed = entry.stat(follow_symlinks=False).st_mtime_ns
                if self._states.get(entry.name, (None,))[0] != changed:
                    state = of_text(self._text(entry.name, STATUS_MAX))
                    if state is not None:
                        self._states[entry.name] = changed, state
        order = sorted(self._states, key=lambda name: (len(name), name))
        return [self._states[name][1] for name in order]

    def _said(self) -> Said:
        with contextlib.suppress(ValueError, TypeError):
            return Said(**json.loads(self._text("said", _SAID_MAX)))
        return Said()

    def _text(self, name: str, octets: int) -> str:
        with contextlib.suppress(FileNotFoundError), open(self._open_path(name), encoding="utf-8") as stream:
            return stream.read(octets)
        return ""

    def _open_path(self, name: str) -> str:
        return os.path.join(self._directory, name)

    def _open(self, name: str, flags: int) -> int:
        """Make or open a file, whatever the umask is."""
        handle = os.open(self._open_path(name), flags | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, _MODE)
        os.fchmod(handle, _MODE)
        return handle

    def _replace(self, name: str, text: str) -> None:
        temporary = f".{name}.{os.getpid()}"
        with os.fdopen(self._open(temporary, os.O_WRONLY | os.O_TRUNC), "w", encoding="utf-8") as stream:
            stream.write(text)
        os.replace(self._open_path(temporary), self._open_path(name))
