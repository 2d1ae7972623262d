# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ICMP echo to many addresses at once, each through an interface or from an address of its own."""

from __future__ import annotations

import contextlib
import secrets
import selectors
import socket
import struct
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ._addresses import Address
from ._packets import build_echo, parse_echo_reply

#: asm-generic/socket.h
_SO_BINDTODEVICE = 25
#: linux/icmpv6.h: a set bit blocks that type; the one that passes is the echo reply (129).
_ICMPV6_FILTER = 1
_ICMPV6_ECHO_REPLY = 129
_REPLY_MAX = 2048
_TOKEN = 16


@dataclass(frozen=True)
class Ping:
    """One echo request: interface binds it to a device (SO_BINDTODEVICE), source to an own address; both optional."""

    address: Address
    interface: str = ""
    source: Address | None = None


@dataclass(frozen=True)
class Pong:
    """rtt: seconds until the reply, None without one; error: why the request could not be sent, empty when it was."""

    rtt: float | None = None
    error: str = ""


def ping(requests: Sequence[Ping], timeout: float = 1.0) -> list[Pong]:
    """Send all requests at once and wait for their replies, ``timeout`` seconds at most. In the order of the requests.

    A request that is answered by anybody but its address is not answered. Needs CAP_NET_RAW.
    """
    pongs: list[Pong] = [Pong()] * len(requests)
    # The payload identifies the reply: identifiers are shared by all programs of the host.
    tokens = [secrets.token_bytes(_TOKEN) for dummy in requests]
    waiting: dict[bytes, tuple[int, float]] = {}
    with contextlib.ExitStack() as stack, selectors.DefaultSelector() as selector:
        sockets: dict[tuple[int, str, Address | None], socket.socket] = {}
        for number, request in enumerate(requests):
            key = (request.address.version, request.interface, request.source)
            try:
                if key not in sockets:
                    sockets[key] = stack.enter_context(_open(request))
                    selector.register(sockets[key], selectors.EVENT_READ, (sockets[key], key[0]))
                packet = build_echo(request.address.version, secrets.randbelow(1 << 16), 1, tokens[number])
                waiting[tokens[number]] = (number, time.monotonic())
                sockets[key].sendto(packet, _destination(request))
            except OSError as error:
                waiting.pop(tokens[number], None)
                pongs[number] = Pong(error=error.strerror or str(error))
        deadline = time.monotonic() + timeout
        while waiting and time.monotonic() < deadline:
            for ready, dummy in selector.select(max(deadline - time.monotonic(), 0)):
                for token, sender, at in _replies(*ready.data):
                    number, sent = waiting.get(token, (-1, 0.0))
                    if number >= 0 and sender == _plain(requests[number].address):
                        del waiting[token]
                        pongs[number] = Pong(rtt=at - sent)
    return pongs


def _open(request: Ping) -> socket.socket:
    six = request.address.version == 6
    family, protocol = (socket.AF_INET6, socket.IPPROTO_ICMPV6) if six else (socket.AF_INET, socket.IPPROTO_ICMP)
    sock = socket.socket(family, socket.SOCK_RAW, protocol)
    try:
        sock.setblocking(False)
        if six:
            passing = [0xFFFFFFFF] * 8
            passing[_ICMPV6_ECHO_REPLY // 32] &= ~(1 << _ICMPV6_ECHO_REPLY % 32)
            sock.setsockopt(socket.IPPROTO_ICMPV6, _ICMPV6_FILTER, struct.pack("=8I", *passing))
        if request.interface:
            sock.setsockopt(socket.SOL_SOCKET, _SO_BINDTODEVICE, request.interface.encode() + b"\0")
        if request.source is not None:
            sock.bind((_plain(request.source), 0))
    except BaseException:
        sock.close()
        raise
    return sock


def _destination(request: Ping) -> tuple[str, int] | tuple[str, int, int, int]:
    """A link-local IPv6 address needs the interface's number with it (RFC 4007, 11)."""
    if request.address.version == 4:
        return (_plain(request.address), 0)
    scoped = request.address.is_link_local and request.interface
    return (_plain(request.address), 0, 0, socket.if_nametoindex(request.interface) if scoped else 0)


def _replies(sock: socket.socket, version: int) -> Iterator[tuple[bytes, str, float]]:
    """Token, sender and time of the echo replies that wait."""
    while True:
        try:
            data, source = sock.recvfrom(_REPLY_MAX)
        except OSError:
            return
        reply = parse_echo_reply(version, data)
        if reply is not None:
            yield reply.payload, source[0].partition("%")[0], time.monotonic()


def _plain(address: Address) -> str:
    """Without a scope, as sockets take and give it."""
    return str(address).partition("%")[0]
