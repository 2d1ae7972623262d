# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""End a process that does not come to an end by itself, and what it has started, before its work is undone."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterable
from dataclasses import dataclass

from .proc import stat

#: Seconds until a killed process is gone; one that waits for a device (state D) can take longer.
PATIENCE = 5.0
#: How often what a process has started meanwhile is stopped as well.
TURNS = 20


@dataclass(frozen=True)
class RunningModule:
    """started: in clock ticks since boot (proc_pidstat(5), field 22), as a PID is used again."""

    pid: int
    started: int


def myself() -> RunningModule:
    return RunningModule(os.getpid(), stat(os.getpid())[1])


def end(process: RunningModule) -> bool:
    """Stop it and its descendants, so that they start and write nothing more, then kill them; whether all are gone.

    Of a tree that is killed while it grows, what was started meanwhile would live on.
    """
    if stat(process.pid)[1] != process.started:
        return True
    tree = [process]
    for _turn in range(TURNS):
        _send(tree, signal.SIGSTOP)
        grown = [process, *_descendants(process.pid)]
        if set(grown) <= set(tree):
            break
        tree = [*tree, *(one for one in grown if one not in tree)]
    # It ends a stopped process, too (signal(7)).
    _send(tree, signal.SIGKILL)
    deadline = time.monotonic() + PATIENCE
    while any(_alive(one) for one in tree):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _send(tree: Iterable[RunningModule], number: signal.Signals) -> None:
    for one in tree:
        if one.pid != os.getpid() and stat(one.pid)[1] == one.started:
            with contextlib.suppress(OSError):
                os.kill(one.pid, number)


def _descendants(pid: int) -> list[RunningModule]:
    """Without this process: a daemon has left the tree of whoever started it."""
    found: list[RunningModule] = []
    children: dict[int, list[RunningModule]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            parent, started, _state = stat(int(name))
            children.setdefault(parent, []).append(RunningModule(int(name), started))
    todo = [pid]
    while todo:
        below = [child for child in children.get(todo.pop(), []) if child.pid != os.getpid() and child not in found]
        found += below
        todo += [child.pid for child in below]
    return found


def _alive(process: RunningModule) -> bool:
    """A zombie has ended: it only waits for its parent."""
    _parent, started, state = stat(process.pid)
    return started == process.started and state not in "ZX"
