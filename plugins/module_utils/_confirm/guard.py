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
from typing import Callable, NoReturn, Protocol

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import busctl as _busctl
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import files as _files
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.clock import utc
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.systemd import unfitness

from . import boot, hung, pending
from .failures import ChangeUndone, GuardFailed
from .files import Tree
from .lock import RunLock
from .pending import PendingChange
from .request import Request
from .session import connection
from .undo import PATIENCE, SHUTDOWN_PATIENCE, Undone

#: Seconds that the longest rollback may take: daemons that hang, and everything that is read again after them.
LONGEST = 120.0

#: proc_pid_oom_score_adj(5): the process that restores a host is not the first to be killed when memory runs out.
OOM_SCORE = "-500"

_DONE, _UNDO = b"d", b"u"

SYSTEMD = ("org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager")


class ChangeSnapshot(Protocol):
    """What is about to be changed, as it was. files: those that a crash would leave changed."""

    files: Tree

    def undo(self, patience: float) -> Undone:
        """Restore it, with so many seconds of patience."""


class Guard:
    """The guard as the module sees it."""

    def __init__(self, request: Request, snapshot: ChangeSnapshot, orders: int, alive: int) -> None:
        self.request = request
        self._snapshot = snapshot
        self._orders = orders
        self._alive = alive

    def complete(self, result: dict[str, object]) -> None:
        """The change is made, and the time for its confirmation begins. Errors: OSError, GuardFailed."""
        result["confirm"] = {"token": self.request.token, "timeout": self.request.timeout}
        # What is confirmed later survives a crash right after that.
        boot.flush(self._snapshot.files)
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


def arm(request: Request, what: list[str], snapshot: ChangeSnapshot, lock: RunLock) -> Guard:
    """Start a guard before the first write. Errors: GuardFailed, and nothing is changed then."""
    lock.describe(request, what)
    module = hung.myself()
    # Read here, as the guard is no descendant of sshd any more.
    change = PendingChange(request.token, request.timeout, connection(), what)
    orders, give_orders = os.pipe()
    alive, stay_alive = os.pipe()
    child = os.fork()
    if child == 0:
        _leave_behind(Duty(request, change, snapshot, module, lock, orders, stay_alive), (give_orders, alive))
    os.waitpid(child, 0)
    os.close(orders)
    os.close(stay_alive)
    answer = os.read(alive, 4096).decode(errors="replace")
    if answer != "ready":
        os.close(give_orders)
        os.close(alive)
        raise GuardFailed(answer or "the process that would undo the change could not be started")
    lock.handed_over = True
    return Guard(request, snapshot, give_orders, alive)


@contextlib.contextmanager
def guarded(
    request: Request, what: list[str], snapshot: Callable[[], ChangeSnapshot], lock: RunLock
) -> Iterator[Guard | None]:
    """Make a change inside, under a guard if one is requested; a change that fails is undone at once.

    lock: of this run, which the guard keeps until the change is confirmed or undone.
    snapshot: reads what is about to be changed; what it returns restores that. Errors: ChangeUndone, GuardFailed.
    """
    if not request.guarded:
        lock.describe(request, what)
        yield None
        return
    try:
        known = snapshot()
    except OSError as error:
        raise GuardFailed(f"what there is could not be recorded, so nothing was changed: {error}") from error
    guard = arm(request, what, known, lock)
    os.environ[hung.MARK] = request.token
    try:
        yield guard
    except GuardFailed:
        raise
    except Exception as error:
        raise ChangeUndone(f"{error} ({guard.undo()})") from error
    finally:
        os.environ.pop(hung.MARK, None)


@dataclass(frozen=True)
class Duty:
    """What the guard knows. module: the process that makes the change. orders, alive: its ends of the two pipes."""

    request: Request
    change: PendingChange
    snapshot: ChangeSnapshot
    module: hung.RunningModule
    lock: RunLock
    orders: int
    alive: int


def _leave_behind(duty: Duty, others: tuple[int, ...]) -> NoReturn:
    """In the child: become a daemon (the two forks of daemon(7)), and never return."""
    try:
        os.setsid()
        if os.fork() == 0:
            for descriptor in others:
                os.close(descriptor)
            _run(duty)
    except BaseException as error:  # noqa: BLE001  (the module reports it, whatever it is)
        with contextlib.suppress(OSError):
            os.write(duty.alive, f"the process that would undo the change could not be started: {error}".encode())
    finally:
        os._exit(0)


def _run(duty: Duty) -> None:
    stopped: list[int] = []
    token = duty.change.token
    _detach(stopped)
    _own_scope(token)
    try:
        pending.begin(duty.change)
    except pending.Busy as error:
        os.write(duty.alive, str(error).encode())
        return
    _record(duty)
    os.write(duty.alive, b"ready")
    try:
        try:
            reason = _wait(duty, stopped)
        except Exception as error:  # noqa: BLE001  (whatever it is: a change without a guard would stay for good)
            reason = f"its guard could not wait for the confirmation ({error})"
        if not reason or not pending.take():
            return
        undone = duty.snapshot.undo(SHUTDOWN_PATIENCE if stopped else PATIENCE)
        _erase(duty, undone)
        at = utc(time.time())
        pending.leave(
            {"token": token, "reason": reason, "at": at, "undone": undone.done, "left": [*undone.left, *undone.lost]}
        )
    finally:
        duty.lock.release()


def _record(duty: Duty) -> None:
    """From here on a crash undoes the change. Errors: OSError.

    Without systemd nothing is started at boot; where /etc is read-only, nothing is there that a crash could keep.
    """
    if unfitness() or _files.unwritable(boot.DIRECTORY):
        return
    try:
        change = duty.change
        boot.write(change.token, change.what, duty.snapshot.files, pending.directory())
    except BaseException:
        with contextlib.suppress(OSError):
            boot.remove()
        pending.withdraw()
        raise


def _erase(duty: Duty, undone: Undone) -> None:
    """The next boot has nothing to undo, but for what could not be undone now."""
    if unfitness() or undone.left:
        return
    try:
        boot.flush(duty.snapshot.files)
        boot.remove(duty.change.token)
    except OSError as error:
        undone.left.append(f"what would undo it at boot could not be removed: {error}")


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


def _wait(duty: Duty, stopped: list[int]) -> str:
    """Why the change is to be undone; empty when it has been confirmed."""
    timeout, made = duty.request.timeout, False
    deadline = time.monotonic() + duty.request.making
    while pending.holds(duty.change.token):
        if stopped:
            return "the guard was stopped before the change was confirmed"
        late = time.monotonic() > deadline
        if late and made:
            return f"no new connection confirmed the change within {timeout} s"
        ready = select.select([] if made else [duty.orders], [], [], 0 if late else pending.PAUSE)[0]
        order = os.read(duty.orders, 1) if ready else None
        if order == _DONE:
            made, deadline = True, time.monotonic() + timeout
        elif order == _UNDO:
            return "the change failed half-way"
        elif order == b"":
            return _ended(None, duty, "the module was ended before the change was complete")
        elif late:
            making = f"{duty.request.making:g} s"
            return _ended(duty.module, duty, f"the change was not complete within {making}, so its module was ended")
    return ""


def _ended(module: hung.RunningModule | None, duty: Duty, why: str) -> str:
    """Why the change is to be undone, once nothing is at work on it: it would write what has just been undone."""
    ended = hung.end(module, duty.change.token)
    return why if ended else f"{why} (PID {duty.module.pid}, or what it started, does not react to SIGKILL)"
