# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The service: announces the addresses of containers that start on one parent, whoever starts them.

A container that is made again with its address and another MAC address stays unreachable until its neighbours ask
again: 30 to 50 s for a Linux host, hours for some routers. So each address that appears on a macvlan child of the
parent, and is declared for containers of this host, is announced from the container's own link: with the child's MAC
address, which switches learn, and to its siblings, the host's own link among them, which a frame of the parent does
not reach. The kernel takes it over into each entry that there is, so nothing else refreshes the host's.

No engine is asked. The kernel reports the parent whenever a child is linked to it. Then the namespaces of this host are
read, soon after and at growing intervals, as the address comes after the link; and once a minute, whatever happens.
Netlink sockets that hear other namespaces (NETLINK_LISTEN_ALL_NSID) would save the reading, and have it depend on what
containers do: each of them could flood the socket.

Python and not a shell as the keeper's: it has to enter namespaces, to send frames and to hear answers to them, and
arping(8) and ndisc6(8) are not on every host. It needs the standard library alone. Clocks are monotonic: a host that
was suspended goes on where it was.
"""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import os
import random
import select
import signal
import socket
import sys
import time

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.names import ETH_P_ALL
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.bpf import attach, program
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.frames import announcement, probe

from .decode import claimed, concerns
from .look import FoundClaim, Namespaces, paths
from .schedule import PROBING, STATE_MAX, Announcements, ContainerClaim, read_state, write_state

#: Seconds from an event to the first look, between two looks at least, and at most.
SOON, PAUSE, LONGEST = 0.05, 0.2, 60.0
#: Seconds that a look takes before what is due is sent, and for which a namespace without a claim is read first.
SLICE, YOUNG = 0.05, 10.0
#: Datagrams and frames that are read before anything else is done.
READ_MOST = 256
#: Seconds between two writes of the state file, and lines of the log in a minute.
SAVE_PAUSE, LINES = 0.5, 120
#: linux/rtnetlink.h RTMGRP_LINK
_LINK_GROUP = 1


class Service:
    """parent: the name of the device. targets: the addresses that may be announced. state: a path, or empty."""

    def __init__(self, parent: str, targets: list[str], state: str) -> None:
        self._parent = parent
        self._targets = [ipaddress.ip_network(item) for item in targets]
        self._state = state
        self._saved = read_state(_contents(state))
        self._announcements = Announcements(random.random, self._saved)
        self._namespaces = Namespaces()
        self._where: dict[int, str] = {}
        self._own: set[Address] = set()
        # By the inode of a namespace: how it is entered, when it was seen first, and what was found there.
        self._paths: dict[int, str] = {}
        self._young: dict[int, float] = {}
        self._found: dict[int, list[FoundClaim]] = {}
        self._queue: list[int] = []
        self._thorough = self._there = True
        self._events = _events()
        self._tap: socket.socket | None = None
        self._event = self._next = time.monotonic()
        self._looked = self._written = float("-inf")
        self._lines: list[float] = []

    def run(self) -> None:
        """Until SIGTERM."""
        try:
            while True:
                self._turn()
        finally:
            self._save()

    def _turn(self) -> None:
        now = time.monotonic()
        if now >= self._next:
            self._look()
        if self._queue:
            self._read()
        self._listen()
        self._send()
        now = time.monotonic()
        if now > self._written + SAVE_PAUSE:
            self._save()
        wait = 0.0 if self._queue else self._announcements.wake(now, max(self._next - now, 0.0))
        sockets = [self._events, *([self._tap] if self._tap else [])]
        readable = select.select(sockets, [], [], wait)[0]
        if self._events in readable:
            self._read_events()
        if self._tap in readable:
            self._read_frames()

    def _index(self) -> int:
        """The parent's, 0 while it is not there."""
        try:
            return socket.if_nametoindex(self._parent)
        except OSError:
            return 0

    def _wanted(self, address: Address) -> bool:
        return address not in self._own and any(
            address.version == item.version and address in item for item in self._targets
        )

    def _look(self) -> None:
        """Start a look; at growing intervals since the last event: what comes late is found half its time later.

        Namespaces that are new, or whose claims are not ready, are read first; the rest of the look before follows.
        """
        now = time.monotonic()
        with contextlib.suppress(OSError):
            self._own = self._namespaces.own_addresses()
        self._paths = {inode: path for inode, path in paths().items() if inode != self._namespaces.inode}
        self._found = {inode: found for inode, found in self._found.items() if inode in self._paths}
        self._young = {inode: self._young.get(inode, now) for inode in self._paths}
        rest = [inode for inode in self._queue if inode in self._paths]
        queue = dict.fromkeys([*filter(self._urgent, self._paths), *rest, *self._paths])
        self._queue = list(queue)
        self._thorough = now - self._event > LONGEST
        self._looked = now
        self._next = now + min(max((now - self._event) / 2, PAUSE), LONGEST)

    def _urgent(self, inode: int) -> bool:
        found = self._found.get(inode, [])
        young = time.monotonic() - self._young[inode] < YOUNG
        return (young and not found) or any(not item.ready for item in found)

    def _read(self) -> None:
        """Go on with the look for a moment."""
        parent = self._index()
        if not parent and self._there:
            self._log(f"{self._parent} is not there")
        self._there = bool(parent)
        until = time.monotonic() + SLICE
        while self._queue and time.monotonic() < until:
            inode = self._queue.pop(0)
            known = [] if self._thorough or not parent else self._found.get(inode, [])
            try:
                found = self._namespaces.read(self._paths[inode], parent, self._wanted, known) if parent else []
            except socket.timeout:
                # Too busy now: what was read before is read again.
                found = self._found.get(inode, [])
            except OSError:
                found = []
            self._found[inode] = found
            self._where.update({item.claim.namespace: self._paths[inode] for item in found})
        found = [item for items in self._found.values() for item in items]
        self._where = {item.claim.namespace: self._where[item.claim.namespace] for item in found}
        ready = [item.claim for item in found if item.ready]
        present = [item.claim for item in found]
        for double in self._announcements.update(time.monotonic(), present, ready, complete=not self._queue):
            self._log(f"{double.address} of {double.mac}: another container here has it as well: not announced")

    def _send(self) -> None:
        """What is due. Before an announcement its namespace is read again: a container may have changed since."""
        announced: dict[int, list[ContainerClaim]] = {}
        for claim, what in self._announcements.due(time.monotonic()):
            if what == PROBING:
                self._probe(claim)
            else:
                announced.setdefault(claim.namespace, []).append(claim)
        for namespace, claims in announced.items():
            self._announce(self._where.get(namespace, ""), claims)

    def _probe(self, claim: ContainerClaim) -> None:
        try:
            if self._tap is None:
                raise OSError(errno.ENETDOWN, "answers cannot be heard")
            self._tap.send(probe(claim.mac, claim.address))
        except OSError as error:
            self._log(f"{claim.address} of {claim.mac} cannot be probed: {error.strerror}")
            self._announcements.lost(claim)
        else:
            self._announcements.sent(time.monotonic(), claim)

    def _announce(self, path: str, claims: list[ContainerClaim]) -> None:
        """Addresses of one namespace."""
        try:
            found = self._namespaces.read(path, self._index(), self._wanted)
            ready = {item.claim for item in found if item.ready}
        except OSError:
            ready = set()
        for claim in claims:
            try:
                if claim not in ready:
                    raise OSError(errno.EADDRNOTAVAIL, "it is not there any more")
                self._namespaces.send(path, claim.link, announcement(claim.mac, claim.address))
            except OSError as error:
                self._log(f"{claim.address} of {claim.mac} cannot be announced: {error.strerror}")
                self._announcements.lost(claim)
            else:
                if self._announcements.sent(time.monotonic(), claim):
                    self._log(f"{claim.address} is at {claim.mac}: announced")

    def _listen(self) -> None:
        """On the parent, which hears each answer to a child before the child does; only while it counts."""
        busy = self._announcements.busy(time.monotonic())
        if busy and self._tap is None:
            tap = socket.socket(socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_NONBLOCK, 0)
            try:
                attach(tap, program())
                tap.bind((self._parent, ETH_P_ALL))
                self._tap = tap
            except OSError:
                tap.close()
        elif not busy and self._tap is not None:
            self._tap.close()
            self._tap = None

    def _read_events(self) -> None:
        parent, seen = self._index(), False
        for _number in range(READ_MOST):
            try:
                data, sender = self._events.recvfrom(1 << 16)
            except BlockingIOError:
                break
            except OSError:
                # ENOBUFS: some are lost.
                seen = True
                break
            seen = seen or (sender[0] == 0 and concerns(data, parent))
        if seen:
            self._event = time.monotonic()
            self._next = max(self._event + SOON, self._looked + PAUSE)

    def _read_frames(self) -> None:
        tap = self._tap
        if tap is None:
            return
        try:
            for _number in range(READ_MOST):
                self._hear(tap.recv(2048))
        except BlockingIOError:
            pass
        except OSError:
            # The parent is down or gone: nothing can be heard, and its children's frames go nowhere.
            tap.close()
            self._tap = None

    def _hear(self, data: bytes) -> None:
        found = claimed(data)
        if found is None:
            return
        address, mac = found
        for claim in self._announcements.heard(time.monotonic(), address, mac):
            self._log(f"{claim.address} of {claim.mac} is also at {mac}: not announced")

    def _save(self) -> None:
        announced = self._announcements.announced
        if announced == self._saved or not self._state:
            return
        temporary = f"{self._state}.new"
        try:
            with open(temporary, "w", encoding="ascii") as stream:
                stream.write(write_state(announced))
            os.replace(temporary, self._state)
        except OSError as error:
            self._log(f"{self._state}: {error.strerror}")
        self._saved, self._written = announced, time.monotonic()

    def _log(self, line: str) -> None:
        now = time.monotonic()
        self._lines = [item for item in self._lines if item > now - 60]
        if len(self._lines) < LINES:
            self._lines.append(now)
            sys.stderr.write(f"{line}\n")


def _events() -> socket.socket:
    sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK, socket.NETLINK_ROUTE)
    sock.bind((0, _LINK_GROUP))
    return sock


def _contents(path: str) -> str:
    try:
        with open(path, encoding="ascii", errors="replace") as stream:
            return stream.read(STATE_MAX)
    except OSError:
        return ""


def _end(_number: int, _frame: object) -> None:
    raise SystemExit(0)


def main(parent: str, targets: list[str]) -> None:
    signal.signal(signal.SIGTERM, _end)
    directory = os.environ.get("RUNTIME_DIRECTORY", "")
    Service(parent, targets, f"{directory}/announced" if directory else "").run()
