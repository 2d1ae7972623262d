# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""DHCP messages for IPv4 (RFC 2131) with their options (RFC 2132): build and parse. Pure.

Parsing never raises: what is no well-formed message is None, and an option of the wrong size is as good as absent.
"""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Tuple, TypeVar

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.frames import mac_bytes, mac_text

Value = TypeVar("Value")
Addresses = Tuple[ipaddress.IPv4Address, ...]

#: RFC 2131, 2, figure 1: op, htype, hlen, hops, xid, secs, flags, ciaddr, yiaddr, siaddr, giaddr, chaddr, sname, file.
_HEADER = struct.Struct("!4BIHH4s4s4s4s16s64s128s")
BOOTREQUEST, BOOTREPLY = 1, 2
#: RFC 2131, 2, figure 2: the leftmost bit of flags asks for answers by broadcast.
_BROADCAST = 0x8000
#: Hardware type and address length of Ethernet (RFC 1700, "Number Hardware Type").
_ETHERNET = (1, 6)
#: RFC 2131, 3
_COOKIE = bytes((99, 130, 83, 99))
#: RFC 1542, 2.1: a BOOTP message has at least 300 octets, and relays may drop shorter ones.
_SHORTEST = 300

#: RFC 2132; the section is behind the number.
PAD, END = 0, 255  # 3.1, 3.2
SUBNET_MASK = 1  # 3.3
ROUTER = 3  # 3.5
DNS_SERVER = 6  # 3.8
REQUESTED_ADDRESS = 50  # 9.1
LEASE_TIME = 51  # 9.2
OVERLOAD = 52  # 9.3
MESSAGE_TYPE = 53  # 9.6
SERVER_ID = 54  # 9.7
PARAMETER_LIST = 55  # 9.8
MESSAGE = 56  # 9.9
VENDOR_CLASS = 60  # 9.13
CLIENT_ID = 61  # 9.14

#: RFC 2132, 9.3: the fields that hold options too; bit 0 is file, bit 1 is sname, and they are read in this order.
_FILE, _SNAME = 1, 2

#: RFC 2132, 9.6
DISCOVER, OFFER, REQUEST, DECLINE, ACK, NAK, RELEASE = range(1, 8)

_NOWHERE = ipaddress.IPv4Address(0)


@dataclass(frozen=True)
class DhcpMessage:
    """One message. ``chaddr`` is the client's MAC address; options hold octets by number, each once (RFC 3396)."""

    op: int
    xid: int
    chaddr: str
    options: Mapping[int, bytes] = field(default_factory=dict)
    secs: int = 0
    broadcast: bool = False
    hops: int = 0
    ciaddr: ipaddress.IPv4Address = _NOWHERE
    yiaddr: ipaddress.IPv4Address = _NOWHERE
    siaddr: ipaddress.IPv4Address = _NOWHERE
    giaddr: ipaddress.IPv4Address = _NOWHERE

    @property
    def kind(self) -> int | None:
        """DISCOVER, OFFER, …; None for BOOTP without DHCP."""
        return self._option(MESSAGE_TYPE, 1, lambda octets: octets[0])

    @property
    def server_id(self) -> ipaddress.IPv4Address | None:
        return self._option(SERVER_ID, 4, ipaddress.IPv4Address)

    @property
    def requested_address(self) -> ipaddress.IPv4Address | None:
        return self._option(REQUESTED_ADDRESS, 4, ipaddress.IPv4Address)

    @property
    def lease_seconds(self) -> int | None:
        """0xffffffff is for ever (RFC 2131, 3.3)."""
        return self._option(LEASE_TIME, 4, lambda octets: int.from_bytes(octets, "big"))

    @property
    def network(self) -> ipaddress.IPv4Network | None:
        """The subnet of ``yiaddr``, None where no usable mask is given."""
        mask = self._option(SUBNET_MASK, 4, lambda octets: int.from_bytes(octets, "big"))
        if mask is None:
            return None
        prefix = 32 - (mask ^ 0xFFFFFFFF).bit_length()
        # a mask with holes is none
        if mask != (0xFFFFFFFF << (32 - prefix)) & 0xFFFFFFFF:
            return None
        return ipaddress.IPv4Network((int(self.yiaddr) & mask, prefix))

    @property
    def routers(self) -> Addresses:
        return self._addresses(ROUTER)

    @property
    def dns_servers(self) -> Addresses:
        return self._addresses(DNS_SERVER)

    def _option(self, number: int, size: int, convert: Callable[[bytes], Value]) -> Value | None:
        octets = self.options.get(number, b"")
        return convert(octets) if len(octets) == size else None

    def _addresses(self, number: int) -> Addresses:
        octets = self.options.get(number, b"")
        if len(octets) % 4:
            return ()
        return tuple(ipaddress.IPv4Address(octets[place : place + 4]) for place in range(0, len(octets), 4))


