# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The only part of the service that enters other namespaces: reads what containers have, and sends from their links.

A container is not trusted: every dump is bounded in octets and time, and only declared addresses on children of the
parent count, some for each namespace. No socket stays open in a namespace: it would keep the namespace alive after its
container has ended, and with it the MAC address on the parent (EADDRINUSE for the next container). Closing a packet
socket takes 10 to 30 ms (packet_release waits for RCU), so threads do that, side by side.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import socket
import struct
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.names import CLONE_NEWNET, NETNSA_FD
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.netlink import (
    IFADDRMSG,
    IFINFOMSG,
    NLM_F_DUMP,
    NLMSG_DONE,
    NLMSG_ERROR,
    RTM_GETADDR,
    RTM_GETLINK,
    RTM_GETNSID,
    NetlinkMessage,
    attribute,
    messages,
    request,
)

from .decode import Child, Held, addresses, children, namespace_id
from .schedule import ContainerClaim

#: Where namespaces get names: ip-netns(8), CNI and Podman, and Docker.
NAMED_IN = ("/run/netns", "/run/docker/netns", "/var/run/docker/netns")
#: Namespaces that are read in one look, children and addresses of one that count.
NAMESPACES_MOST, CHILDREN_MOST, ADDRESSES_MOST = 8192, 8, 32
#: Threads that close sockets.
CLOSERS = 16
#: Octets and seconds of one dump: on a busy host, rtnetlink is locked for tenths of a second.
DUMP_MAX, DUMP_TIME = 1 << 20, 3.0
#: linux/rtnetlink.h: IFLA_EXT_MASK and RTEXT_FILTER_SKIP_STATS; asm-generic/socket.h
_EXT_MASK, _SKIP_STATS = 29, 1 << 3
_NETNS_COOKIE = 71

_libc = ctypes.CDLL(None, use_errno=True)


class FoundClaim(NamedTuple):
    """A claim, and whether its link and address are in use."""

    claim: ContainerClaim
    ready: bool


def paths() -> dict[int, str]:
    """Every namespace that has a name or a process: what setns(2) takes, by inode."""
    found: dict[int, str] = {}
    with contextlib.suppress(OSError):
        for entry in os.listdir("/proc"):
            if entry.isdigit():
                _note(found, f"/proc/{entry}/ns/net")
    for directory in NAMED_IN:
        with contextlib.suppress(OSError):
            for entry in os.listdir(directory):
                _note(found, f"{directory}/{entry}")
    return found


def _note(found: dict[int, str], path: str) -> None:
    """What is no namespace any more has an inode as well, and cannot be entered. Names outlive processes."""
    if len(found) < NAMESPACES_MOST:
        with contextlib.suppress(OSError):
            found[os.stat(path).st_ino] = path


