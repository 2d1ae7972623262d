# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signals of the system bus (D-Bus Specification, "Message Protocol"): connect, subscribe, receive.

A `busctl monitor` would be a process that outlives this one when it is killed; a socket is not.
"""

from __future__ import annotations

import os
import select
import socket
import struct
import time
from collections.abc import Iterator
from dataclasses import field
from typing import Any

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.reading import BoundedReading
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass

ADDRESS = "/run/dbus/system_bus_socket"
#: The bus itself.
BUS, BUS_PATH = "org.freedesktop.DBus", "/org/freedesktop/DBus"
#: Message types and header fields.
_CALL, _RETURN, _ERROR, SIGNAL = 1, 2, 3, 4
_PATH, _INTERFACE, _MEMBER, _REPLY_SERIAL, _DESTINATION, _SIGNATURE = 1, 2, 3, 5, 6, 8
#: Flags NO_REPLY_EXPECTED and NO_AUTO_START: nothing here starts a service.
_NO_REPLY, _NO_AUTO_START = 0x1, 0x2
_FIXED = {"y": "B", "n": "h", "q": "H", "i": "i", "u": "I", "x": "q", "t": "Q", "d": "d", "b": "I", "h": "I"}
_ALIGNMENT = {"y": 1, "g": 1, "v": 1, "n": 2, "q": 2, "x": 8, "t": 8, "d": 8, "(": 8, "{": 8}
#: Seconds for the bus to accept the connection, and for a service to answer.
_TIMEOUT = 1.0
#: The specification allows 128 MiB; what is wanted here is short.
_MESSAGE_MAX = 1 << 20


class BusFailed(Exception):
    """There is no bus, it refuses the connection, or a service does not answer."""


@dataclass(frozen=True)
class BusMessage:
    """A message with its body as Python values."""

    kind: int
    path: str = ""
    interface: str = ""
    member: str = ""
    reply_to: int = 0
    body: tuple = field(default=())


class Bus:
    """A connection that receives what `match` asks for. Errors: BusFailed."""

    def __init__(self, address: str = ADDRESS) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        self._buffer = b""
        self._serial = 0
        self._waiting: list[BusMessage] = []
        try:
            self.socket.settimeout(_TIMEOUT)
            self.socket.connect(address)
            self._authenticate()
            self.socket.setblocking(False)
            self.call(BUS, BUS_PATH, BUS, "Hello")
        except BaseException as error:
            self.socket.close()
            if isinstance(error, OSError):
                raise BusFailed(f"the system bus cannot be asked: {error.strerror or error}") from error
            raise

    def _authenticate(self) -> None:
        self.socket.sendall(b"\0AUTH EXTERNAL " + str(os.getuid()).encode().hex().encode() + b"\r\n")
        line = self.socket.recv(512)
        if not line.startswith(b"OK "):
            raise BusFailed(f"the system bus refuses the connection: {line.decode(errors='replace').strip()}")
        self.socket.sendall(b"BEGIN\r\n")

    def match(self, rule: str) -> None:
        """Receive the signals that a rule matches from now on."""
        self._send(BUS, BUS_PATH, BUS, "AddMatch", "s", (rule,), _NO_REPLY)

    def call(self, service: str, path: str, interface: str, method: str, *strings: str) -> tuple:
        """What a method returns. Signals that come meanwhile are kept."""
        serial = self._send(service, path, interface, method, "s" * len(strings), strings, _NO_AUTO_START)
        deadline = time.monotonic() + _TIMEOUT
        while True:
            for message in self._read():
                if message.reply_to != serial:
                    self._waiting.append(message)
                elif message.kind == _ERROR:
                    raise BusFailed(f"{service} refuses {method}: {message.body[0] if message.body else ''}")
                else:
                    return message.body
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.socket], [], [], left)[0]:
                raise BusFailed(f"{service} does not answer")

    def signals(self) -> Iterator[BusMessage]:
        """The signals that wait. Errors: BusFailed when the bus has gone."""
        self._waiting += self._read()
        while self._waiting:
            message = self._waiting.pop(0)
            if message.kind == SIGNAL:
                yield message

    def _send(
        self, service: str, path: str, interface: str, method: str, signature: str, body: tuple, flags: int
    ) -> int:
        self._serial += 1
        data = marshal(service, path, interface, method, signature, body, flags, self._serial)
        try:
            self.socket.sendall(data)
        except OSError as error:
            raise BusFailed(f"the system bus has gone: {error.strerror}") from error
        return self._serial

    def _read(self) -> list[BusMessage]:
        for data in BoundedReading(self._receive):
            self._buffer += data
        messages: list[BusMessage] = []
        while True:
            size = message_size(self._buffer)
            if not size or len(self._buffer) < size:
                return messages
            if size > _MESSAGE_MAX:
                raise BusFailed(f"a message of {size} octets came")
            messages.append(unmarshal(self._buffer[:size]))
            self._buffer = self._buffer[size:]

    def _receive(self) -> bytes | None:
        try:
            data = self.socket.recv(1 << 16)
        except BlockingIOError:
            return None
        except OSError as error:
            raise BusFailed(f"the system bus has gone: {error.strerror}") from error
        if not data:
            raise BusFailed("the system bus has gone")
        return data

    def close(self) -> None:
        self.socket.close()


def marshal(
    service: str, path: str, interface: str, method: str, signature: str, strings: tuple, flags: int, serial: int
) -> bytes:
    """A method call whose arguments are strings. Pure."""
    body = b""
    for text in strings:
        body = _padded(body, 4) + _string(text)
    fields = [(_PATH, "o", path), (_INTERFACE, "s", interface), (_MEMBER, "s", method), (_DESTINATION, "s", service)]
    head = b""
    for code, kind, text in fields:
        head = _padded(head, 8) + bytes((code, 1)) + kind.encode() + b"\0" + _string(text)
    if signature:
        head = (
            _padded(head, 8) + bytes((_SIGNATURE, 1)) + b"g\0" + bytes((len(signature),)) + signature.encode() + b"\0"
        )
    start = struct.pack("<BBBBIII", ord("l"), _CALL, flags, 1, len(body), serial, len(head))
    return _padded(start + head, 8) + body


def _string(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<I", len(data)) + data + b"\0"


def _padded(data: bytes, size: int) -> bytes:
    return data + b"\0" * (-len(data) % size)


def message_size(data: bytes) -> int:
    """How long the message is that begins here, 0 where too little of it has come. Pure."""
    if len(data) < 16:
        return 0
    order = "<" if data[0:1] == b"l" else ">"
    body, dummy, fields = struct.unpack_from(f"{order}III", data, 4)
    return int(16 + fields + (-fields % 8) + body)


def unmarshal(data: bytes) -> BusMessage:
    """One whole message. Pure."""
    reader = _Reader(data, "<" if data[0:1] == b"l" else ">")
    reader.offset = 12
    fields = dict(reader.value("a(yv)"))
    reader.align(8)
    signature = str(fields.get(_SIGNATURE, ""))
    return BusMessage(
        kind=data[1],
        path=str(fields.get(_PATH, "")),
        interface=str(fields.get(_INTERFACE, "")),
        member=str(fields.get(_MEMBER, "")),
        reply_to=int(fields.get(_REPLY_SERIAL, 0)),
        body=tuple(reader.value(kind) for kind in _types(signature)),
    )


def _types(signature: str) -> Iterator[str]:
    """The single complete types of a signature."""
    start = 0
    while start < len(signature):
        end = _end(signature, start)
        yield signature[start:end]
        start = end


def _end(signature: str, start: int) -> int:
    if signature[start] == "a":
        return _end(signature, start + 1)
    if signature[start] not in "({":
        return start + 1
    depth = 0
    for place in range(start, len(signature)):
        depth += (signature[place] in "({") - (signature[place] in ")}")
        if not depth:
            return place + 1
    raise ValueError(signature)


class _Reader:
    """Values out of a message, from ``offset`` on."""

    def __init__(self, data: bytes, order: str) -> None:
        self._data = data
        self._order = order
        self.offset = 0

    def align(self, size: int) -> None:
        self.offset += -self.offset % size

    def value(self, kind: str) -> Any:
        self.align(_ALIGNMENT.get(kind[0], 4))
        if kind in _FIXED:
            return self._number(_FIXED[kind])
        if kind in "so":
            return self._text(self._number("I"))
        if kind == "g":
            return self._text(self._number("B"))
        if kind == "v":
            return self.value(self._text(self._number("B")))
        if kind[0] == "a":
            return self._array(kind[1:])
        return tuple(self.value(item) for item in _types(kind[1:-1]))

    def _array(self, kind: str) -> Any:
        size = self._number("I")
        self.align(_ALIGNMENT.get(kind[0], 4))
        end = self.offset + size
        items = []
        while self.offset < end:
            items.append(self.value(kind))
        return dict(items) if kind[0] == "{" else items

    def _number(self, code: str) -> Any:
        (number,) = struct.unpack_from(self._order + code, self._data, self.offset)
        self.offset += struct.calcsize(code)
        return number

    def _text(self, length: int) -> str:
        text = self._data[self.offset : self.offset + length].decode(errors="replace")
        self.offset += length + 1
        return text
