# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A watch that is followed while it goes on: what it has seen so far, and whether it is to end, in a few small files.

The controller gives the name of a directory, which this makes in the collection's own one, for root alone, and removes
when all is collected. ``status`` is one line, replaced in one step: a number that grows with each change, a space, and
`LiveStatus` as JSON. The controller writes to ``alive`` whenever it reads that, to ``others`` when another host has
found something to be broken, and to ``stop`` to end the watch.
A watch ends too when nobody has read its status for `LONELY` seconds after somebody did, and the whole collection when
nobody is left to read its result.
"""

from __future__ import annotations

import contextlib
import fcntl
import glob
import json
import os
import re
import select
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from typing import TypedDict

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import files
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.text import clean
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.kinds import KINDS
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.progress import Progress
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.targets import WatchTarget
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.timeline import Event
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.watch import Observer

#: The name of a directory: a number that nobody can guess.
TOKEN = re.compile(r"[0-9a-f]{32}")
_PREFIX = f"{files.RUN}/live-"
#: Seconds between two looks at what there is to say and whether to end.
PAUSE = 0.2
#: Seconds. Longer than a connection that is slow, or waits for a switch port that comes up again.
LONELY = 30.0
#: Losses and events that are named, and characters of each; the rest is counted.
NEWS_MAX, NEWS_LINE = 20, 200
#: What changes around a link by somebody's doing; packets, counters and neighbours change all the time.
_NAMED = frozenset(("link", "address", "route", "rule", "manager"))
#: What the controller may open, and for whom.
_FILES, _MODE = ("alive", "others", "stop"), 0o600


class LiveItem(TypedDict):
    """A loss or an event. after: seconds. by: its process, empty where none is known."""

    after: float
    what: str
    by: str


class LiveStatus(TypedDict):
    """after: seconds since the watch began. targets, answering: how many. broken_for: seconds since something broke
    (`Progress.counts_from`). comes_back: whether something lost has answered again, so that this goes on for longer.
    over: whether the watch is. more: losses and events that are not among the news."""

    after: float
    targets: int
    answering: int
    broken_for: float | None
    comes_back: bool
    over: bool
    news: list[LiveItem]
    more: int


class Live:
    """The files of one watch. Errors: OSError.

    followed: whether somebody has read its status. others: whether another host has found something to be broken.
    """

    def __init__(self, token: str) -> None:
        if not TOKEN.fullmatch(token):
            raise OSError("this is no name of a directory for a watch")
        files.make_directories(files.RUN)
        _remove_left()
        self._directory = f"{_PREFIX}{token}"
        os.mkdir(self._directory, 0o700)
        self._handle = os.open(self._directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.fchmod(self._handle, 0o700)
        for name in _FILES:
            os.close(self._open(name))
        self._revision = 0
        self._said: LiveStatus | None = None
        self._news: list[LiveItem] = []
        self._more = self._events = self._losses = 0
        self._read: float | None = None
        self._heard = self._written_at("alive")
        self.others = False

    @property
    def followed(self) -> bool:
        return self._read is not None

    def attend(self, observer: Observer) -> None:
        """Until the watch is over or to end. Errors: SystemExit where nobody is left to read the result."""
        while not observer.wait(PAUSE):
            self._say(observer)
            if _unread():
                raise SystemExit("nobody is left to read the result")
            if self._to_end():
                break
        # Also that which the controller has not read yet, as that by which the watches of others end.
        self._say(observer, over=True)

    def close(self) -> None:
        """Remove the files."""
        shutil.rmtree(self._directory, ignore_errors=True)
        os.close(self._handle)
        with contextlib.suppress(OSError):
            os.rmdir(files.RUN)

    def _say(self, observer: Observer, over: bool = False) -> None:
        progress = observer.progress
        begin = progress.counts_from
        self._add_losses(progress)
        self._add_events(observer.events(self._events))
        status: LiveStatus = {
            "after": progress.after,
            "targets": progress.targets,
            "answering": progress.answering,
            "broken_for": None if begin is None else round(observer.after() - begin, 1),
            "comes_back": progress.returned,
            "over": over,
            "news": self._news,
            "more": self._more,
        }
        if self._said is not None and _changes(self._said) == _changes(status):
            return
        self._said = {**status, "news": list(self._news)}
        self._revision += 1
        handle = self._open("status.new")
        with os.fdopen(handle, "w", encoding="ascii") as stream:
            stream.write(f"{self._revision} {json.dumps(status)}")
        os.replace("status.new", "status", src_dir_fd=self._handle, dst_dir_fd=self._handle)

    def _add_losses(self, progress: Progress) -> None:
        for target, after in list(progress.losses.items())[self._losses :]:
            self._add(after, _in_words(target), "")
        self._losses = len(progress.losses)

    def _add_events(self, events: Sequence[Event]) -> None:
        for event in events:
            process = event["process"]
            if event["kind"] in _NAMED and not (process and process["self"]):
                by = f"{process['name']} (PID {process['pid']})" if process else ""
                self._add(event["after"], event["what"], by)
        self._events += len(events)

    def _add(self, after: float, what: str, by: str) -> None:
        if len(self._news) < NEWS_MAX:
            self._news.append({"after": round(after, 1), "what": clean(what, NEWS_LINE), "by": clean(by, NEWS_LINE)})
        else:
            self._more += 1

    def _to_end(self) -> bool:
        self.others = self.others or self._is_written("others")
        if self._is_written("stop"):
            return True
        heard, now = self._written_at("alive"), time.monotonic()
        if heard != self._heard:
            self._heard, self._read = heard, now
        return self._read is not None and now - self._read > LONELY

    def _is_written(self, name: str) -> bool:
        return os.stat(name, dir_fd=self._handle).st_size > 0

    def _written_at(self, name: str) -> int:
        return os.stat(name, dir_fd=self._handle).st_mtime_ns

    def _open(self, name: str) -> int:
        """Make a file whatever the umask is."""
        handle = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, _MODE, dir_fd=self._handle)
        os.fchmod(handle, _MODE)
        return handle


def remove_when_ended() -> None:
    """Raise SystemExit in this process where a signal would end it at once, and nothing that it has made be removed."""
    for number in (signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, _end)


def _end(*dummy: object) -> None:
    raise SystemExit(1)


def _changes(status: LiveStatus) -> tuple:
    """What is worth reading anew."""
    known = status["broken_for"] is not None
    seen = len(status["news"]), status["more"] > 0, status["over"]
    return status["targets"], status["answering"], known, status["comes_back"], *seen


def _in_words(target: WatchTarget) -> str:
    origin = "/".join(part for part in (target.namespace, target.link) if part)
    kind = KINDS.get(target.kind, "requested")
    return f"no answer from {target.target}{f' to {origin}' if origin else ''} ({kind}, {target.method})"


def _unread() -> bool:
    """Whether whoever started this is gone: the pipe, socket or terminal that it writes its result to is closed."""
    poll = select.poll()
    try:
        poll.register(sys.__stdout__.fileno() if sys.__stdout__ else 1, 0)
        return any(mask & (select.POLLERR | select.POLLHUP) for dummy, mask in poll.poll(0))
    except (OSError, ValueError):
        return False


def _remove_left() -> None:
    """Directories of watches that were killed: whoever lives has a lock on its own."""
    for path in glob.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path)
            finally:
                os.close(handle)
