# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""End what a module has started, and a module that does not come to an end by itself, before its work is undone."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterable

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import files as _files
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass

from .proc import stat

#: Seconds until a killed process is gone; one that waits for a device (state D) can take longer.
PATIENCE = 5.0
#: In the environment of each program that a module starts while it makes a change: the change's token. The parent of a
#: program whose module was killed is another one.
MARK = "LINUXNET_MACVLAN_CHANGE"
#: Octets of an environment that are read; execve(2) takes more of one only where a limit was raised.
_ENVIRONMENT = 1 << 21
#: How often what a process has started meanwhile is stopped as well.
TURNS = 20


@dataclass(frozen=True)
class RunningModule:
    """started: in clock ticks since boot (proc_pidstat(5), field 22), as a PID is used again."""

    pid: int
    started: int


def myself() -> RunningModule:
    return RunningModule(os.getpid(), stat(os.getpid())[1])


def end(process: RunningModule | None, token: str) -> bool:
    """Stop it and what was started for the change, so that they start and write nothing more, then kill them; whether
    all are gone. process: None where it has ended already.

    Of a tree that is killed while it grows, what was started meanwhile would live on.
    """
    tree: list[RunningModule] = []
    for _turn in range(TURNS):
        _send(tree, signal.SIGSTOP)
        roots = [*([process] if process else []), *_marked(token)]
        grown = [one for root in roots if _alive(root) for one in (root, *_descendants(root.pid))]
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


def _marked(token: str) -> list[RunningModule]:
    """The programs that were started for a change."""
    wanted = f"{MARK}={token}"
    pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    return [
        RunningModule(pid, stat(pid)[1])
        for pid in pids
        if pid != os.getpid() and wanted in _files.read_start(f"/proc/{pid}/environ", _ENVIRONMENT).split("\0")
    ]


def _alive(process: RunningModule) -> bool:
    """A zombie has ended: it only waits for its parent."""
    _parent, started, state = stat(process.pid)
    return started == process.started and state not in "ZX"
