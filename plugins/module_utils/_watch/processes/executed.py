# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs that ended before /proc could be read: the kernel's trace has noted what they were, and when they ended.

``sched_process_exec`` has the path and the pid, and is written by the program itself before it does anything. Pure.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterable, Mapping

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.text import clean
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.timeline import Event

from .changed_links import ChangedLinks
from .culprit import BY_TRACE, LIBNL_PID, NO_PORT, SUSPECT, SUSPECTS_MAX, Culprits
from .looks import Looks
from .seen import PROGRAMS
from .taken_down import EARLY, TakenDown

#: Programs that are remembered.
SIZE = 4096
#: Seconds after which a change is another one's: what lives longer was read in /proc.
LIVES = 3.0
#: Seconds for which a notification may wait until it is read, after its program has ended.
LATE = 0.1

EXEC, EXIT = "sched/sched_process_exec", "sched/sched_process_exit"
#: Of the trace (Documentation/trace/events.rst, 5.1): the programs that can change the network.
FILTERS = {
    EXEC: " || ".join(f'filename ~ "*/{name}"' for name in sorted(PROGRAMS)),
    EXIT: " || ".join(f'comm == "{name}"' for name in sorted(PROGRAMS)),
}
_EXEC = re.compile(r" (\d+\.\d+): sched_process_exec: filename=(\S+) pid=(\d+) old_pid=\d+")
_EXIT = re.compile(r" (\d+\.\d+): sched_process_exit: comm=.{1,15} pid=(\d+) ")


class ExecutedPrograms:
    """What was executed when, and until when (time.monotonic; None: it may run on), by pid: the last one of each."""

    def __init__(self) -> None:
        self._found: OrderedDict[int, tuple[float, str, float | None]] = OrderedDict()

    def take(self, lines: Iterable[str]) -> None:
        for line in lines:
            found = _EXEC.search(line)
            if found is not None:
                self._found[int(found[3])] = float(found[1]), clean(found[2].rsplit("/", 1)[-1], 15), None
                self._found.move_to_end(int(found[3]))
                if len(self._found) > SIZE:
                    self._found.popitem(last=False)
                continue
            ended = _EXIT.search(line)
            if ended is not None and int(ended[2]) in self._found:
                began, name, _none = self._found[int(ended[2])]
                self._found[int(ended[2])] = began, name, float(ended[1])

    def name(self, pid: int, moment: float) -> str:
        """Of the program that a process was at a moment, empty where it was none of them."""
        began, name, _ended = self._found.get(pid, (0.0, "", None))
        return name if began - EARLY <= moment <= began + LIVES else ""

    def _running(self, moment: float) -> dict[int, str]:
        """Those that may have asked for what was noted at a moment, the last one first."""
        running: dict[int, str] = {}
        for pid, (began, name, ended) in reversed(self._found.items()):
            if began < moment - SUSPECT:
                break
            if began - EARLY <= moment and (ended is None or moment <= ended + LATE):
                running[pid] = name
        return running

    def complete(
        self,
        events: Iterable[Event],
        begin: float,
        down: TakenDown,
        links: ChangedLinks,
        looks: Looks,
        culprits: Culprits,
    ) -> None:
        """Name the processes of events that have no name, or are known by their port id alone, or by what the kernel
        did in them; and of those that are suspected, the ones that lived at that moment. begin: of the watch; looks:
        when it looked for notifications."""
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
                continue
            taker, comm = down.process(event, moment) or (0, "")
            actor = culprits.of_trace(taker, comm or self.name(taker, moment)) if taker else None
            if actor is not None:
                event.update(actor.as_data())
                event.pop("suspects", None)
            elif event["process_unknown"].startswith(NO_PORT) and not self._traced(
                event, links.processes(event, looks.before(moment), moment), moment, culprits
            ):
                self._narrow(event, self._running(moment), culprits)

    def _traced(self, event: Event, changers: Mapping[int, str], moment: float, culprits: Culprits) -> bool:
        """Name the process that changed a link at that moment, or suspect the few; False where none is known."""
        found = {pid: comm or self.name(pid, moment) for pid, comm in changers.items()}
        actors = [actor for pid, name in found.items() for actor in [culprits.of_trace(pid, name)] if actor]
        if len(actors) == 1:
            event.update(actors[0].as_data())
            event.pop("suspects", None)
        elif actors:
            event["suspects"] = [item for item in event.get("suspects", []) if item["pid"] in found]
            self._narrow(event, found, culprits)
        return bool(actors)

    def _narrow(self, event: Event, running: Mapping[int, str], culprits: Culprits) -> None:
        """Suspects that had ended, or had not begun, are none; those that nobody has read are some."""
        read = {item["pid"]: item for item in event.get("suspects", [])}
        found = [item for pid, item in read.items() if pid in running or pid not in self._found]
        for pid in running:
            unread = culprits.of_trace(pid, running[pid]) if pid not in read else None
            if unread is not None and unread.process is not None:
                found.append({**unread.process.as_data(), "known_by": BY_TRACE})
        if found:
            event["suspects"] = found[:SUSPECTS_MAX]
