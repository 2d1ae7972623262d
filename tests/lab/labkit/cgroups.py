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
    for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape").splitlines():
        fields, dummy, source = line.partition(" - ")
        if source.split()[0] in ("cgroup", "cgroup2"):
            found.append(Path(fields.split()[4]))
    return found


#: A cpuset of version 1 accepts no process before it has both (cpuset(7)).
CPUSET = ("cpuset.cpus", "cpuset.mems")

#: Moves the shell into the groups whose files are given up to `--`, and becomes the program after it.
JOIN = 'while [ "$1" != -- ]; do echo 0 > "$1"; shift; done; shift; exec "$@"'


def enter(lab: str, host: str) -> None:
    """Move this process into the host's own groups; skip a hierarchy that refuses (one that is mounted read-only)."""
    for group in _groups(lab, host):
        with contextlib.suppress(OSError):
            for made in (group.parent, group):
                made.mkdir(exist_ok=True)
                _copy_cpuset(made)
            (group / "cgroup.procs").write_text(str(os.getpid()), encoding="utf-8")


def joined(lab: str, host: str) -> list[str]:
    """The prefix for a command that runs in the host's own groups, like everything that the host starts itself.

    systemd-nspawn makes a group ``payload`` for the host where it has one for itself beside it.
    """
    inner = [group / "payload" if (group / "payload").exists() else group for group in _groups(lab, host)]
    return ["sh", "-c", JOIN, "sh", *(str(group / "cgroup.procs") for group in inner if group.exists()), "--"]


def _groups(lab: str, host: str) -> list[Path]:
    return [root / f"{state.PREFIX}.{lab}" / host for root in hierarchies()]


def _copy_cpuset(group: Path) -> None:
    for file, above in ((group / name, group.parent / name) for name in CPUSET):
        if file.exists() and above.exists() and not file.read_text(encoding="utf-8").strip():
            file.write_text(above.read_text(encoding="utf-8"), encoding="utf-8")


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
