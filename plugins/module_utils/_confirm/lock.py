# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run at a time changes a host: from its first read until its change is confirmed, undone, or found to be none.

What a run plans is true for as long as it holds the lock (flock(2) on a file in /run). Its guard inherits it with the
fork, so the next run reads what the change has become. The kernel frees it when its last holder ends, however that
ends; the file, which names the holder, is removed by that holder and by nobody else.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Iterator, Sequence

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import files as _files
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.clock import utc

from . import pending
from .pending import Busy, busy, current, directory
from .request import MAKING, Request

#: Seconds to wait for another run, besides those for the confirmation of its change: for making and for undoing it.
PATIENCE = MAKING + 60.0


class RunLock:
    """The lock while it is held. handed_over: a guard holds it, too, and removes the file."""

    def __init__(self, path: str, descriptor: int) -> None:
        self._path = path
        self._descriptor = descriptor
        self.handed_over = False

    def describe(self, request: Request, what: Sequence[str] = ()) -> None:
        """For whoever waits. Where /run is full it says nothing."""
        about = {
            "pid": os.getpid(), "token": request.token, "since": utc(time.time()), "timeout": request.timeout,
            "what": list(what)[:20],
        }  # fmt: skip
        with contextlib.suppress(OSError):
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, json.dumps(about).encode(), 0)

    def release(self) -> None:
        """Remove the file while it is still locked: whoever waits for this one sees that it is not the present one."""
        with contextlib.suppress(OSError):
            if _is(self._descriptor, self._path):
                _files.remove(self._path, prune=os.path.dirname(pending.BASE))
        self.close()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            os.close(self._descriptor)


@contextlib.contextmanager
def held(request: Request) -> Iterator[RunLock]:
    """Errors: Busy where another run does not end in time, or where no lock can be made."""
    try:
        lock = _acquire(request)
    except OSError as error:
        what = f"no other run can be kept off this host, as its lock cannot be made ({error}); nothing was changed"
        raise Busy(f"{what}. Remedy: make {pending.BASE} writable") from error
    try:
        lock.describe(request)
        yield lock
    finally:
        if lock.handed_over:
            lock.close()
        else:
            lock.release()


def _acquire(request: Request) -> RunLock:
    path = f"{os.path.dirname(directory())}/lock"
    began = time.monotonic()
    while True:
        descriptor = _files.despite_pruning(lambda: _open(path))
        if _locked(descriptor) and _is(descriptor, path):
            return RunLock(path, descriptor)
        about = _about(descriptor)
        os.close(descriptor)
        if time.monotonic() - began > _limit(about, request):
            raise Busy(_holder(about))
        time.sleep(pending.PAUSE)


def _open(path: str) -> int:
    _files.make_directories(os.path.dirname(path), 0o700, repaired=False)
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is(descriptor: int, path: str) -> bool:
    """Whether the file is still there: the last holder has removed it where it has waited for that one."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path, follow_symlinks=False))
    except FileNotFoundError:
        return False


def _about(descriptor: int) -> dict:
    try:
        about = json.loads(os.pread(descriptor, 1 << 16, 0) or b"{}")
    except (OSError, ValueError):
        return {}
    return about if isinstance(about, dict) else {}


def _limit(about: dict, request: Request) -> float:
    """No longer than the controller waits for this run (see plugin_utils/_confirm)."""
    timeout = about.get("timeout")
    other = float(timeout) if isinstance(timeout, (int, float)) and 0 <= timeout < 1e6 else 0.0
    return PATIENCE + (min(other, 2.0 * request.timeout) if request.guarded else other)


def _holder(about: dict) -> str:
    if current() is not None:
        return busy()
    what = "; ".join(str(item) for item in about.get("what") or []) or "it has not said yet what it changes"
    token = f", token {about['token']}" if about.get("token") else ""
    who = f"PID {about.get('pid')}{token}, since {about.get('since')}: {what}" if about else "it has just begun"
    return f"another run changes this host ({who}); nothing was changed. Remedy: wait for its end, or end it"
