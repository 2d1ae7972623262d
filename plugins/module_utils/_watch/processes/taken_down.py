# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which process takes links down, or deletes them: their notifications carry no port id.

The kernel resets the queueing discipline of the link on the way, in that process, and its trace has both (tracepoint
``qdisc:qdisc_reset``, Linux 5.9, net/sched/sch_generic.c dev_deactivate_many). Pure.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any, cast

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.text import clean
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.state import DELETE
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.timeline import Event

EVENT = "qdisc/qdisc_reset"
#: Links that are remembered, and moments of each.
LINKS, SIZE = 1024, 16
#: Seconds by which a change may be noted before the trace of it, and for which its notification may wait.
EARLY, WAITS = 0.05, 1.5
#: Seconds within which two processes take down links of one name, in two network namespaces: it is either of them.
CLOSE = 0.1
#: Also where a cable is pulled out, or a network namespace ends: the kernel itself.
KERNEL = "kworker/"
#: A name that the trace does not remember.
NAMELESS = "<...>"
#: How a line of the trace begins: command, pid and moment.
HEAD = r"^ *(.{1,16})-(\d+) +(?:\([^)]*\) +)?\[\d+\] \S+ +(\d+\.\d+): "
_LINE = re.compile(HEAD + r"qdisc_reset: dev=(\S{1,15}) kind=")


def actor(line: re.Match[str]) -> tuple[float, int, str] | None:
    """Moment, pid and name, empty where not known, of a line that begins with HEAD; None for the kernel itself."""
    if line[1].startswith(KERNEL):
        return None
    return float(line[3]), int(line[2]), "" if line[1] == NAMELESS else clean(line[1])


class TakenDown:
    """When (time.monotonic) which process reset the queues of a link, by the link's name in any namespace."""

    def __init__(self) -> None:
        self._found: dict[str, deque[tuple[float, int, str]]] = {}

    def take(self, lines: Iterable[str]) -> None:
        for line in lines:
            found = _LINE.search(line)
            by = actor(found) if found is not None else None
            if found is None or by is None:
                continue
            if found[4] in self._found or len(self._found) < LINKS:
                known = self._found.setdefault(found[4], deque(maxlen=SIZE))
                # One for each queue of the link.
                if not known or known[-1][1] != by[1] or by[0] - known[-1][0] > CLOSE:
                    known.append(by)

    def process(self, event: Event, moment: float) -> tuple[int, str] | None:
        """Pid and name, if known, of the one that took down the link of an event, noted at a moment; None where that is
        another event, or not known."""
        if not _goes_down(event):
            return None
        known = [item for item in self._found.get(event["link"], ()) if moment - WAITS <= item[0] <= moment + EARLY]
        if not known:
            return None
        last, pid, name = known[-1]
        alone = all(item[1] == pid for item in known if last - item[0] <= CLOSE)
        return (pid, name) if alone else None


def _goes_down(event: Event) -> bool:
    if event["kind"] != "link":
        return False
    changed = cast(Mapping[str, Any], event["data"]).get("changed") or {}
    return event["action"] == DELETE or changed.get("up") == [True, False]
