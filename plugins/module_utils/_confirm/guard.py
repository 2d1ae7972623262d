# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guard: a process that undoes a change unless it is confirmed.

It is a fork of the module, so that everything it needs is in its memory: it depends on no file of the module, no
connection, no network manager and no other process. It survives the end of the SSH session, as it has a session of its
own and, under systemd, a scope of its own.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
from collections.abc import Iterator
from typing import Callable, NoReturn

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import busctl as _busctl
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.clock import utc
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.systemd import unfitness

from . import pending
from .pending import PendingChange
from .request import Request
from .session import connection
from .undo import PATIENCE, SHUTDOWN_PATIENCE, Undo

#: Seconds that the longest rollback may take: daemons that hang, and everything that is read again after them.
LONGEST = 120.0

#: proc_pid_oom_score_adj(5): the process that restores a host is not the first to be killed when memory runs out.
OOM_SCORE = "-500"

_DONE, _UNDO = b"d", b"u"

SYSTEMD = ("org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager")


class GuardFailed(Exception):
    """There is no guard, or no longer; the message says what that means for the change."""


class ChangeUndone(Exception):
    """The change failed and was undone; the message says both."""


class Guard:
    """The guard as the module sees it."""

    def __init__(self, request: Request, orders: int, alive: int) -> None:
        self.request = request
        self._orders = orders
        self._alive = alive

    def complete(self, result: dict[str, object]) -> None:
        """The change is made, and the time for its confirmation begins. Errors: OSError, GuardFailed."""
        result["confirm"] = {"token": self.request.token, "timeout": self.request.timeout}
        pending.complete(result)
        try:
            os.write(self._orders, _DONE)
        except OSError as error:
            what = "the change was made, and nothing will undo it any more: its guard does not answer"
            raise GuardFailed(f"{what} ({error})") from error

    def undo(self) -> str:
        """Undo the change now; the outcome, in words."""
        with contextlib.suppress(OSError):
            os.write(self._orders, _UNDO)
        # Its end of the pipe closes when it ends.
        select.select([self._alive], [], [], LONGEST)
        answer = pending.confirm(self.request.token, "", 0)
        return pending.describe(answer.data) if answer.state == "undone" else "what became of the change is not known"


def arm(request: Request, what: list[str], undo: Undo) -> Guard:
    """Start a guard before the first write. Errors: GuardFailed, and nothing is changed then."""
    # Read here, as the guard is no descendant of sshd any more.
    change = PendingChange(request.token, request.timeout, connection(), what)
    orders, give_orders = os.pipe()
    alive, stay_alive = os.pipe()
    child = os.fork()
    if child == 0:
        _leave_behind(change, undo, orders, stay_alive, (give_orders, alive))
    os.waitpid(child, 0)
    os.close(orders)
    os.close(stay_alive)
    answer = os.read(alive, 4096).decode(errors="replace")
    if answer != "ready":
        os.close(give_orders)
        os.close(alive)
        raise GuardFailed(answer or "the process that would undo the change could not be started")
    return Guard(request, give_orders, alive)


@contextlib.contextmanager
def guarded(request: Request, what: list[str], snapshot: Callable[[], Undo]) -> Iterator[Guard | None]:
    """Make a change inside, under a guard if one is requested; a change that fails is undone at once.

    snapshot: reads what is about to be changed; what it returns restores that. Errors: ChangeUndone, GuardFailed.
    """
    if not request.guarded:
        yield None
        return
    guard = arm(request, what, snapshot())
    try:
        yield guard
    except GuardFailed:
        raise
    except Exception as error:
        raise ChangeUndone(f"{error} ({guard.undo()})") from error


def _leave_behind(change: PendingChange, undo: Undo, orders: int, alive: int, others: tuple[int, ...]) -> NoReturn:
    """In the child: become a daemon (the two forks of daemon(7)), and never return."""
    try:
        os.setsid()
        if os.fork() == 0:
            for descriptor in others:
                os.close(descriptor)
            _run(change, undo, orders, alive)
    except BaseException as error:  # noqa: BLE001  (the module reports it, whatever it is)
        with contextlib.suppress(OSError):
            os.write(alive, f"the process that would undo the change could not be started: {error}".encode())
    finally:
        os._exit(0)


def _run(change: PendingChange, undo: Undo, orders: int, alive: int) -> None:
    token, stopped = change.token, []  # type: str, list[int]
    _detach(stopped)
    _own_scope(token)
    try:
        pending.begin(change)
    except pending.Busy as error:
        os.write(alive, str(error).encode())
        return
    os.write(alive, b"ready")
    reason = _wait(token, change.timeout, orders, stopped)
    if not reason or not pending.take():
        return
    undone = undo(SHUTDOWN_PATIENCE if stopped else PATIENCE)
    at = utc(time.time())
    pending.leave({"token": token, "reason": reason, "at": at, "undone": undone.done, "left": undone.left})


def _detach(stopped: list[int]) -> None:
    """Detach from the session: from its terminal, its pipes, its directory, its signals."""
    # `_wait` checks it: at a shutdown the host undoes the change first.
    signal.signal(signal.SIGTERM, lambda number, _frame: stopped.append(number))
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGALRM):
        signal.signal(number, signal.SIG_IGN)
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    os.close(null)
    os.chdir("/")
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as stream:
        stream.write(OOM_SCORE)


def _own_scope(token: str) -> None:
    """A scope of its own (systemd.scope(5)), or logind and sshd's unit would kill it when they end a session.

    Without it the guard works until then.
    """
    if unfitness():
        return
    name = f"linuxnet-macvlan-confirm-{token}.scope"
    text = "undoes a network change unless it is confirmed"
    properties = ["2", "PIDs", "au", "1", str(os.getpid()), "Description", "s", text, "0"]
    with contextlib.suppress(_busctl.BusError):
        _busctl.call(*SYSTEMD, "StartTransientUnit", "ssa(sv)a(sa(sv))", name, "fail", *properties)


def _wait(token: str, timeout: int, orders: int, stopped: list[int]) -> str:
    """Why the change is to be undone; empty when it has been confirmed."""
    deadline = None
    while pending.holds(token):
        if stopped:
            return "the guard was stopped before the change was confirmed"
        if deadline is not None and time.monotonic() > deadline:
            return f"no new connection confirmed the change within {timeout} s"
        ready = select.select([orders] if deadline is None else [], [], [], pending.PAUSE)[0]
        order = os.read(orders, 1) if ready else None
        if order == _DONE:
            deadline = time.monotonic() + timeout
        elif order == _UNDO:
            return "the change failed half-way"
        elif order == b"":
            return "the module was ended before the change was complete"
    return ""
