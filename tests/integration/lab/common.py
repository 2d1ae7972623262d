# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Helpers for tests of the lab itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from labkit import state
from labkit.cgroups import hierarchies
from labkit.lab import Lab

ROOT = Path(__file__).resolve().parents[3]
COMMAND = ROOT / "tests" / "lab" / "lab"
TOPOLOGIES = ROOT / "tests" / "lab" / "topologies"


def run_lab(*argv: str) -> subprocess.CompletedProcess:
    return subprocess.run([COMMAND, *argv], capture_output=True, text=True, check=False)


def ansible(lab: Lab, *argv: str) -> subprocess.CompletedProcess:
    program = Path(sys.executable).parent / "ansible"
    return subprocess.run([program, "-i", lab.inventory_path, *argv], capture_output=True, text=True, check=False)


def traces(name: str) -> list[str]:
    """Everything on this machine with the lab's name."""
    mark = f"{state.PREFIX}.{name}"
    folders = [state.ROOT, Path("/run/netns"), Path("/run/systemd/nspawn"), *hierarchies()]
    found = [str(path) for folder in folders for path in folder.rglob("*") if name in str(path)]
    mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()
    found += [line for line in mounts if mark in line or f"/{name}/" in line]
    return (
        found + subprocess.run(["pgrep", "-af", name], capture_output=True, text=True, check=False).stdout.splitlines()
    )
