# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""DHCP messages for IPv6 (RFC 8415): build and parse. Pure.

Parsing never raises: what is no well-formed message of client or server is None. Relayed messages (section 9) travel
between relays and servers, and no client sees them.
"""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Sequence
from typing import List, Tuple

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.frames import mac_bytes

#: RFC 8415, 7.3
SOLICIT, ADVERTISE, REQUEST, CONFIRM, RENEW, REBIND, REPLY, RELEASE, DECLINE = range(1, 10)
#: The last message between client and server; what follows is for relays.
_INFORMATION_REQUEST = 11

#: RFC 8415, 21; the section is behind the number.
CLIENT_ID = 1  # 21.2
SERVER_ID = 2  # 21.3
IA_NA = 3  # 21.4
IA_ADDRESS = 5  # 21.6
OPTION_REQUEST = 6  # 21.7
ELAPSED_TIME = 8  # 21.9
#: RFC 3646, 3
DNS_SERVERS = 23

_OPTION = struct.Struct("!HH")
#: IAID, T1 and T2; address, preferred and valid lifetime. Options follow both.
_IA_NA = struct.Struct("!III")
_IA_ADDRESS = struct.Struct("!16sII")
#: RFC 8415, 11.4: a DUID of type 3 is hardware type (1 is Ethernet) and address.
_DUID_LL = struct.Struct("!HH")
#: RFC 8415, 21.9: hundredths of a second, and no more than fit.
_ELAPSED_MAX = 0xFFFF

OptionList = List[Tuple[int, bytes]]


@dataclass(frozen=True)
class Lease:
    """An address with its valid lifetime in seconds; 0xffffffff is for ever."""

    address: ipaddress.IPv6Address
    valid: int


@dataclass(frozen=True)
class Dhcp6Message:
    """One message, as far as this collection reads it. xid has 24 bits; the identifiers are DUIDs."""

    kind: int
    xid: int
    client: bytes
    server: bytes = b""
    leases: tuple[Lease, ...] = ()
    dns_servers: tuple[ipaddress.IPv6Address, ...] = ()


def duid(mac: str) -> bytes:
    """The identifier of a client that has nothing but this MAC address."""
    return _DUID_LL.pack(3, 1) + mac_bytes(mac)


def solicit(xid: int, mac: str, iaid: int, wanted: ipaddress.IPv6Address | None = None, elapsed: float = 0.0) -> bytes:
    """The octets of a SOLICIT (RFC 8415, 18.2.1) for one address, without Rapid Commit, so that no server may lease.

    wanted: a hint to the server; elapsed: seconds since it was first sent.
    """
    hint = b"" if wanted is None else _option(IA_ADDRESS, _IA_ADDRESS.pack(wanted.packed, 0, 0))
    hundredths = min(int(elapsed * 100), _ELAPSED_MAX)
    return struct.pack("!I", SOLICIT << 24 | xid) + b"".join(
        (
            _option(CLIENT_ID, duid(mac)),
            _option(ELAPSED_TIME, struct.pack("!H", hundredths)),
            _option(OPTION_REQUEST, struct.pack("!H", DNS_SERVERS)),
            _option(IA_NA, _IA_NA.pack(iaid, 0, 0) + hint),
        )
    )


def build(message: Dhcp6Message) -> bytes:
    """The octets of a message, all its leases in one association."""
    options = _option(CLIENT_ID, message.client)
    if message.server:
        options += _option(SERVER_ID, message.server)
    if message.leases:
        leases = b"".join(
            _option(IA_ADDRESS, _IA_ADDRESS.pack(lease.address.packed, 0, lease.valid)) for lease in message.leases
        )
        options += _option(IA_NA, _IA_NA.pack(0, 0, 0) + leases)
    if message.dns_servers:
        options += _option(DNS_SERVERS, b"".join(address.packed for address in message.dns_servers))
    return struct.pack("!I", message.kind << 24 | message.xid) + options


def _option(number: int, octets: bytes) -> bytes:
    return _OPTION.pack(number, len(octets)) + octets


def parse(data: bytes) -> Dhcp6Message | None:
    """The message in these octets, None where it is none between client and server, or malformed."""
    if len(data) < 4 or not SOLICIT <= data[0] <= _INFORMATION_REQUEST:
        return None
    options = _options(data[4:])
    if options is None:
        return None
    leases: list[Lease] = []
    for octets in _all(options, IA_NA):
        inner = _options(octets[_IA_NA.size :]) if len(octets) >= _IA_NA.size else None
        if inner is None:
            return None
        for lease in _all(inner, IA_ADDRESS):
            if len(lease) < _IA_ADDRESS.size:
                return None
            address, dummy, valid = _IA_ADDRESS.unpack_from(lease)
            leases.append(Lease(ipaddress.IPv6Address(address), valid))
    return Dhcp6Message(
        data[0],
        int.from_bytes(data[1:4], "big"),
        b"".join(_all(options, CLIENT_ID)[:1]),
        b"".join(_all(options, SERVER_ID)[:1]),
        tuple(leases),
        tuple(address for octets in _all(options, DNS_SERVERS) for address in _addresses(octets)),
    )


def _options(data: bytes) -> OptionList | None:
    """The options in their order, None where one is cut off."""
    result: OptionList = []
    place = 0
    while place < len(data):
        if place + _OPTION.size > len(data):
            return None
        number, length = _OPTION.unpack_from(data, place)
        first = place + _OPTION.size
        place = first + length
        if place > len(data):
            return None
        result.append((number, data[first:place]))
    return result


def _all(options: OptionList, number: int) -> Sequence[bytes]:
    return [octets for found, octets in options if found == number]


def _addresses(octets: bytes) -> Sequence[ipaddress.IPv6Address]:
    if len(octets) % 16:
        return ()
    return [ipaddress.IPv6Address(octets[place : place + 16]) for place in range(0, len(octets), 16)]
