# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts a program between a port and the switch, for what the kernel's bridge and queueing cannot do to frames."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from labkit.segment import SWITCH

from .lab import NamespaceLab

PROGRAM = Path(__file__).with_name("relay_program.py")


def insert(lab: NamespaceLab, port: str, *kind: str) -> None:
    """From now on all frames of a port pass the program. kind: what it does, as the program's arguments."""
    switch, inner, outer = lab.switch, *_ends(port)
    switch.ip("link", "add", inner, "type", "veth", "peer", "name", outer)
    switch.ip("link", "set", inner, "up", "master", SWITCH)
    switch.ip("link", "set", outer, "up", "promisc", "on")
    switch.ip("link", "set", port, "nomaster")
    switch.ip("link", "set", port, "promisc", "on")
    program = switch.start(sys.executable, str(PROGRAM), port, outer, *kind, stdout=subprocess.PIPE)
    assert program.stdout is not None
    assert program.stdout.readline() == "ready\n"


def remove(lab: NamespaceLab, port: str) -> None:
    """Connect the port to the switch directly again."""
    inner, outer = _ends(port)
    for program in [item for item in lab.segment.processes if outer in item.args]:
        lab.segment.end(program)
    lab.switch.ip("link", "delete", inner)
    lab.switch.ip("link", "set", port, "promisc", "off", "master", SWITCH)


def _ends(port: str) -> tuple[str, str]:
    return f"{port}-in", f"{port}-out"
