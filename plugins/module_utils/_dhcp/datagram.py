# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""UDP datagrams of DHCP in Ethernet frames, and the kernel filter that passes them alone. Pure.

Checksums are not compared: what comes from another namespace of this machine has them unfinished (linux/skbuff.h,
CHECKSUM_PARTIAL), and a damaged message is not parsed.
"""

from __future__ import annotations

import ipaddress
import struct
from dataclasses import dataclass

from ansible_collections.linuxnet.macvlan.plugins.module_utils._packets import (
    BROADCAST,
    ETH_HLEN,
    checksum,
    mac_bytes,
    mac_text,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._probe.filter import (
    JUMP_EQUAL,
    JUMP_SET,
    LOAD_BYTE,
    LOAD_HALF,
    LOAD_WORD,
    VLAN_ID,
    VLAN_TAG,
    Program,
    assemble,
)

#: linux/if_ether.h
ETH_P_IP = 0x0800
IPPROTO_UDP = 17
#: RFC 2131, 4.1
SERVER_PORT, CLIENT_PORT = 67, 68

_IPV4 = struct.Struct("!BBHHHBBH4s4s")
_UDP = struct.Struct("!HHHH")
#: RFC 791, 3.1: version 4 with a header of five words; more fragments; offset of a fragment.
_VERSION_AND_LENGTH = 0x45
_MORE_FRAGMENTS, _FRAGMENT_OFFSET = 0x2000, 0x1FFF
#: A DISCOVER of a client on this link needs no more, and relays send datagrams of their own.
_TTL = 64
_NOWHERE, _EVERYBODY = ipaddress.IPv4Address("0.0.0.0"), ipaddress.IPv4Address("255.255.255.255")

#: linux/bpf_common.h: load the length of an IPv4 header into the index register; load half a word behind that.
_LOAD_HEADER_LENGTH, _LOAD_HALF_INDEXED = 0xB1, 0x48


@dataclass(frozen=True)
class Datagram:
    """A UDP datagram over IPv4: MAC addresses, IP addresses, ports and payload."""

    source_mac: str
    destination_mac: str
    source: ipaddress.IPv4Address
    destination: ipaddress.IPv4Address
    source_port: int
    destination_port: int
    payload: bytes


def from_client(mac: str, payload: bytes) -> Datagram:
    """What a client without an address sends to all servers (RFC 2131, 4.1)."""
    return Datagram(mac, BROADCAST, _NOWHERE, _EVERYBODY, CLIENT_PORT, SERVER_PORT, payload)


def build(datagram: Datagram) -> bytes:
    """The octets of a frame with this datagram."""
    length = _UDP.size + len(datagram.payload)
    addresses = datagram.source.packed + datagram.destination.packed
    ports = (datagram.source_port, datagram.destination_port)
    # RFC 768: the checksum covers a pseudo header, and 0 would mean that there is none
    covered = addresses + struct.pack("!HH", IPPROTO_UDP, length) + _UDP.pack(*ports, length, 0) + datagram.payload
    udp = _UDP.pack(*ports, length, checksum(covered) or 0xFFFF) + datagram.payload

    def header(total: int) -> bytes:
        fields = (_VERSION_AND_LENGTH, 0, _IPV4.size + length, 0, 0, _TTL, IPPROTO_UDP, total)
        return _IPV4.pack(*fields, datagram.source.packed, datagram.destination.packed)

    ethernet = mac_bytes(datagram.destination_mac) + mac_bytes(datagram.source_mac) + struct.pack("!H", ETH_P_IP)
    return ethernet + header(checksum(header(0))) + udp


def parse(data: bytes) -> Datagram | None:
    """The datagram in a frame, None where it is none over IPv4, is a fragment, or malformed."""
    if len(data) < ETH_HLEN + _IPV4.size or data[12:ETH_HLEN] != struct.pack("!H", ETH_P_IP):
        return None
    first, dummy, total, dummy, fragment, dummy, protocol, dummy, source, destination = _IPV4.unpack_from(
        data, ETH_HLEN
    )
    start = (first & 0xF) * 4
    packet = data[ETH_HLEN : ETH_HLEN + total]
    if first >> 4 != 4 or start < _IPV4.size or len(packet) != total or total < start + _UDP.size:
        return None
    if protocol != IPPROTO_UDP or fragment & (_MORE_FRAGMENTS | _FRAGMENT_OFFSET):
        return None
    source_port, destination_port, length, dummy = _UDP.unpack_from(packet, start)
    if not _UDP.size <= length <= total - start:
        return None
    return Datagram(
        mac_text(data[6:12]),
        mac_text(data[0:6]),
        ipaddress.IPv4Address(source),
        ipaddress.IPv4Address(destination),
        source_port,
        destination_port,
        packet[start + _UDP.size : start + length],
    )


def program() -> Program:
    """Passes whole UDP datagrams to the ports of DHCP servers and clients, of the untagged network."""
    return assemble(
        [
            (LOAD_WORD, VLAN_TAG, "", ""),
            (JUMP_SET, VLAN_ID, "reject", ""),
            (LOAD_HALF, 12, "", ""),
            (JUMP_EQUAL, ETH_P_IP, "", "reject"),
            (LOAD_BYTE, ETH_HLEN + 9, "", ""),
            (JUMP_EQUAL, IPPROTO_UDP, "", "reject"),
            (LOAD_HALF, ETH_HLEN + 6, "", ""),
            (JUMP_SET, _MORE_FRAGMENTS | _FRAGMENT_OFFSET, "reject", ""),
            (_LOAD_HEADER_LENGTH, ETH_HLEN, "", ""),
            (_LOAD_HALF_INDEXED, ETH_HLEN + 2, "", ""),
            (JUMP_EQUAL, SERVER_PORT, "accept", ""),
            (JUMP_EQUAL, CLIENT_PORT, "accept", "reject"),
        ]
    )
