# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Links, addresses, routes, rules and neighbours as the kernel sent them, to be sent back octet by octet.

So restoring keeps every attribute, also one that no library knows (see `netlink`).
Formats: linux/rtnetlink.h, linux/if_addr.h, linux/fib_rules.h, linux/neighbour.h.
"""

from __future__ import annotations

import errno
import os
import socket
import struct
import time
from types import TracebackType
from typing import TypeVar

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.reading import (
    PIECES_OF_A_TABLE,
    SECONDS_OF_A_TABLE,
    BoundedReading,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass

from .names import AF_BRIDGE, NETNSA_FD, NETNSA_NSID, NTF_PROXY, RTA_DST, RTA_SRC, RTM_F_LOOKUP_TABLE
from .netlink import (
    NLA_TYPE_MASK,
    NLM_F_ACK,
    NLM_F_CREATE,
    NLM_F_DUMP,
    NLM_F_DUMP_INTR,
    NLMSG_DONE,
    NLMSG_ERROR,
    RTM_NEWADDR,
    RTM_NEWLINK,
    RTM_NEWLINKPROP,
    RTM_NEWNEIGH,
    RTM_NEWNSID,
    RTM_NEWQDISC,
    RTM_NEWROUTE,
    RTM_NEWRULE,
    RTMSG,
    Attribute,
    attribute,
    attributes,
    error_of,
    messages,
    request,
)

#: The size of the fixed header of each kind of thing: ifinfomsg, ifaddrmsg, rtmsg, ndmsg, fib_rule_hdr, tcmsg,
#: rtgenmsg.
HEADERS = {
    RTM_NEWLINK: 16,
    RTM_NEWADDR: 8,
    RTM_NEWROUTE: 12,
    RTM_NEWNEIGH: 12,
    RTM_NEWRULE: 12,
    RTM_NEWQDISC: 20,
    RTM_NEWLINKPROP: 16,
    RTM_NEWNSID: 4,
}

Self = TypeVar("Self", bound="Rtnetlink")

#: Seconds without any answer of the kernel, and how often a dump that was disturbed is taken again.
TIMEOUT = 10.0
DUMP_TRIES = 5
#: Seconds before the second try; later ones wait so much longer each.
DUMP_PAUSE = 0.02
#: Octets of an answer: of a part of a dump, where one link can have much to say, and of an acknowledgement.
_PART, _ACKNOWLEDGEMENT = 1 << 20, 1 << 16


@dataclass(frozen=True)
class RtnetlinkMessage:
    """One of these things. ``kind``: RTM_NEW…; ``header``: the fixed part; ``attributes``: type and payload."""

    kind: int
    header: bytes
    attributes: tuple[Attribute, ...]

    def get(self, number: int) -> bytes | None:
        return next((payload for found, payload in self.attributes if found & NLA_TYPE_MASK == number), None)

    def number(self, number: int) -> int | None:
        """An attribute of 32 bits in the order of the host."""
        payload = self.get(number)
        return int(struct.unpack("=I", payload[:4])[0]) if payload is not None and len(payload) >= 4 else None


def encode(message: RtnetlinkMessage) -> bytes:
    return message.header + b"".join(attribute(number, payload) for number, payload in message.attributes)


class Rtnetlink:
    """A socket; use it in a ``with`` block. Errors of all calls: OSError."""

    def __enter__(self: Self) -> Self:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE)
        self._socket.settimeout(TIMEOUT)
        self._socket.bind((0, 0))
        self._sequence = 0
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._socket.close()

    def dump(self, kind: int) -> list[RtnetlinkMessage]:
        """Everything of a kind, of both families, in the kernel's order."""
        found: list[RtnetlinkMessage] = []
        for family in (socket.AF_INET, socket.AF_INET6):
            # A kernel that lacks a family answers for all that it has (rtnetlink_rcv_msg falls back to PF_UNSPEC).
            found += [message for message in self._dump(kind, family) if message.header[0] == family]
        return found

    def dump_of_devices(self, kind: int) -> list[RtnetlinkMessage]:
        """The same of a kind that belongs to no family: links, queueing disciplines."""
        return self._dump(kind, socket.AF_UNSPEC)

    def neighbours(self) -> list[RtnetlinkMessage]:
        """Neighbours, proxies, and the unicast addresses that devices receive besides their own (``bridge fdb``)."""
        proxies = [self._dump(RTM_NEWNEIGH, family, NTF_PROXY) for family in (socket.AF_INET, socket.AF_INET6)]
        return [*self.dump(RTM_NEWNEIGH), *(item for part in proxies for item in part), *self._forwarding()]

    def _forwarding(self) -> list[RtnetlinkMessage]:
        return [item for item in self._dump(RTM_NEWNEIGH, AF_BRIDGE) if item.header[0] == AF_BRIDGE]

    def _dump(self, kind: int, family: int, flags: int = 0) -> list[RtnetlinkMessage]:
        """flags: of struct ndmsg, whose last octets are flags and type."""
        size = HEADERS[kind]
        header = bytes([family]) + b"\0" * (size - 3) + bytes([flags, 0])
        for attempt in range(DUMP_TRIES):
            time.sleep(attempt * DUMP_PAUSE)
            self._send(kind + 2, NLM_F_DUMP, header)
            messages, whole = self._receive(kind)
            if whole:
                return messages
        raise OSError(errno.EINTR, "the kernel's tables changed each time they were read")

    def route_to(self, target: Address, source: Address | None = None) -> RtnetlinkMessage:
        """The kernel's choice of a route, for packets from an own address or any (RTM_GETROUTE without dump)."""
        family, bits = (socket.AF_INET, 32) if target.version == 4 else (socket.AF_INET6, 128)
        # RTM_F_LOOKUP_TABLE: answer with the table in which the route was found, not with the main one.
        header = RTMSG.pack(family, bits, bits if source is not None else 0, 0, 0, 0, 0, 0, RTM_F_LOOKUP_TABLE)
        wanted = ((RTA_DST, target.packed), *(((RTA_SRC, source.packed),) if source is not None else ()))
        return self._get(RtnetlinkMessage(RTM_NEWROUTE, header, wanted))

    def namespace_id(self, descriptor: int) -> int | None:
        """By which id this namespace knows the one behind a descriptor; None where it has none for it."""
        wanted = (NETNSA_FD, struct.pack("=I", descriptor))
        found = self._get(RtnetlinkMessage(RTM_NEWNSID, bytes(HEADERS[RTM_NEWNSID]), (wanted,))).get(NETNSA_NSID)
        number = int(struct.unpack("=i", found)[0]) if found else -1
        return None if number < 0 else number

    def _get(self, wanted: RtnetlinkMessage) -> RtnetlinkMessage:
        self._send(wanted.kind + 2, 0, encode(wanted))
        messages, _whole = self._receive(wanted.kind, one=True)
        return messages[0]

    def add(self, message: RtnetlinkMessage, flags: int) -> None:
        self._request(message.kind, NLM_F_CREATE | flags, message)

    def change(self, message: RtnetlinkMessage) -> None:
        """Change what is there; nothing is created."""
        self._request(message.kind, 0, message)

    def delete(self, message: RtnetlinkMessage) -> None:
        self._request(message.kind + 1, 0, message)

    def _request(self, number: int, flags: int, message: RtnetlinkMessage) -> None:
        self._send(number, NLM_F_ACK | flags, encode(message))
        self._receive(message.kind, size=_ACKNOWLEDGEMENT)

    def _send(self, number: int, flags: int, payload: bytes) -> None:
        self._sequence += 1
        self._socket.send(request(number, flags, self._sequence, payload))

    def _receive(self, kind: int, one: bool = False, size: int = _PART) -> tuple[list[RtnetlinkMessage], bool]:
        """What answers the last request, and whether nothing changed in between."""
        found: list[RtnetlinkMessage] = []
        whole = True
        reading = BoundedReading(lambda: self._socket.recv(size), PIECES_OF_A_TABLE, SECONDS_OF_A_TABLE)
        for data in reading:
            for number, flags, sequence, _port, body in messages(data):
                if sequence != self._sequence:
                    continue
                whole = whole and not flags & NLM_F_DUMP_INTR
                if number == NLMSG_ERROR and error_of(body):
                    raise OSError(error_of(body), os.strerror(error_of(body)))
                if number in (NLMSG_DONE, NLMSG_ERROR):
                    return found, whole
                if number == kind:
                    head = HEADERS[kind]
                    found.append(RtnetlinkMessage(kind, body[:head], tuple(attributes(body, head))))
                if one:
                    return found, whole
        raise OSError(errno.ETIMEDOUT, "the kernel's answer has no end")
