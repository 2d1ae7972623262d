# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which processes changed a link's MAC, MTU or flags: their notifications carry no port id.

The kernel announces such a change to its own parts in the process that asked for it, and its trace has the process and
the moment, not the link (tracepoint ``notifier:notifier_run``, include/trace/events/notifier.h, seen in Linux 6.18).
One of its parts is ``rtnetlink_event`` (net/core/rtnetlink.c), which sends the notification. Pure.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.state import CHANGE
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.timeline import Event

from .taken_down import HEAD, actor

EVENT, CONDITION = "notifier/notifier_run", "cb.function == rtnetlink_event"
#: Runs of changes by one process that are remembered, and seconds between two changes of one run.
SIZE, RUN = 4096, 0.01
#: Seconds by which the kernel notes that a process changes a link after its notification, at most.
LATE = 0.01
#: What only a process changes; what follows from a carrier is changed by the kernel.
_ASKED_FOR = frozenset(("name", "mac", "mtu", "arp", "master", "mode", "bcqueuelen"))
_LINE = re.compile(HEAD + r"notifier_run: rtnetlink_event\b")


class ChangedLinks:
    """From when to when (time.monotonic) which process changed links, in any network namespace."""

    def __init__(self) -> None:
        self._found: deque[tuple[float, float, int, str]] = deque(maxlen=SIZE)

    def take(self, lines: Iterable[str]) -> None:
        for line in lines:
            found = _LINE.search(line)
            by = actor(found) if found is not None else None
            if by is None:
                continue
            moment, pid, name = by
            if self._found and self._found[-1][2] == pid and moment - self._found[-1][1] < RUN:
                began, _ended, _pid, known = self._found.pop()
                self._found.append((began, moment, pid, known or name))
            else:
                self._found.append((moment, moment, pid, name))

    def processes(self, event: Event, since: float, moment: float) -> dict[int, str]:
        """Pids and names, empty where not known, of those that may have asked for an event that was noted at a moment,
        and had not come by another: the last one first. Empty where that is another event, or there is no trace."""
        return dict(self._between(since, moment + LATE)) if _is_asked_for(event) else {}

    def _between(self, since: float, until: float) -> Iterator[tuple[int, str]]:
        for began, ended, pid, name in reversed(self._found):
            if ended >= since and began <= until:
                yield pid, name


def _is_asked_for(event: Event) -> bool:
    if event["kind"] != "link" or event["action"] != CHANGE:
        return False
    changed = cast(Mapping[str, Any], event["data"]).get("changed") or {}
    return not _ASKED_FOR.isdisjoint(changed)
