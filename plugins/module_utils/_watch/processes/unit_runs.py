# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The unit whose process made a change and ended: by what systemd remembers of the last run of each service.

A timer's service runs for milliseconds. Where there are no process events, its process is gone when the notification of
its change is read; the port id in that is a pid, and systemd keeps the pid and the times of each main process.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.command import CommandFailed, run
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.text import clean
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.timeline import Event, SuspectData

from .culprit import LIBNL_PID

#: ``known_by`` in the result.
BY_MAIN_PID, BY_TIME = "main process of the unit", "the only unit that ran at that moment"
#: Seconds around a run within which its changes are read.
SLACK = 0.2
_RUNTIME = "/run/systemd/system"
_PROPERTIES = "Id,ExecMainPID,ExecMainStartTimestampMonotonic,ExecMainExitTimestampMonotonic,ExecStart"


@dataclass(frozen=True)
class UnitRun:
    """The last run of a service. started, ended: seconds (time.monotonic); ended: None while it runs."""

    unit: str
    pid: int
    program: str
    started: float
    ended: float | None


def attribute(events: Iterable[Event], begin: float) -> None:
    """Add who is suspected to events whose process had ended. begin: of the watch (time.monotonic)."""
    unknown = [event for event in events if event.get("port") and not event.get("suspects")]
    if not unknown or not os.path.isdir(_RUNTIME):
        return
    try:
        # Without --all a pattern leaves out what is not active any more.
        shown = run(["systemctl", "show", "--all", f"--property={_PROPERTIES}", "*.service"], timeout=5).out
    except CommandFailed:
        return
    known = parse(shown)
    for event in unknown:
        found = suspect(known, event["port"], begin + event["after"])
        if found is not None:
            event["suspects"] = [found]


def parse(text: str) -> list[UnitRun]:
    """What ``systemctl show`` prints of services. Pure."""
    found = []
    for block in text.split("\n\n"):
        values = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        started = _seconds(values.get("ExecMainStartTimestampMonotonic", ""))
        pid = values.get("ExecMainPID", "")
        if started is None or not pid.isdigit() or not values.get("Id"):
            continue
        # { path=/usr/sbin/ip ; argv[]=… }
        program = values.get("ExecStart", "").partition("path=")[2].split(" ", 1)[0].rsplit("/", 1)[-1]
        ended = _seconds(values.get("ExecMainExitTimestampMonotonic", ""))
        running = ended is not None and ended < started
        found.append(UnitRun(clean(values["Id"]), int(pid), clean(program), started, None if running else ended))
    return found


def suspect(known: Iterable[UnitRun], port: int, moment: float) -> SuspectData | None:
    """Whose process a port id was at a moment (time.monotonic). None where none fits, or several do. Pure."""
    fitting = [
        item for item in known
        if item.started - SLACK <= moment and (item.ended is None or moment <= item.ended + SLACK)
    ]  # fmt: skip
    main = [item for item in fitting if item.pid in (port, port & LIBNL_PID)]
    # What still runs is a daemon, and its process would have been found.
    ended = [item for item in fitting if item.ended is not None]
    chosen = main or ended
    if len(chosen) != 1:
        return None
    item = chosen[0]
    return {
        "pid": item.pid if main else port,
        "name": item.program if main else "",
        "unit": item.unit,
        "command": "",
        "known_by": BY_MAIN_PID if main else BY_TIME,
    }


def _seconds(text: str) -> float | None:
    return int(text) / 1e6 if text.isdigit() and int(text) else None