def discover(
    xid: int, mac: str, client_id: bytes, vendor: bytes, wanted: ipaddress.IPv4Address | None = None, secs: int = 0
) -> DhcpMessage:
    """A DHCPDISCOVER (RFC 2131, 4.4.1) that asks for answers by broadcast. wanted: option 50, a hint to the server."""
    options = {MESSAGE_TYPE: bytes((DISCOVER,)), CLIENT_ID: client_id, VENDOR_CLASS: vendor}
    if wanted is not None:
        options[REQUESTED_ADDRESS] = wanted.packed
    options[PARAMETER_LIST] = bytes((SUBNET_MASK, ROUTER, DNS_SERVER, LEASE_TIME, SERVER_ID))
    return DhcpMessage(BOOTREQUEST, xid, mac, options, secs=secs, broadcast=True)


def build(message: DhcpMessage) -> bytes:
    """The octets of a message. Options of more than 255 octets are split (RFC 3396, 6)."""
    data = _HEADER.pack(
        message.op,
        *_ETHERNET,
        message.hops,
        message.xid,
        message.secs,
        _BROADCAST if message.broadcast else 0,
        message.ciaddr.packed,
        message.yiaddr.packed,
        message.siaddr.packed,
        message.giaddr.packed,
        mac_bytes(message.chaddr),
        b"",
        b"",
    )
    options = b"".join(_build_option(number, octets) for number, octets in message.options.items())
    return (data + _COOKIE + options + bytes((END,))).ljust(_SHORTEST, b"\0")


def _build_option(number: int, octets: bytes) -> bytes:
    parts = [octets[place : place + 255] for place in range(0, len(octets), 255)] or [b""]
    return b"".join(bytes((number, len(part))) + part for part in parts)


def parse(data: bytes) -> DhcpMessage | None:
    """The message in these octets, None where it is none for Ethernet, or malformed."""
    start = _HEADER.size + len(_COOKIE)
    if len(data) < start or data[_HEADER.size : start] != _COOKIE:
        return None
    op, htype, hlen, hops, xid, secs, flags, *addresses, chaddr, sname, file = _HEADER.unpack_from(data)
    if op not in (BOOTREQUEST, BOOTREPLY) or (htype, hlen) != _ETHERNET:
        return None
    options: dict[int, bytes] = {}
    if not _parse_options(data[start:], options):
        return None
    overload = options.pop(OVERLOAD, b"\0")
    for bit, octets in ((_FILE, file), (_SNAME, sname)):
        if len(overload) == 1 and overload[0] & bit and not _parse_options(octets, options):
            return None
    ciaddr, yiaddr, siaddr, giaddr = map(ipaddress.IPv4Address, addresses)
    return DhcpMessage(
        op, xid, mac_text(chaddr[:6]), options, secs, bool(flags & _BROADCAST), hops, ciaddr, yiaddr, siaddr, giaddr
    )


def _parse_options(data: bytes, options: dict[int, bytes]) -> bool:
    """Add the options of one field; those that come in parts are joined (RFC 3396, 5). False where one is cut off."""
    place = 0
    while place < len(data) and data[place] != END:
        if data[place] == PAD:
            place += 1
            continue
        if place + 1 >= len(data):
            return False
        number, first = data[place], place + 2
        place = first + data[place + 1]
        if place > len(data):
            return False
        options[number] = options.get(number, b"") + data[first:place]
    return True
