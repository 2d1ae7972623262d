# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One process, as /proc shows it while it lives."""

from __future__ import annotations

import os

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.text import clean
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.timeline import ProcessData

from .command_line import shown

#: The units that a process can belong to (systemd.unit(5)). A slice holds units.
_UNITS = (".service", ".scope", ".socket", ".mount", ".swap")


#: The namespace whose pids /proc shows to us.
_OUR_PIDS = os.stat("/proc/self/ns/pid").st_ino


@dataclass(frozen=True)
class Process:
    """command: its command line, without secrets (`shown`); its environment is never read. pid: in our PID namespace.
    own_pid: in its own, which is the port id of its first netlink socket (net/netlink/af_netlink.c
    netlink_autobind). network: inode of its network namespace, 0 where unknown. started: clock ticks since boot,
    which with the pid identifies it. unit: empty where systemd did not start it.
    """

    pid: int
    parent: int = 0
    name: str = ""
    command: str = ""
    unit: str = ""
    own_pid: int = 0
    network: int = 0
    started: int = 0

    def as_data(self) -> ProcessData:
        return {"pid": self.pid, "name": self.name, "unit": self.unit or None, "command": self.command}


def read(pid: int) -> Process | None:
    """None when it is gone, or was before all was read."""
    try:
        # First what goes first: a process that ends has no command line any more.
        command = shown(_file(pid, "cmdline"))
        name, parent, started = _stat(pid)
        return Process(
            pid,
            parent=parent,
            name=name,
            command=command,
            unit=unit_of(_file(pid, "cgroup")),
            own_pid=pid if _namespace(pid, "pid") in (_OUR_PIDS, 0) else _own_pid(pid),
            network=_namespace(pid, "net"),
            started=started,
        )
    except (OSError, ValueError, IndexError):
        return None


def name_of(pid: int) -> str:
    """Its name alone, empty when it is gone."""
    try:
        return clean(_file(pid, "comm").rstrip("\n"))
    except OSError:
        return ""


def lives(process: Process) -> bool:
    """Whether it is still there: a pid is used again."""
    try:
        return _stat(process.pid)[2] == process.started
    except (OSError, ValueError, IndexError):
        return False


def has_ended(pid: int) -> bool:
    """Whether its memory is gone, and with it the cgroup that it was in."""
    try:
        return not _file(pid, "cmdline")
    except OSError:
        return True


def _stat(pid: int) -> tuple[str, int, int]:
    """Name, parent and start (proc_pid_stat(5), fields 2, 4 and 22)."""
    text = _file(pid, "stat")
    end = text.rindex(")")
    fields = text[end + 2 :].split(None, 20)  # fields[0] is field 3
    return clean(text[text.index("(") + 1 : end]), int(fields[1]), int(fields[19])


def _file(pid: int, name: str) -> str:
    # Without Python's buffering: this runs for every program that is started on the host.
    handle = os.open(f"/proc/{pid}/{name}", os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(handle, 4096).decode(errors="replace")
    finally:
        os.close(handle)


def _own_pid(pid: int) -> int:
    """The last field of NSpid (proc_pid_status(5)); it differs from ours for what runs in a container."""
    for line in _file(pid, "status").splitlines():
        if line.startswith("NSpid:"):
            return int(line.split()[-1])
    return pid


def _namespace(pid: int, kind: str) -> int:
    """The inode, 0 where it may not be seen."""
    try:
        return os.stat(f"/proc/{pid}/ns/{kind}").st_ino
    except OSError:
        return 0


def unit_of(cgroups: str) -> str:
    """The unit in the text of /proc/PID/cgroup (cgroups(7)), from the unified hierarchy or systemd's own. Pure."""
    for line in cgroups.splitlines():
        dummy, controllers, path = [*line.split(":", 2), "", ""][:3]
        if controllers not in ("", "name=systemd"):
            continue
        units = [part for part in path.split("/") if part.endswith(_UNITS)]
        if units:
            return clean(units[-1])
    return ""