class Namespaces:
    """Opens sockets in other namespaces; this process is in its own namespace before and after."""

    def __init__(self) -> None:
        self.own = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        self.inode = os.fstat(self.own).st_ino
        self._closers = ThreadPoolExecutor(CLOSERS)

    def open(self, path: str, *kind: int) -> socket.socket:
        """A socket there. Errors: OSError."""
        # What is no namespace any more can be anything, and does not block.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            _setns(handle)
            try:
                return socket.socket(*kind)
            finally:
                self._back()
        finally:
            os.close(handle)

    def _back(self) -> None:
        try:
            _setns(self.own)
        except OSError:
            # In a container's namespace nothing may be done any more; systemd starts the service again.
            os._exit(70)

    def read(
        self, path: str, parent: int, wanted: Callable[[Address], bool], known: Sequence[FoundClaim] = ()
    ) -> list[FoundClaim]:
        """What containers claim on children of the parent in one namespace. Errors: OSError.

        known: what was read before. It is returned where the addresses are the same and all of it was in use: addresses
        are read without the lock of the whole rtnetlink (since Linux 6.9), for which links have to wait.
        """
        with self.open(path, socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as sock:
            sock.settimeout(DUMP_TIME)
            dump = _ask(sock, RTM_GETADDR, NLM_F_DUMP, IFADDRMSG.pack(0, 0, 0, 0, 0))
            held = [item for item in addresses(dump) if wanted(item.address)][:ADDRESSES_MOST]
            cookie = _cookie(sock)
            if cookie and _same(cookie, known, held):
                return list(known)
            ours = {child.link: child for child in self._children(sock, parent)} if held else {}
            cookie = cookie or os.stat(path).st_ino
            pairs = [(ours[item.link], item) for item in held if item.link in ours]
            return [
                FoundClaim(ContainerClaim(cookie, child.link, child.mac, item.address), child.ready and item.usable)
                for child, item in pairs
            ]

    def _children(self, sock: socket.socket, parent: int) -> list[Child]:
        """The dump gives the namespace of the parent an id where it has none yet, so it is asked for afterwards."""
        mask = attribute(_EXT_MASK, struct.pack("=I", _SKIP_STATS))
        found = [child for child in children(_ask(sock, RTM_GETLINK, NLM_F_DUMP, IFINFOMSG.pack(0, 0, 0, 0, 0) + mask))
                 if child.parent == parent]  # fmt: skip
        if not found:
            return []
        question = b"\0\0\0\0" + attribute(NETNSA_FD, struct.pack("=I", self.own))
        here = namespace_id(_ask(sock, RTM_GETNSID, 0, question))
        return [child for child in found if child.nsid == here][:CHILDREN_MOST]

    def send(self, path: str, index: int, data: bytes) -> None:
        """Send from a link there. Errors: OSError."""
        sock = self.open(path, socket.AF_PACKET, socket.SOCK_RAW, 0)
        try:
            # struct sockaddr_ll; by its number, as a link there may have a name that Python does not take.
            target = struct.pack("=HHiHBB8s", socket.AF_PACKET, 0, index, 0, 0, 6, data[:6])
            if _libc.sendto(sock.fileno(), data, len(data), socket.MSG_DONTWAIT, target, len(target)) < 0:
                number = ctypes.get_errno()
                raise OSError(number, os.strerror(number))
        finally:
            self._closers.submit(sock.close)

    def own_addresses(self) -> set[Address]:
        """Those of this namespace. Errors: OSError."""
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as sock:
            sock.settimeout(DUMP_TIME)
            dump = _ask(sock, RTM_GETADDR, NLM_F_DUMP, IFADDRMSG.pack(0, 0, 0, 0, 0))
            return {held.address for held in addresses(dump)}


def _setns(handle: int) -> None:
    if _libc.setns(handle, CLONE_NEWNET) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _same(cookie: int, known: Sequence[FoundClaim], held: Sequence[Held]) -> bool:
    """Whether all that was read before was in use, and is what there is now."""
    before = {(claim.link, claim.address) for claim, ready in known if ready and claim.namespace == cookie}
    return len(before) == len(known) and before == {(item.link, item.address) for item in held if item.usable}


def _cookie(sock: socket.socket) -> int:
    """A number of the socket's namespace that the kernel never reuses, unlike an inode; 0 before Linux 5.14."""
    try:
        return int.from_bytes(sock.getsockopt(socket.SOL_SOCKET, _NETNS_COOKIE, 8), sys.byteorder)
    except OSError:
        return 0


def _ask(sock: socket.socket, kind: int, flags: int, payload: bytes) -> Iterator[NetlinkMessage]:
    """The answer, as far as the limits allow. Errors: OSError."""
    sock.send(request(kind, flags, 1, payload))
    octets, deadline = 0, time.monotonic() + DUMP_TIME
    while octets < DUMP_MAX and time.monotonic() < deadline:
        data = sock.recv(1 << 16)
        octets += len(data)
        for message in messages(data):
            if message.kind in (NLMSG_DONE, NLMSG_ERROR):
                return
            yield message
        if not flags:
            return
    raise OSError(f"more than {DUMP_MAX} octets, or {DUMP_TIME} s")
