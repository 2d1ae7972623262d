# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs ansible-playbook of this checkout, and notes how long that takes, or how much of the processors."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

from . import ROOT
from .row import timed


def seconds(playbook: Path, inventory: Path, *options: str) -> float:
    """The whole process. Errors: RuntimeError with its output where it fails."""
    command = [str(Path(sys.executable).with_name("ansible-playbook")), "-i", str(inventory), str(playbook), *options]
    environment = {**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1"}
    done: list[subprocess.CompletedProcess[str]] = []
    took = timed(
        lambda: done.append(
            subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True, env=environment)
        )
    )
    if done[0].returncode:
        raise RuntimeError(f"{' '.join(command)}: {done[0].stdout[-4000:]}{done[0].stderr[-2000:]}")
    return took


def processor_seconds(playbook: Path, inventory: Path, *options: str) -> float:
    """Of the whole process and all that it starts on this machine: steadier than time where others work, too."""
    before = _spent()
    seconds(playbook, inventory, *options)
    return _spent() - before


def _spent() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
