# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs that ended before /proc could be read: the kernel's trace has noted what they were. Pure.

``sched_process_exec`` has the path and the pid, and is written by the program itself before it does anything.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterable

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.text import clean
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.timeline import Event

from .culprit import LIBNL_PID
from .seen import PROGRAMS

#: ``known_by`` in the result.
BY_TRACE = "trace of the kernel"
#: Programs that are remembered.
SIZE = 4096
#: Seconds by which a change may be noted before the program that made it, and after which it is another one's: what
#: lives longer was read in /proc.
EARLY, LIVES = 0.05, 3.0

EVENT = "sched/sched_process_exec"
#: Of the trace (Documentation/trace/events.rst, 5.1): the programs that can change the network.
FILTER = " || ".join(f'filename ~ "*/{name}"' for name in sorted(PROGRAMS))
_LINE = re.compile(r" (\d+\.\d+): sched_process_exec: filename=(\S+) pid=(\d+) old_pid=\d+")


class ExecutedPrograms:
    """What was executed when (time.monotonic), by pid: the last one of each."""

    def __init__(self) -> None:
        self._found: OrderedDict[int, tuple[float, str]] = OrderedDict()

    def take(self, lines: Iterable[str]) -> None:
        for line in lines:
            found = _LINE.search(line)
            if found is None:
                continue
            pid = int(found[3])
            self._found[pid] = float(found[1]), clean(found[2].rsplit("/", 1)[-1], 15)
            self._found.move_to_end(pid)
            if len(self._found) > SIZE:
                self._found.popitem(last=False)

    def name(self, pid: int, moment: float) -> str:
        """Of the program that a process was at a moment, empty where it was none of them."""
        began, name = self._found.get(pid, (0.0, ""))
        return name if began - EARLY <= moment <= began + LIVES else ""

    def complete(self, events: Iterable[Event], begin: float) -> None:
        """Name the processes of events that have no name, or are known by their port id alone. begin: of the watch."""
        for event in events:
            process, moment = event["process"], begin + event["after"]
            if process is not None:
                if not process["name"]:
                    process["name"] = self.name(process["pid"], moment)
                continue
            pid = event.get("port", 0) & LIBNL_PID
            name = self.name(pid, moment) if pid and not event["namespace"] else ""
            if name:
                event["process"] = {
                    "pid": pid, "name": name, "unit": None, "command": "", "known_by": BY_TRACE, "parents": [],
                    "self": False,
                }  # fmt: skip
                event["process_unknown"] = ""
