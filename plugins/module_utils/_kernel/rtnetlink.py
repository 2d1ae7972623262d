# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages of rtnetlink as they are on the wire, so that what the kernel has said can be told back to it word for word.

Addresses, routes and rules are restored this way: every attribute comes back, also one that no library knows.
Formats: linux/netlink.h, linux/rtnetlink.h, linux/if_addr.h, linux/fib_rules.h.
"""

from __future__ import annotations

import errno
import os
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Tuple

#: Family, type of "new" (delete is one more, get two more) and size of the fixed header of each kind of thing.
RTM_NEWADDR, RTM_NEWROUTE, RTM_NEWRULE = 20, 24, 32
HEADERS = {RTM_NEWADDR: 8, RTM_NEWROUTE: 12, RTM_NEWRULE: 12}

NLMSG_ERROR, NLMSG_DONE = 2, 3
NLM_F_REQUEST, NLM_F_ACK, NLM_F_DUMP_INTR = 0x1, 0x4, 0x10
NLM_F_ROOT, NLM_F_MATCH = 0x100, 0x200
NLM_F_REPLACE, NLM_F_CREATE, NLM_F_APPEND = 0x100, 0x400, 0x800

_HEADER = struct.Struct("=IHHII")
_ATTRIBUTE = struct.Struct("=HH")
#: NLA_F_NESTED and NLA_F_NET_BYTEORDER are the two high bits of a type.
_TYPE_MASK = 0x3FFF

#: Seconds without any answer of the kernel, and how often a dump that was disturbed is taken again.
TIMEOUT = 10.0
DUMP_TRIES = 5

Attribute = Tuple[int, bytes]


@dataclass(frozen=True)
class Message:
    """One address, route or rule. ``kind``: RTM_NEW…; ``header``: the fixed part; ``attributes``: type and payload."""

    kind: int
    header: bytes
    attributes: tuple[Attribute, ...]

    def get(self, number: int) -> bytes | None:
        return next((payload for found, payload in self.attributes if found & _TYPE_MASK == number), None)

    def number(self, number: int) -> int | None:
        """An attribute of 32 bits in the order of the host."""
        payload = self.get(number)
        return int(struct.unpack("=I", payload[:4])[0]) if payload is not None and len(payload) >= 4 else None


def encode(message: Message) -> bytes:
    return message.header + b"".join(_attribute(number, payload) for number, payload in message.attributes)


def _attribute(number: int, payload: bytes) -> bytes:
    padding = b"\0" * (-len(payload) % 4)
    return _ATTRIBUTE.pack(_ATTRIBUTE.size + len(payload), number) + payload + padding


def attributes(data: bytes) -> Iterator[Attribute]:
    """The attributes that a part of a message consists of."""
    while len(data) >= _ATTRIBUTE.size:
        length, number = _ATTRIBUTE.unpack_from(data)
        if length < _ATTRIBUTE.size:
            return
        yield number, data[_ATTRIBUTE.size : length]
        data = data[length + -length % 4 :]


class Rtnetlink:
    """A socket; use it in a ``with`` block. Errors of all calls: OSError."""

    def __enter__(self) -> Rtnetlink:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE)
        self._socket.settimeout(TIMEOUT)
        self._socket.bind((0, 0))
        self._sequence = 0
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._socket.close()

    def dump(self, kind: int) -> list[Message]:
        """Everything of a kind, of both families, in the kernel's order."""
        found: list[Message] = []
        for family in (socket.AF_INET, socket.AF_INET6):
            # A kernel that lacks a family answers for all that it has (rtnetlink_rcv_msg falls back to PF_UNSPEC).
            found += [message for message in self._dump(kind, family) if message.header[0] == family]
        return found

    def _dump(self, kind: int, family: int) -> list[Message]:
        header = bytes([family]) + b"\0" * (HEADERS[kind] - 1)
        for _attempt in range(DUMP_TRIES):
            self._send(kind + 2, NLM_F_ROOT | NLM_F_MATCH, header)
            messages, whole = self._receive(kind)
            if whole:
                return messages
        raise OSError(errno.EINTR, "the kernel's tables changed each time they were read")

    def route_to(self, header: bytes, wanted: tuple[Attribute, ...]) -> Message:
        """The kernel's choice of a route (RTM_GETROUTE without dump)."""
        self._send(RTM_NEWROUTE + 2, 0, encode(Message(RTM_NEWROUTE, header, wanted)))
        messages, _whole = self._receive(RTM_NEWROUTE, one=True)
        return messages[0]

    def add(self, message: Message, flags: int) -> None:
        self._request(message.kind, NLM_F_CREATE | flags, message)

    def delete(self, message: Message) -> None:
        self._request(message.kind + 1, 0, message)

    def _request(self, number: int, flags: int, message: Message) -> None:
        self._send(number, NLM_F_ACK | flags, encode(message))
        self._receive(message.kind)

    def _send(self, number: int, flags: int, payload: bytes) -> None:
        self._sequence += 1
        length = _HEADER.size + len(payload)
        self._socket.send(_HEADER.pack(length, number, NLM_F_REQUEST | flags, self._sequence, 0) + payload)

    def _receive(self, kind: int, one: bool = False) -> tuple[list[Message], bool]:
        """What answers the last request, and whether nothing changed in between."""
        found: list[Message] = []
        whole = True
        while True:
            data = self._socket.recv(1 << 20)
            while len(data) >= _HEADER.size:
                length, number, flags, sequence, _port = _HEADER.unpack_from(data)
                body, data = data[_HEADER.size : length], data[length + -length % 4 :]
                if sequence != self._sequence:
                    continue
                whole = whole and not flags & NLM_F_DUMP_INTR
                if number == NLMSG_DONE:
                    return found, whole
                if number == NLMSG_ERROR:
                    code = -struct.unpack_from("=i", body)[0]
                    if code:
                        raise OSError(code, os.strerror(code))
                    return found, whole
                if number == kind:
                    size = HEADERS[kind]
                    found.append(Message(kind, body[:size], tuple(attributes(body[size:]))))
                if one:
                    return found, whole
