# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the netlink port id in a notification to the process that asked for the change."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Iterator
from dataclasses import replace

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.netns import OWN
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.namespace import WatchedNamespace
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.record import Budget
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.timeline import ActorData, Attribution

from .process import Process, lives, read
from .seen import SeenProcesses

#: How a process was found; ``known_by`` in the result.
BY_PORT, BY_NETLINK, BY_EVENTS, BY_TRACE = "port id", "/proc/net/netlink", "process events", "trace of the kernel"
#: How a suspect was found.
BY_START = "the only program of its kind that was started just before"
#: libnl and pyroute2 make a port id of the pid in the low 22 bits and a counter above (libnl lib/socket.c).
LIBNL_PID = (1 << 22) - 1
#: Parents of a process that are reported.
PARENTS_MAX = 5
#: Looking through the descriptors of all processes takes 10 ms or more: so often per second, and in one burst.
SEARCH_RATE, SEARCH_BURST = 1, 10
_INIT = 1
#: linux/netlink.h
_NETLINK_ROUTE = "0"

NO_PORT = (
    "the message carries no port id: the kernel did it by itself, or does not say who asked "
    "(links, IPv6 addresses, ioctl)"
)
#: Seconds before such a message in which a program may have been started that asked for it, and how many are reported.
SUSPECT, SUSPECTS_MAX = 1.5, 5
#: Processes that are searched for per second and in one burst. One takes up to 1 ms.
RATE, BURST = 15, 100


@dataclass(frozen=True)
class ProcessAttribution:
    """process: None where it is not known, for the reason in ``unknown``."""

    process: Process | None
    known_by: str = ""
    unknown: str = ""
    parents: tuple[Process, ...] = ()
    suspects: tuple[Process, ...] = ()
    #: Of the message, where its process is not known.
    port: int = 0

    def as_data(self) -> Attribution:
        """The fields of an event."""
        if self.process is None:
            unknown: Attribution = {"process": None, "process_unknown": self.unknown}
            if self.suspects:
                unknown["suspects"] = [{**item.as_data(), "known_by": BY_START} for item in self.suspects]
            if self.port:
                unknown["port"] = self.port
            return unknown
        process: ActorData = {
            **self.process.as_data(),
            "known_by": self.known_by,
            "parents": [item.as_data() for item in self.parents],
            "self": os.getpid() in (self.process.pid, *(item.pid for item in self.parents)),
        }
        return {"process": process, "process_unknown": ""}


