# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A packet socket on one interface (packet(7)): how it is opened, and its state afterwards."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import socket
import struct
import time
from collections.abc import Iterable

from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.names import ETH_P_ALL, IFF_UP, SO_RCVBUFFORCE

from . import bpf as _probe_filter
from .frames import mac_bytes

#: linux/socket.h and linux/if_packet.h
_SOL_PACKET = 263
_PACKET_ADD_MEMBERSHIP = 1
_PACKET_STATISTICS = 6
_PACKET_MR_MULTICAST = 0
_PACKET_MR_ALLMULTI = 2
#: linux/sockios.h, linux/if.h
_SIOCGIFFLAGS = 0x8913
_IFF_RUNNING = 0x40

#: Frames of ARP, neighbour discovery or DHCP in a second that no healthy network has: a sweep of 1,000 addresses makes
#: some hundreds. Beyond it the queue of a processor (net.core.netdev_max_backlog) runs over.
FLOOD = 5000.0


class Endpoint:
    """An open socket on one interface, and its state.

    name: how results call it; link: the interface's name; mac: its MAC address; sent: frames sent; lost: frames for
    which the receive buffer had no room; overrun: whether more waited than was read at the end; rate: frames per second
    that its filter passed; problem: why it can no longer be used, empty as long as it can.
    """

    def __init__(self, name: str, link: str, mac: str, sock: socket.socket) -> None:
        self.name = name
        self.link = link
        self.mac = mac
        self.socket = sock
        self.sent = 0
        self.lost = 0
        self.overrun = False
        self.rate = 0.0
        self.problem = ""
        self._opened = time.monotonic()

    def failed(self, error: OSError) -> None:
        """It cannot be used any more."""
        self.problem = f"{self.link}: {error.strerror}"

    @property
    def flooded(self) -> bool:
        """Whether the host may have dropped frames before they came to any socket: then silence proves nothing."""
        return self.rate > FLOOD

    def missed(self) -> str:
        """Why frames may be missing, empty where none is."""
        if self.flooded:
            return f"{self.link}: {self.rate:.0f} such frames came in a second, and the host drops some of so many"
        if self.lost:
            return f"{self.link}: {self.lost} frames were lost as they came too fast"
        return f"{self.link}: frames came faster than they could be read" if self.overrun else ""

    def finish(self) -> None:
        """Note what was lost, and whether the interface is still connected."""
        self.problem = self.problem or interface_problem(self.socket, self.link)
        # struct tpacket_stats: tp_packets, which counts those that were dropped, too, and tp_drops
        packets, lost = struct.unpack("=II", self.socket.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, 8))
        self.lost += lost
        self.rate = max(self.rate, packets / max(time.monotonic() - self._opened, 1.0))


def packet_socket(
    link: str, program: _probe_filter.Program, groups: Iterable[str] | None = (), room: int = 0
) -> socket.socket:
    """A socket on an interface of this thread's namespace that hears what the program passes.

    In both directions (ETH_P_ALL: a socket for one protocol alone hears neither what the interface's macvlan children
    send nor what is sent to them). groups: MAC addresses of multicast groups to hear, None for all that there are.
    room: octets of its receive buffer, 0 for the kernel's default. Errors: OSError.
    """
    # Protocol 0 receives nothing, so nothing gets in before the filter stands.
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    try:
        _probe_filter.attach(sock, program)
        if room:
            with contextlib.suppress(PermissionError):
                sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, room)
        sock.setblocking(False)
        if not link.isprintable():
            raise OSError(errno.ENODEV, "Python binds no packet socket to a name that is not UTF-8", link)
        sock.bind((link, ETH_P_ALL))
        index = socket.if_nametoindex(link)
        # struct packet_mreq
        wanted = [(_PACKET_MR_MULTICAST, mac_bytes(group)) for group in groups or ()]
        for kind, address in [(_PACKET_MR_ALLMULTI, b"")] if groups is None else wanted:
            request = struct.pack("=iHH8s", index, kind, len(address), address)
            sock.setsockopt(_SOL_PACKET, _PACKET_ADD_MEMBERSHIP, request)
        return sock
    except BaseException:
        sock.close()
        raise


def interface_problem(sock: socket.socket, link: str) -> str:
    """Why an interface of the socket's namespace cannot carry probes, empty when it can."""
    request = struct.pack("16sH22x", os.fsencode(link), 0)
    try:
        flags = struct.unpack_from("H", fcntl.ioctl(sock, _SIOCGIFFLAGS, request), 16)[0]
    except OSError as error:
        return f"{link}: {error.strerror}"
    if not flags & IFF_UP:
        return f"{link} is down"
    return "" if flags & _IFF_RUNNING else f"{link} has no carrier"
