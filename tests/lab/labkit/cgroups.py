# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Control groups of the hosts of kind nspawn: each has its own in every hierarchy, so that no two share units.

They also identify the processes of a lab after a crash.
"""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

from . import state
from .netns import kill


def hierarchies() -> list[Path]:
    """Mount points of control group hierarchies, version 1 and 2 (proc_pid_mountinfo(5))."""
    found = []
    for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines():
        fields, dummy, source = line.partition(" - ")
        if source.split()[0] in ("cgroup", "cgroup2"):
            found.append(Path(fields.split()[4]))
    return found


def enter(lab: str, host: str) -> None:
    """Move this process into the host's own groups; skip a hierarchy that refuses (cpuset without CPUs)."""
    for root in hierarchies():
        group = root / f"{state.PREFIX}.{lab}" / host
        with contextlib.suppress(OSError):
            group.mkdir(parents=True, exist_ok=True)
            (group / "cgroup.procs").write_text(str(os.getpid()), encoding="utf-8")


def remove(lab: str, host: str | None = None) -> None:
    """End every process of a lab or of one of its hosts, and remove the groups."""
    roots = [root / f"{state.PREFIX}.{lab}" / (host or "") for root in hierarchies()]
    for dummy in range(50):
        kill([pid for root in roots for pid in _members(root)])
        if not any(_pruned(root) for root in roots):
            return
        time.sleep(0.1)


def names() -> set[str]:
    """Labs that have groups."""
    return {path.name.split(".")[1] for root in hierarchies() for path in root.glob(f"{state.PREFIX}.*")}


def _members(root: Path) -> set[int]:
    found: set[int] = set()
    for procs in root.rglob("cgroup.procs"):
        with contextlib.suppress(OSError):
            found.update(int(pid) for pid in procs.read_text(encoding="utf-8").split())
    return found - {0}


def _pruned(root: Path) -> bool:
    """Remove a group and those below it; whether something is left."""
    for folder in sorted((path for path in root.rglob("*") if path.is_dir()), reverse=True):
        with contextlib.suppress(OSError):
            folder.rmdir()
    with contextlib.suppress(OSError):
        root.rmdir()
    return root.exists()
