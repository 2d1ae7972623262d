# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asking systemd about units. Reads only."""

from __future__ import annotations

import time
from collections.abc import Iterable

from ansible_collections.linuxnet.macvlan.plugins.module_utils._command import run

from .base import UnitState

#: Seconds for a unit or a daemon to settle before it is called broken, and the pause between two looks.
SETTLE = 15.0
PAUSE = 0.2


def version() -> int:
    """The major version: 252 of ``systemd 252 (252.39-1~deb12u2)``. Errors: CommandFailed."""
    words = run(["systemctl", "--version"]).out.split()
    return int("".join(char for char in words[1].split(".")[0] if char.isdigit()) or 0)


def unit_states(names: Iterable[str]) -> dict[str, UnitState]:
    """Enabled and active, by name; a unit that does not exist is neither. Errors: CommandFailed."""
    names = list(names)
    if not names:
        return {}
    shown = run(["systemctl", "show", "--property=Id,ActiveState,UnitFileState", *names]).out
    states = {}
    for block in shown.split("\n\n"):
        values = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        if "Id" in values:
            enabled, active = values.get("UnitFileState"), values.get("ActiveState")
            states[values["Id"]] = UnitState(enabled == "enabled", active == "active")
    return states


def is_active(unit: str) -> bool:
    return run(["systemctl", "is-active", "--quiet", unit], check=False).rc == 0


def check_units(names: list[str]) -> list[str]:
    """What is wrong with units that shall be enabled and active, in words; waits for one that is still starting."""
    deadline = time.monotonic() + SETTLE
    while True:
        states = unit_states(names)
        wrong = [name for name in names if states.get(name) != UnitState(True, True)]
        if not wrong or time.monotonic() > deadline:
            return [_complaint(name, states.get(name, UnitState())) for name in wrong]
        time.sleep(PAUSE)


def _complaint(name: str, state: UnitState) -> str:
    if not state.enabled:
        return f"{name} is not enabled, so it would not run at boot"
    log = run(["journalctl", "--no-pager", "--output=cat", "--lines=3", f"--unit={name}"], check=False).out.strip()
    return f"{name} is not active" + (f"; it says: {log}" if log else "")
