# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host's first process: its namespaces are the host."""

from __future__ import annotations

from pathlib import Path

from .errors import LabError
from .state import write

#: What a login on a Debian host sets (/etc/login.defs ENV_SUPATH).
ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "USER": "root",
    "LANG": "C.UTF-8",
}


def record(directory: Path, pid: int, role: str = "leader") -> None:
    """Store PID and start time, as a PID alone may be reused. role: leader or supervisor."""
    write(directory / role, f"{pid} {_started(pid)}\n")


def pid(directory: Path, role: str = "leader") -> int | None:
    """PID of the host's first process (or of its supervisor), None when it does not run."""
    try:
        number, started = (directory / role).read_text(encoding="utf-8").split()
    except (FileNotFoundError, ValueError):
        return None
    return int(number) if _started(int(number)) == started else None


def _started(number: int) -> str | None:
    """Start time in clock ticks since boot (proc_pid_stat(5), field 22), None when the process is gone or a zombie."""
    fields = _status(number)
    return None if not fields or fields[0] in "ZX" else fields[19]


def _status(number: int) -> list[str]:
    """The fields of proc_pid_stat(5) from the third (state) on; empty when the process is gone."""
    try:
        return Path(f"/proc/{number}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def child(parent: int) -> int | None:
    """The first child of a process."""
    try:
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="utf-8").split()
    except FileNotFoundError:
        return None
    return int(children[0]) if children else None


def file_system(directory: Path) -> str:
    """The mount namespace that holds the file system of a host of kind netns: that of its first process's parent.

    Errors: LabError when the host does not run.
    """
    return f"/proc/{_status(running(directory))[1]}/ns/mnt"


def running(directory: Path) -> int:
    """PID of the host's first process. Errors: LabError when the host does not run."""
    number = pid(directory)
    if number is None:
        raise LabError(f"{directory.name} does not run. Remedy: `lab status`, then `lab up` again.")
    return number


def enter(directory: Path, clean: bool) -> list[str]:
    """The prefix for a command that runs on the host. clean: with a login's environment, not the caller's.

    Errors: LabError when the host does not run.
    """
    argv = ["nsenter", "--target", str(running(directory)), "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup"]
    if clean:
        argv += ["--", *login()]
    return argv


def login() -> list[str]:
    """The prefix for a command with a login's environment."""
    return ["env", "-i", *(f"{name}={value}" for name, value in ENVIRONMENT.items())]
