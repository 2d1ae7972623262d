# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guard: a process that takes a change back unless somebody confirms it.

It is a fork of the module, so everything that it needs is in its memory: no file of the module, no connection, no
network manager and no other process has to be there for it to do its work. Sessions end without it, as it has one of
its own and, under systemd, a scope of its own.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
from collections.abc import Iterator
from typing import Any, Callable, NoReturn

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import busctl as _busctl
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.systemd import unfitness

from . import pending as place
from .request import Request
from .session import connection
from .undo import PATIENCE, SHUTDOWN_PATIENCE, Undo

#: Seconds that the longest way back may take: daemons that hang, and everything that is read again after them.
LONGEST = 120.0

#: proc_pid_oom_score_adj(5): what is to repair a host is not the first to go when memory runs out.
OOM_SCORE = "-500"

_DONE, _UNDO = b"d", b"u"

SYSTEMD = ("org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager")


class GuardFailed(Exception):
    """There is no guard, or not any more; the message says what that means for the change."""


class ChangeUndone(Exception):
    """The change failed and was taken back; the message says both."""


class Guard:
    """The module's end of it."""

    def __init__(self, request: Request, orders: int, alive: int) -> None:
        self.request = request
        self._orders = orders
        self._alive = alive

    def complete(self, result: dict[str, Any]) -> None:
        """The change is made, the time runs; the result says so. Errors: OSError, GuardFailed."""
        result["confirm"] = {"token": self.request.token, "timeout": self.request.timeout}
        place.complete(result)
        try:
            os.write(self._orders, _DONE)
        except OSError as error:
            what = "the change was made, and nothing will undo it any more: its guard does not answer"
            raise GuardFailed(f"{what} ({error})") from error

    def undo(self) -> str:
        """Take the change back now; what came of it, in words."""
        with contextlib.suppress(OSError):
            os.write(self._orders, _UNDO)
        # Its end of the pipe closes when it ends.
        select.select([self._alive], [], [], LONGEST)
        answer = place.confirm(self.request.token, "", 0)
        return place.told(answer.data) if answer.state == "undone" else "what became of the change is not known"


def arm(request: Request, what: list[str], undo: Undo) -> Guard:
    """Start a guard before the first write. Errors: GuardFailed, and nothing is changed then."""
    # The guard is nobody's child any more and could not find it out.
    change = {"token": request.token, "timeout": request.timeout, "connection": connection(), "what": what}
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
    """Make a change inside, under a guard if one is asked for; one that fails is taken back at once.

    snapshot: reads what is about to be touched; what it returns puts that back. Errors: ChangeUndone, GuardFailed.
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


def _leave_behind(change: dict[str, Any], undo: Undo, orders: int, alive: int, others: tuple[int, ...]) -> NoReturn:
    """In the child: become a daemon (the two forks of daemon(7)), and never come back."""
    try:
        os.setsid()
        if os.fork() == 0:
            for descriptor in others:
                os.close(descriptor)
            _run(change, undo, orders, alive)
    except BaseException as error:  # noqa: BLE001  (whatever it is, the module has to hear of it)
        with contextlib.suppress(OSError):
            os.write(alive, f"the process that would undo the change could not be started: {error}".encode())
    finally:
        os._exit(0)


def _run(change: dict[str, Any], undo: Undo, orders: int, alive: int) -> None:
    token, stopped = change["token"], []  # type: str, list[int]
    _detach(stopped)
    _own_scope(token)
    try:
        place.begin({**change, "pid": os.getpid()})
    except place.Busy as error:
        os.write(alive, str(error).encode())
        return
    os.write(alive, b"ready")
    reason = _wait(token, change["timeout"], orders, stopped)
    if not reason or not place.take():
        return
    undone = undo(SHUTDOWN_PATIENCE if stopped else PATIENCE)
    at = time.strftime("%Y-%m-%d %H:%M:%S %z")
    place.leave({"token": token, "reason": reason, "at": at, "undone": undone.done, "left": undone.left})


def _detach(stopped: list[int]) -> None:
    """Nothing of the session is left: its terminal, its pipes, its directory, its signals."""
    # Seen by the one who waits for the change: at a shutdown the host goes back before it goes down.
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
    """A scope of its own (systemd.scope(5)), or logind and sshd's unit would take it along when they end a session.

    Without it the guard works as well for as long as they let it.
    """
    if unfitness():
        return
    name = f"linuxnet-macvlan-confirm-{token}.scope"
    text = "takes a network change back unless it is confirmed"
    properties = ["2", "PIDs", "au", "1", str(os.getpid()), "Description", "s", text, "0"]
    with contextlib.suppress(_busctl.BusError):
        _busctl.call(*SYSTEMD, "StartTransientUnit", "ssa(sv)a(sa(sv))", name, "fail", *properties)


def _wait(token: str, timeout: int, orders: int, stopped: list[int]) -> str:
    """Why the change is to be taken back; empty when it has been confirmed."""
    deadline = None
    while place.holds(token):
        if stopped:
            return "the guard was told to stop before the change was confirmed"
        if deadline is not None and time.monotonic() > deadline:
            return f"no new connection confirmed the change within {timeout} s"
        ready = select.select([orders] if deadline is None else [], [], [], place.PAUSE)[0]
        order = os.read(orders, 1) if ready else None
        if order == _DONE:
            deadline = time.monotonic() + timeout
        elif order == _UNDO:
            return "the change failed half-way"
        elif order == b"":
            return "the module was ended before the change was complete"
    return ""
