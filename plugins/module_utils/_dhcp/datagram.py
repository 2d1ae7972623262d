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
from typing import Tuple

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.bpf import (
    JUMP_EQUAL,
    JUMP_SET,
    LOAD_BYTE,
    LOAD_HALF,
    UNTAGGED,
    Program,
    assemble,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.frames import (
    BROADCAST,
    ETH_HLEN,
    ETH_P_IP,
    ETH_P_IPV6,
    IPPROTO_ICMPV6,
    NEIGHBOUR_SOLICITATION,
    checksum,
    mac_bytes,
    mac_text,
    multicast_mac,
)

IPPROTO_UDP = 17
#: RFC 2131, 4.1
SERVER_PORT, CLIENT_PORT = 67, 68
#: RFC 8415, 7.1 and 7.2
ALL_RELAYS_AND_SERVERS = ipaddress.IPv6Address("ff02::1:2")
CLIENT_PORT6, SERVER_PORT6 = 546, 547

_IPV4 = struct.Struct("!BBHHHBBH4s4s")
_IPV6 = struct.Struct("!IHBB16s16s")
_UDP = struct.Struct("!HHHH")
#: RFC 791, 3.1: version 4 with a header of five words; more fragments; offset of a fragment.
_VERSION_AND_LENGTH = 0x45
_MORE_FRAGMENTS, _FRAGMENT_OFFSET = 0x2000, 0x1FFF
#: A question of a client stays on its link; relays send datagrams of their own.
_TTL, _HOP_LIMIT = 64, 1
_NOWHERE, _EVERYBODY = ipaddress.IPv4Address("0.0.0.0"), ipaddress.IPv4Address("255.255.255.255")

#: linux/bpf_common.h: load the length of an IPv4 header into the index register; load half a word behind that.
_LOAD_HEADER_LENGTH, _LOAD_HALF_INDEXED = 0xB1, 0x48


@dataclass(frozen=True)
class Datagram:
    """A UDP datagram: MAC addresses, IP addresses of one family, ports and payload."""

    source_mac: str
    destination_mac: str
    source: Address
    destination: Address
    source_port: int
    destination_port: int
    payload: bytes


def from_client(mac: str, payload: bytes) -> Datagram:
    """What a client without an address sends to all servers (RFC 2131, 4.1)."""
    return Datagram(mac, BROADCAST, _NOWHERE, _EVERYBODY, CLIENT_PORT, SERVER_PORT, payload)


def from_client6(mac: str, source: ipaddress.IPv6Address, payload: bytes) -> Datagram:
    """What a client sends to all servers from its link-local address (RFC 8415, 13 and 18.2.1)."""
    group = ALL_RELAYS_AND_SERVERS
    return Datagram(mac, multicast_mac(group), source, group, CLIENT_PORT6, SERVER_PORT6, payload)


def link_local(mac: str) -> ipaddress.IPv6Address:
    """The link-local address that follows from a MAC address (RFC 4291, appendix A)."""
    octets = mac_bytes(mac)
    return ipaddress.IPv6Address(
        b"\xfe\x80" + bytes(6) + bytes((octets[0] ^ 2,)) + octets[1:3] + b"\xff\xfe" + octets[3:]
    )


def build(datagram: Datagram) -> bytes:
    """The octets of a frame with this datagram."""
    length = _UDP.size + len(datagram.payload)
    addresses = datagram.source.packed + datagram.destination.packed
    ports = (datagram.source_port, datagram.destination_port)
    # RFC 768 and RFC 8200, 8.1: the checksum covers a pseudo header, the sum of which is the same for both, and 0 would
    # mean that there is none
    covered = addresses + struct.pack("!HH", IPPROTO_UDP, length) + _UDP.pack(*ports, length, 0) + datagram.payload
    udp = _UDP.pack(*ports, length, checksum(covered) or 0xFFFF) + datagram.payload

    if datagram.source.version == 6:
        ethertype = ETH_P_IPV6
        header = _IPV6.pack(
            6 << 28, length, IPPROTO_UDP, _HOP_LIMIT, datagram.source.packed, datagram.destination.packed
        )
    else:
        ethertype = ETH_P_IP
        header = _ipv4_header(datagram, length, 0)
        header = _ipv4_header(datagram, length, checksum(header))
    ethernet = mac_bytes(datagram.destination_mac) + mac_bytes(datagram.source_mac) + struct.pack("!H", ethertype)
    return ethernet + header + udp


def _ipv4_header(datagram: Datagram, length: int, total: int) -> bytes:
    fields = (_VERSION_AND_LENGTH, 0, _IPV4.size + length, 0, 0, _TTL, IPPROTO_UDP, total)
    return _IPV4.pack(*fields, datagram.source.packed, datagram.destination.packed)


def parse(data: bytes) -> Datagram | None:
    """The datagram in a frame, None where it holds none, or a fragment, or is malformed."""
    ethertype = int.from_bytes(data[12:ETH_HLEN], "big")
    if ethertype == ETH_P_IP and len(data) >= ETH_HLEN + _IPV4.size:
        found = _parse_ipv4(data)
    elif ethertype == ETH_P_IPV6 and len(data) >= ETH_HLEN + _IPV6.size:
        found = _parse_ipv6(data)
    else:
        found = None
    if found is None:
        return None
    source, destination, udp = found
    if len(udp) < _UDP.size:
        return None
    source_port, destination_port, length, dummy = _UDP.unpack_from(udp)
    if not _UDP.size <= length <= len(udp):
        return None
    payload = udp[_UDP.size : length]
    macs = mac_text(data[6:12]), mac_text(data[0:6])
    return Datagram(*macs, source, destination, source_port, destination_port, payload)


#: Source, destination, and the octets behind the header.
_Packet = Tuple[Address, Address, bytes]


def _parse_ipv4(data: bytes) -> _Packet | None:
    header = _IPV4.unpack_from(data, ETH_HLEN)
    first, dummy, total, dummy, fragment, dummy, protocol, dummy, source, destination = header
    start = (first & 0xF) * 4
    packet = data[ETH_HLEN : ETH_HLEN + total]
    if first >> 4 != 4 or start < _IPV4.size or len(packet) != total or protocol != IPPROTO_UDP:
        return None
    if fragment & (_MORE_FRAGMENTS | _FRAGMENT_OFFSET):
        return None
    return ipaddress.IPv4Address(source), ipaddress.IPv4Address(destination), packet[start:]


def _parse_ipv6(data: bytes) -> _Packet | None:
    """Without extension headers, which these messages do not have."""
    first, length, protocol, dummy, source, destination = _IPV6.unpack_from(data, ETH_HLEN)
    packet = data[ETH_HLEN + _IPV6.size :][:length]
    if first >> 28 != 6 or protocol != IPPROTO_UDP or len(packet) != length:
        return None
    return ipaddress.IPv6Address(source), ipaddress.IPv6Address(destination), packet


def program() -> Program:
    """Passes whole UDP datagrams to the ports of DHCP servers and clients, and the neighbour solicitations by which
    servers find a client, of the untagged network."""
    return assemble(
        [
            *UNTAGGED,
            (LOAD_HALF, 12, "", ""),
            (JUMP_EQUAL, ETH_P_IPV6, "ipv6", ""),
            (JUMP_EQUAL, ETH_P_IP, "", "reject"),
            (LOAD_BYTE, ETH_HLEN + 9, "", ""),
            (JUMP_EQUAL, IPPROTO_UDP, "", "reject"),
            (LOAD_HALF, ETH_HLEN + 6, "", ""),
            (JUMP_SET, _MORE_FRAGMENTS | _FRAGMENT_OFFSET, "reject", ""),
            (_LOAD_HEADER_LENGTH, ETH_HLEN, "", ""),
            (_LOAD_HALF_INDEXED, ETH_HLEN + 2, "", ""),
            (JUMP_EQUAL, SERVER_PORT, "accept", ""),
            (JUMP_EQUAL, CLIENT_PORT, "accept", "reject"),
            "ipv6",
            (LOAD_BYTE, ETH_HLEN + 6, "", ""),
            (JUMP_EQUAL, IPPROTO_ICMPV6, "", "udp6"),
            (LOAD_BYTE, ETH_HLEN + _IPV6.size, "", ""),
            (JUMP_EQUAL, NEIGHBOUR_SOLICITATION, "accept", "reject"),
            "udp6",
            (JUMP_EQUAL, IPPROTO_UDP, "", "reject"),
            (LOAD_HALF, ETH_HLEN + _IPV6.size + 2, "", ""),
            (JUMP_EQUAL, SERVER_PORT6, "accept", ""),
            (JUMP_EQUAL, CLIENT_PORT6, "accept", "reject"),
        ]
    )
