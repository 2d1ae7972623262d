# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The processes that were started during the watch, also those that lived for milliseconds."""

from __future__ import annotations

import selectors
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeVar

from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.record import Budget

from .connector import EXEC, ProcessEvents, Unavailable
from .process import Process, has_ended, name_of, read

T = TypeVar("T")

#: Processes that are remembered, and forks.
SIZE = 4096
#: Programs of which all of /proc is read per second and in one burst. One takes about 200 us; of the rest only the name
#: is read, in 20 us, and the parent is known. `PROGRAMS` have room of their own: whatever else starts, they are known.
RATE, BURST = 50, 200
PROGRAMS_RATE, PROGRAMS_BURST = 150, 400
#: Events that are processed per second and in one burst. One takes about 10 us.
EVENTS_RATE, EVENTS_BURST = 500, 4000

#: Programs that can change the network, by the name of the process (which has 15 characters).
PROGRAMS = frozenset(
    (
        "ip", "ifconfig", "route", "arp", "bridge", "brctl", "tc", "ethtool", "iw", "vconfig", "ifup", "ifdown",
        "dhclient", "dhcpcd", "udhcpc", "nmcli", "nmtui", "NetworkManager", "networkctl", "systemd-network", "netplan",
        "wicked", "connmanctl", "connmand", "keepalived", "sysctl", "modprobe", "rmmod", "nft", "iptables", "ip6tables",
        "ebtables", "firewall-cmd", "docker", "podman", "systemctl", "ovs-vsctl", "teamd", "arping", "ansible-playbook",
    )
)  # fmt: skip


class SeenProcesses:
    """started: called with each of `PROGRAMS` that is started. why_not: why there are no events, empty where there are.

    limit: called with blind spots, for people.
    """

    def __init__(
        self,
        selector: selectors.BaseSelector,
        started: Callable[[Process], None],
        limit: Callable[[str], None],
    ) -> None:
        self._selector = selector
        self.why_not = ""
        self._started = started
        self._limit = limit
        #: When each was started (time.monotonic), and as what.
        self._processes: OrderedDict[int, tuple[float, Process]] = OrderedDict()
        self._parents: OrderedDict[int, int] = OrderedDict()
        #: Those that were there before, as far as they were asked for.
        self._older: OrderedDict[int, Process] = OrderedDict()
        #: When programs were started that are not known (time.monotonic).
        self._missed: deque[float] = deque(maxlen=SIZE)
        self._reads = Budget(RATE, BURST)
        self._programs = Budget(PROGRAMS_RATE, PROGRAMS_BURST)
        self._events = Budget(EVENTS_RATE, EVENTS_BURST)
        self._connector: ProcessEvents | None = None
        try:
            self._connector = ProcessEvents()
            selector.register(self._connector.socket, selectors.EVENT_READ, self.receive)
        except Unavailable as error:
            self.why_not = str(error)
            limit(f"processes that live only shortly are not known: {error}")

    def receive(self) -> None:
        """Take in the events that wait."""
        for event in self._connector.receive() if self._connector else ():
            if event is None:
                self._miss("process events came faster than they could be read: some processes are not known")
            elif self._events.take(time.monotonic()):
                self._take(*event)
            else:
                self._miss(f"more than {EVENTS_RATE} processes per second were started: some are not known")

    def _miss(self, limit: str = "") -> None:
        self._missed.append(time.monotonic())
        if limit:
            self._limit(limit)

    def missed(self, since: float) -> int:
        """How many programs were started after a moment (time.monotonic), or may have been, of which no more is known:
        they ended too soon, or their events were lost."""
        return sum(1 for moment in self._missed if moment >= since)

    def _take(self, what: int, pid: int, child: int) -> None:
        if what != EXEC:
            _remember(self._parents, child, pid)
            # A number that is used again is another process.
            self._processes.pop(child, None)
            self._older.pop(child, None)
            return
        now, name = time.monotonic(), name_of(pid)
        if not name:
            self._gone(pid, now)
            return
        wanted = name in PROGRAMS
        if not (self._programs if wanted else self._reads).take(now):
            if wanted:
                self._miss(
                    f"more than {PROGRAMS_RATE} programs that configure networks were started per second: some"
                    " are not known"
                )
            return
        process = read(pid)
        if process is None:
            self._gone(pid, now)
            return
        process = self.complete(process)
        _remember(self._processes, pid, (now, process))
        if process.name in PROGRAMS:
            self._started(process)

    def _gone(self, pid: int, now: float) -> None:
        """It ended before it was read. Where it is known by the program that it ran before, as with ``ip netns exec``,
        only the network namespace that it entered in between is not."""
        if pid not in self._processes:
            self._miss()
            return
        _remember(self._processes, pid, (now, replace(self._processes[pid][1], network=0)))

    def complete(self, process: Process) -> Process:
        """With the unit of its parent where it ended before its own was read; they are the same but for daemons."""
        if process.unit or not has_ended(process.pid):
            return process
        parent = self._known(process.parent)
        return replace(process, unit=parent.unit if parent else "")

    def get(self, pid: int) -> Process | None:
        """What is known of a process that may be gone. Of one that never ran a program of its own, or for too short a
        time, this is what its parent is, with its pid."""
        known = self._known(pid)
        if known is not None:
            return known
        parent = self._parents.get(pid)
        origin = self._known(parent) if parent else None
        return replace(origin, pid=pid, own_pid=pid, parent=parent, name="", command="") if origin and parent else None

    def _known(self, pid: int) -> Process | None:
        if pid in self._processes:
            return self._processes[pid][1]
        found = self._older.get(pid) or read(pid)
        # Without events it is not known when a number is used again.
        if found is not None and not self.why_not:
            _remember(self._older, pid, found)
        return found

    def by_own_pid(self, pid: int, network: int) -> Process | None:
        """The one whose pid is this in its own PID namespace; among several one that was started in this network
        namespace. ``ip -n`` enters one after it was started."""
        found = [item for dummy, item in reversed(self._processes.values()) if item.own_pid == pid]
        best = next((item for item in found if item.network == network), found[0] if found else None)
        return best or (self.get(pid) if pid in self._parents else None)

    def recent(self, since: float, networks: set[int]) -> Iterator[Process]:
        """`PROGRAMS` that were started in these network namespaces, or in one that is not known, after a moment
        (time.monotonic), the last first."""
        for moment, process in reversed(self._processes.values()):
            if moment < since:
                return
            if process.name in PROGRAMS and process.network in (0, *networks):
                yield process

    def close(self) -> None:
        if self._connector is not None:
            self._selector.unregister(self._connector.socket)
            self._connector.close()


def _remember(table: OrderedDict[int, T], key: int, value: T) -> None:
    table[key] = value
    table.move_to_end(key)
    if len(table) > SIZE:
        table.popitem(last=False)
