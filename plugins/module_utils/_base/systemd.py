# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of systemd units. Reads only."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterable

from .command import run
from .record import dataclass
from .text import clean_lines

#: Seconds for a unit or a daemon to settle before it is called broken, and the pause between two queries.
SETTLE = 15.0
PAUSE = 0.2
#: Seconds for which an init that ends may still be seen.
ENDING = 10.0
#: Characters of a unit's log in a message.
LOG_MAX = 1000


def version() -> int:
    """The major version: 252 of ``systemd 252 (252.39-1~deb12u2)``. Errors: CommandFailed."""
    found = re.match(r"systemd (\d+)", run(["systemctl", "--version"]).out)
    return int(found.group(1)) if found else 0


def unit_states(names: Iterable[str]) -> dict[str, UnitState]:
    """Enabled and active, by name; a unit that does not exist is neither. Waits for those that are still starting.

    Errors: CommandFailed.
    """
    names = list(names)
    deadline = time.monotonic() + SETTLE
    while names:
        shown = _show(names)
        starting = any(active == "activating" for _enabled, active in shown.values())
        if not starting or time.monotonic() > deadline:
            return {
                name: UnitState(enabled == "enabled", active == "active") for name, (enabled, active) in shown.items()
            }
        time.sleep(PAUSE)
    return {}


@dataclass(frozen=True)
class Enablement:
    """file: UnitFileState, such as enabled, static or disabled; empty where there is no file."""

    file: str = ""
    active: bool = False


def enablement(names: Iterable[str]) -> dict[str, Enablement]:
    """The state of units' files, and whether the units run, by name. Errors: CommandFailed."""
    names = sorted(set(names))
    shown = _show(names) if names else {}
    return {
        name: Enablement(file, active == "active") for name in names for file, active in [shown.get(name, ("", ""))]
    }


def _show(names: list[str]) -> dict[str, tuple[str, str]]:
    """UnitFileState and ActiveState (org.freedesktop.systemd1(5)) by name."""
    shown = run(["systemctl", "show", "--property=Id,ActiveState,UnitFileState", *names]).out
    blocks = [dict(line.split("=", 1) for line in block.splitlines() if "=" in line) for block in shown.split("\n\n")]
    return {block["Id"]: (block.get("UnitFileState", ""), block.get("ActiveState", "")) for block in blocks if block}


def is_active(unit: str) -> bool:
    return run(["systemctl", "is-active", "--quiet", unit], check=False).rc == 0


def check_units(names: list[str]) -> list[str]:
    """What is wrong with units that should be enabled and active, in words. Waits for those that are still starting."""
    states = unit_states(names)
    wanted = UnitState(enabled=True, active=True)
    return [_complaint(name, states.get(name, UnitState())) for name in names if states.get(name) != wanted]


def _complaint(name: str, state: UnitState) -> str:
    if not state.enabled:
        return f"{name} is not enabled, so it would not run at boot"
    log = run(["journalctl", "--no-pager", "--output=cat", "--lines=3", f"--unit={name}"], check=False).out.strip()
    return f"{name} is not active" + (f"; its log: {clean_lines(log, LOG_MAX)}" if log else "")


@dataclass(frozen=True)
class UnitState:
    enabled: bool = False
    active: bool = False


def _namespace_of_init() -> int:
    """Errors: OSError.

    An init that ends has no namespaces any more, and the kernel ends everything else right after that
    (fs/proc/namespaces.c, kernel/pid_namespace.c zap_pid_ns_processes): what would be made until then, as on a host
    without systemd, nothing would undo at boot.
    """
    deadline = time.monotonic() + ENDING
    while True:
        try:
            return os.stat("/proc/1/ns/net").st_ino
        except FileNotFoundError:
            if time.monotonic() > deadline or not os.path.isdir("/proc/1"):
                raise
        time.sleep(PAUSE)


def unfitness() -> str:
    """Why files and units written from here would not serve this host; empty where they do."""
    if not os.path.isdir("/run/systemd/system"):
        # sd_booted(3) asks the same.
        return "systemd is not the init of this host (there is no /run/systemd/system)"
    try:
        same = os.stat("/proc/self/ns/net").st_ino == _namespace_of_init()
    except OSError as error:
        return f"the network namespace of init cannot be read ({error.strerror}), so it may be another one"
    return "" if same else "this is a network namespace of its own: /etc and systemd belong to the machine around it"