class Culprits:
    """table: what is known of processes that may be gone."""

    def __init__(self, table: SeenProcesses) -> None:
        self._table = table
        self._own_network = os.stat(OWN).st_ino
        self._known: dict[tuple[int, int], tuple[Process, str]] = {}
        self._searches = Budget(SEARCH_RATE, SEARCH_BURST)
        self._budget = Budget(RATE, BURST)

    def find(self, port: int, namespace: WatchedNamespace) -> ProcessAttribution:
        """Who uses a port id in a namespace, or did a moment ago."""
        if port == 0:
            return self._started_before(namespace)
        cached = self._cached(port, namespace)
        if cached is None and not self._budget.take(time.monotonic()):
            return ProcessAttribution(
                None, unknown=f"the process of port id {port} was not searched for: too many changes came at once"
            )
        process, known_by = cached or self._resolve(port, namespace)
        if process is None:
            reason = f"port id {port} belongs to no process now"
            why_not = f", and {self._table.why_not}" if self._table.why_not else ""
            return ProcessAttribution(None, unknown=f"{reason}{why_not}", port=port)
        self._known[namespace.inode, port] = process, known_by
        return self.of(process, known_by)

    def _started_before(self, namespace: WatchedNamespace) -> ProcessAttribution:
        """The programs that were started just before a message without a port id."""
        self._table.receive()
        since = time.monotonic() - SUSPECT
        recent = self._table.recent(since, {namespace.inode, self._own_network})
        missed = self._table.missed(since)
        reasons = [NO_PORT]
        if missed:
            reasons.append(f"of {missed} programs that were started within {SUSPECT} s before, only the start was seen")
        elif self._table.why_not:
            reasons.append(self._table.why_not)
        # What this process started itself changes nothing that is of interest.
        others = (item for item in recent if os.getpid() not in self._line(item))
        suspects = tuple(itertools.islice(others, SUSPECTS_MAX))
        return ProcessAttribution(None, unknown="; ".join(reasons), suspects=suspects)

    def of(self, process: Process, known_by: str) -> ProcessAttribution:
        """The same for a process that is known already."""
        return ProcessAttribution(process, known_by, parents=tuple(self._parents(process)))

    def of_trace(self, pid: int, name: str) -> ProcessAttribution | None:
        """A process that the kernel's trace has named; None where this process is it, or started it.

        What is not known of it otherwise is what its parent is. name: empty where the trace has none.
        """
        found = self._table.get(pid)
        if found is None or (name and found.name not in ("", name)):
            # Another process has that number now.
            found = Process(pid)
        found = replace(found, name=found.name or name)
        return None if os.getpid() in self._line(found) else self.of(found, BY_TRACE)

    def _cached(self, port: int, namespace: WatchedNamespace) -> tuple[Process, str] | None:
        known = self._known.get((namespace.inode, port))
        if known is None:
            return None
        return known if lives(known[0]) else None

    def _resolve(self, port: int, namespace: WatchedNamespace) -> tuple[Process | None, str]:
        direct = read(port) if _INIT < port <= LIBNL_PID else None
        if direct and direct.command and (direct.own_pid, direct.network) == (port, namespace.inode):
            return self._table.complete(direct), BY_PORT
        inode = socket_of(namespace.read("netlink"), port)
        for pid in dict.fromkeys((port, port & LIBNL_PID)):
            alive = read(pid) if _INIT < pid <= LIBNL_PID else None
            # A port id is a pid in the PID namespace of its process: in a container another one has that number.
            # One without a command line is a zombie, of which little can be read.
            if alive and alive.command and alive.own_pid == pid and (inode is None or _holds(pid, inode)):
                return self._table.complete(alive), BY_PORT
        ending = None
        if inode is not None and self._searches.take(time.monotonic()):
            # systemd opens the sockets of socket units, such as networkd's, and keeps them open: what is asked through
            # them carries the port id 1, and is asked by the other one that has it open.
            holders = [read(pid) for pid in sorted(_pids()) if _holds(pid, inode)]
            found = user_of([process for process in holders if process])
            if found and found.command:
                return found, BY_NETLINK
            ending = found
        self._table.receive()
        for pid in dict.fromkeys((port, port & LIBNL_PID)):
            remembered = self._table.by_own_pid(pid, namespace.inode)
            if remembered:
                return remembered, BY_EVENTS
        # It is just about to end: its memory is gone and its sockets are not.
        return (ending, BY_NETLINK) if ending else (None, "")

    def _line(self, process: Process) -> set[int]:
        """The pids of a process and its parents."""
        return {process.pid, process.parent, *(item.pid for item in self._parents(process))}

    def _parents(self, process: Process) -> Iterator[Process]:
        """Nearest first, without the init of all."""
        number = process.parent
        for dummy in range(PARENTS_MAX):
            parent = self._table.get(number) if number > 1 else None
            if parent is None:
                return
            yield parent
            number = parent.parent


def socket_of(table: str, port: int) -> int | None:
    """The inode of the rtnetlink socket with a port id, None when none has it now. Pure."""
    for line in table.splitlines()[1:]:
        fields = line.split()  # sk Eth Pid Groups Rmem Wmem Dump Locks Drops Inode
        if len(fields) >= 10 and fields[1] == _NETLINK_ROUTE and int(fields[2]) == port:
            return int(fields[9])
    return None


def user_of(holders: list[Process]) -> Process | None:
    """Who asks through a socket that these processes have open, in the order of their pids: the last one, but neither
    init nor a child of init that has not become another program yet. Pure."""
    init = {item.command for item in holders if item.own_pid == _INIT}
    others = [item for item in holders if item.command not in init]
    return others[-1] if others else next(iter(holders), None)


def _pids() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _holds(pid: int, inode: int) -> bool:
    """Whether a process has a socket open."""
    wanted = f"socket:[{inode}]"
    try:
        for handle in os.listdir(f"/proc/{pid}/fd"):
            try:
                if os.readlink(f"/proc/{pid}/fd/{handle}") == wanted:
                    return True
            except OSError:
                continue
    except OSError:
        pass
    return False
