# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ICMP and ICMPv6 echo from any namespace to many targets over one raw socket per IP version, without waiting."""

from __future__ import annotations

import functools
import ipaddress
import os
import socket
import struct
from collections.abc import Iterable, Iterator
from typing import Any

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.reading import BoundedReading
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.text import clean
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.names import SO_RCVBUFFORCE, SO_SNDBUFFORCE
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.netns import OWN, NamespaceGone, run_in

from .frames import build_echo, parse_echo_reply

#: linux/socket.h SOL_RAW; linux/icmp.h ICMP_FILTER; linux/icmpv6.h ICMPV6_FILTER. A set bit is a type that is dropped.
_SOL_RAW, _ICMP_FILTER, _ICMPV6_FILTER = 255, 1, 1
_ONLY_ECHO_REPLY = struct.pack("=I", 0xFFFFFFFF ^ 1 << 0)
_ONLY_ECHO_REPLY_V6 = struct.pack("=8I", *(0xFFFFFFFF ^ (word == 129 // 32) << 129 % 32 for word in range(8)))

#: Room for a round of a few thousand probes: packets that wait for a neighbour's answer count against their sender.
_BUFFER = 8 << 20

#: Octets by which a reply is known to be one of ours.
_TOKEN = 16
_FAMILIES = {4: (socket.AF_INET, socket.IPPROTO_ICMP), 6: (socket.AF_INET6, socket.IPPROTO_ICMPV6)}
#: The longest IP packet (RFC 791, 3.1).
_RECEIVE = 65535

#: linux/in.h IP_MTU_DISCOVER, IP_PMTUDISC_PROBE; linux/in6.h IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE: never fragment,
#: and go by the device's MTU, not by what was learnt of the path.
_MTU_DISCOVER = {4: (socket.IPPROTO_IP, 10), 6: (socket.IPPROTO_IPV6, 23)}
_PROBE = 3
#: Octets of the headers before the payload: IP without options (RFC 791, RFC 8200) and ICMP echo (RFC 792, RFC 4443).
HEADERS = {4: 20 + 8, 6: 40 + 8}


class Pinger:
    """Raw sockets that ping by normal routing, from the namespace in which the object is made.

    versions: the IP versions that are needed.
    home: path and inode of that namespace, None for our own. Needs CAP_NET_RAW. Errors: OSError.
    """

    def __init__(self, versions: Iterable[int], home: tuple[str, int] | None = None) -> None:
        self._home = home
        self._token = os.urandom(_TOKEN)
        self._identifier = int.from_bytes(os.urandom(2), "big")
        self._marks: dict[Address, tuple[bytes, int]] = {}
        self._sockets: dict[int, socket.socket] = {}
        try:
            for version in sorted(set(versions)):
                self._sockets[version] = _raw_socket(version)
        except OSError:
            self.close()
            raise

    @property
    def sockets(self) -> list[socket.socket]:
        """What to wait on; `receive` when one of them is readable."""
        return list(self._sockets.values())

    def never_fragment(self) -> None:
        """Send whole packets only, of any size that the device takes."""
        for version, sock in self._sockets.items():
            level, option = _MTU_DISCOVER[version]
            sock.setsockopt(level, option, _PROBE)

    def mark(self, target: Address, token: bytes, size: int) -> None:
        """Send requests to a target with a mark of the caller's, of _TOKEN octets, and of at least a size."""
        self._marks[target] = token, size

    def _mark(self, target: Address) -> tuple[bytes, int]:
        return self._marks.get(target, (self._token, 0))

    def send(self, target: Address, sequence: int, size: int = 0) -> None:
        """One echo request. size: octets of the whole IP packet at least.

        Errors: OSError, when the kernel knows at once that it cannot get there.
        """
        token, least = self._mark(target)
        padding = bytes(max(0, max(size, least) - HEADERS[target.version] - len(token)))
        packet = build_echo(target.version, self._identifier, sequence & 0xFFFF, token + padding)
        self._sockets[target.version].sendto(packet, (str(target), 0))

    def receive(self) -> Iterator[tuple[Address, int | None]]:
        """The target and the sequence number of each reply that waits."""
        for version, sock in self._sockets.items():
            for data, sender in BoundedReading(functools.partial(_receive, sock)):
                echo = parse_echo_reply(version, data)
                # A link-local address comes as fe80::1%eth0.
                target = ipaddress.ip_address(sender[0].split("%")[0])
                mine = echo is not None and echo.payload[:_TOKEN] == self._mark(target)[0]
                if echo and mine and echo.identifier == self._identifier:
                    yield target, echo.sequence

    def ended(self) -> str:
        """Why nothing more can be asked: that the namespace has no name and no process any more. Empty otherwise."""
        if self._home is None:
            return ""
        path, inode = self._home
        try:
            return "" if os.stat(path).st_ino == inode else clean(f"{path} is another namespace now")
        except OSError:
            return clean(f"{path} ended")

    def close(self) -> None:
        for sock in self._sockets.values():
            sock.close()


def open_pinger(path: str, versions: Iterable[int]) -> Pinger:
    """A pinger inside the namespace of a path, in our own where it is empty. Errors: NamespaceGone, OSError."""
    try:
        home = (path, os.stat(path).st_ino) if path else None
    except OSError as error:
        raise NamespaceGone(clean(f"{path}: {error.strerror}")) from error
    return run_in(path or OWN, lambda: Pinger(versions, home))


def _receive(sock: socket.socket) -> tuple[bytes, Any] | None:
    """The next packet and its sender, None where none waits."""
    try:
        return sock.recvfrom(_RECEIVE)
    except BlockingIOError:
        return None


def _raw_socket(version: int) -> socket.socket:
    family, protocol = _FAMILIES[version]
    sock = socket.socket(family, socket.SOCK_RAW, protocol)
    try:
        sock.setblocking(False)
        if version == 4:
            sock.setsockopt(_SOL_RAW, _ICMP_FILTER, _ONLY_ECHO_REPLY)
        else:
            sock.setsockopt(socket.IPPROTO_ICMPV6, _ICMPV6_FILTER, _ONLY_ECHO_REPLY_V6)
        for force, plain in ((SO_SNDBUFFORCE, socket.SO_SNDBUF), (SO_RCVBUFFORCE, socket.SO_RCVBUF)):
            try:
                sock.setsockopt(socket.SOL_SOCKET, force, _BUFFER)
            except PermissionError:
                sock.setsockopt(socket.SOL_SOCKET, plain, _BUFFER)
    except OSError:
        sock.close()
        raise
    return sock
