# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The processes that ran a moment ago."""

from __future__ import annotations

from collections import OrderedDict

from .process import Process

#: Processes that are remembered.
SIZE = 4096


class Table:
    """why_not: why nothing is learned of processes that live only shortly, empty where it is."""

    def __init__(self, why_not: str = "") -> None:
        self.why_not = why_not
        self._processes: OrderedDict[int, Process] = OrderedDict()

    def put(self, process: Process) -> None:
        self._processes[process.pid] = process
        self._processes.move_to_end(process.pid)
        if len(self._processes) > SIZE:
            self._processes.popitem(last=False)

    def get(self, pid: int) -> Process | None:
        return self._processes.get(pid)

    def by_own_pid(self, pid: int, network: int) -> Process | None:
        """The one whose pid is this in its own PID namespace; one that was last seen in a network namespace, if there
        are several. ``ip -n`` enters one after it was started."""
        found = [item for item in reversed(self._processes.values()) if item.own_pid == pid]
        return next((item for item in found if item.network == network), found[0] if found else None)
