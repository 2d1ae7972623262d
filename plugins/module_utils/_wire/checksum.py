# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The checksum of TCP and UDP in a frame. Pure."""

from __future__ import annotations

import ipaddress
import struct

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass

from .frames import ETH_HLEN, ETH_P_IP, ETH_P_IPV6, checksum

#: Protocol numbers (IANA), octets of the shortest header, and place of the checksum in it (RFC 9293, 3.1; RFC 768).
TCP, UDP = 6, 17
_HEADERS = {TCP: (20, 16), UDP: (8, 6)}
_NAMES = {TCP: "tcp", UDP: "udp"}
#: RFC 791, 3.1: flag and offset of fragments, whose checksum covers all of them together.
_FRAGMENT = 0x3FFF
_IPV4_LENGTH, _IPV6_LENGTH = 20, 40


@dataclass(frozen=True)
class TransportHeader:
    """What a frame carries. right: whether its checksum is that of what it carries."""

    protocol: int
    source: Address
    source_port: int
    destination: Address
    destination_port: int
    right: bool

    def __str__(self) -> str:
        sender, receiver = f"{self.source} port {self.source_port}", f"{self.destination} port {self.destination_port}"
        return f"{_NAMES[self.protocol]} from {sender} to {receiver}"


def read(frame: bytes) -> TransportHeader | None:
    """None where it is no whole TCP segment or UDP datagram, or where it says that it has no checksum."""
    kind = int.from_bytes(frame[12:ETH_HLEN], "big")
    packet = frame[ETH_HLEN:]
    if kind == ETH_P_IP and len(packet) >= _IPV4_LENGTH:
        start, total = (packet[0] & 0xF) * 4, int.from_bytes(packet[2:4], "big")
        protocol, ends = packet[9], packet[12:20]
        whole = not int.from_bytes(packet[6:8], "big") & _FRAGMENT and start >= _IPV4_LENGTH
    elif kind == ETH_P_IPV6 and len(packet) >= _IPV6_LENGTH:
        start, total = _IPV6_LENGTH, _IPV6_LENGTH + int.from_bytes(packet[4:6], "big")
        protocol, ends = packet[6], packet[8:40]
        whole = True
    else:
        return None
    least, place = _HEADERS.get(protocol, (0, 0))
    body = packet[start:total]
    if not least or not whole or total > len(packet) or len(body) < least:
        return None
    if protocol == UDP and body[place : place + 2] == b"\0\0":
        return None
    half = len(ends) // 2
    source, destination = ipaddress.ip_address(ends[:half]), ipaddress.ip_address(ends[half:])
    # RFC 9293, 3.1 and RFC 8200, 8.1: the pseudo headers of both versions have the same sum
    right = checksum(ends + struct.pack("!II", len(body), protocol) + body) == 0
    ports = struct.unpack_from("!HH", body)
    return TransportHeader(protocol, source, ports[0], destination, ports[1], right)
