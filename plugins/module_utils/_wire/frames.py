# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ethernet frames with ARP and IPv6 neighbour discovery, and ICMP echo: build and parse. Pure.

Parsing never raises: what is no well-formed message of these kinds is None.
"""

from __future__ import annotations

import ipaddress
import struct
from dataclasses import dataclass

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address

from .signature import SIGNER, SIZE

#: linux/if_ether.h
ETH_P_IP = 0x0800
ETH_P_ARP = 0x0806
ETH_P_IPV6 = 0x86DD
ETH_HLEN = 14
#: Shortest frame without its checksum (IEEE 802.3, 3.2.8): an ARP packet leaves 18 octets of padding.
ETH_ZLEN = 60

BROADCAST = "ff:ff:ff:ff:ff:ff"
NO_MAC = "00:00:00:00:00:00"

#: RFC 826; hardware type 1 is Ethernet, protocol type 0x0800 IPv4.
ARP_REQUEST = 1
ARP_REPLY = 2
_ARP = struct.Struct("!HHBBH6s4s6s4s")
_ARP_HEADER = (1, 0x0800, 6, 4)

#: RFC 4861, 4.3, 4.4 and 4.6.1
NEIGHBOUR_SOLICITATION = 135
NEIGHBOUR_ADVERTISEMENT = 136
_SOURCE_LINK_LAYER = 1
_TARGET_LINK_LAYER = 2
#: RFC 3971, 5.3.2; RFC 7527 uses it in duplicate address detection.
_NONCE = 14
_FLAG_ROUTER, _FLAG_SOLICITED, _FLAG_OVERRIDE = 0x80, 0x40, 0x20
IPPROTO_ICMPV6 = 58
#: RFC 4861, 7.1.1: anything less has crossed a router and is not from this link.
_ND_HOP_LIMIT = 255
_IPV6 = struct.Struct("!IHBB16s16s")
ALL_NODES = ipaddress.IPv6Address("ff02::1")
UNSPECIFIED = ipaddress.IPv6Address("::")

#: RFC 792 and RFC 4443, 4.1: type of echo request and of echo reply by IP version.
_ECHO_REQUEST = {4: 8, 6: 128}
_ECHO_REPLY = {4: 0, 6: 129}


@dataclass(frozen=True)
class Arp:
    """An ARP packet for Ethernet and IPv4; sender and target hardware and protocol address as RFC 5227 names them."""

    operation: int
    sha: str
    spa: ipaddress.IPv4Address
    tha: str
    tpa: ipaddress.IPv4Address


@dataclass(frozen=True)
class Neighbour:
    """A neighbour solicitation or advertisement. ``link_layer`` is its source or target link-layer address option."""

    solicitation: bool
    source: ipaddress.IPv6Address
    destination: ipaddress.IPv6Address
    target: ipaddress.IPv6Address
    link_layer: str | None = None
    router: bool = False
    solicited: bool = False
    override: bool = False


@dataclass(frozen=True)
class Frame:
    """An Ethernet frame. signed: whether it is signed with the key of this run; own: and by this process.

    In ARP the signature follows the packet, where receivers see padding. Behind IPv6 a Linux bridge may cut that off
    (br_netfilter), so there it is the nonce.
    """

    source: str
    destination: str
    body: Arp | Neighbour
    signed: bool = False
    own: bool = False


@dataclass(frozen=True)
class Echo:
    """An ICMP or ICMPv6 echo reply."""

    identifier: int
    sequence: int
    payload: bytes


def mac_bytes(mac: str) -> bytes:
    return bytes.fromhex(mac.replace(":", ""))


def mac_text(octets: bytes) -> str:
    return octets.hex(":")


def build(frame: Frame) -> bytes:
    """The octets of a frame, padded to the shortest that Ethernet allows."""
    signature = SIGNER.sign(_said(frame.source, frame.body)) if frame.signed else b""
    if isinstance(frame.body, Arp):
        packet = struct.pack("!H", ETH_P_ARP) + _build_arp(frame.body) + signature
    else:
        packet = struct.pack("!H", ETH_P_IPV6) + _build_neighbour(frame.body, signature)
    return (mac_bytes(frame.destination) + mac_bytes(frame.source) + packet).ljust(ETH_ZLEN, b"\0")


def parse(data: bytes) -> Frame | None:
    """The frame in these octets, None where it is neither ARP nor neighbour discovery, or malformed."""
    if len(data) < ETH_HLEN:
        return None
    ethertype = data[12] << 8 | data[13]
    body: Arp | Neighbour | None = None
    signature = b""
    if ethertype == ETH_P_ARP:
        body = _parse_arp(data)
        signature = data[ETH_HLEN + _ARP.size :][:SIZE]
    elif ethertype == ETH_P_IPV6 and len(data) >= ETH_HLEN + _IPV6.size:
        body, signature = _parse_neighbour(data)
    if body is None:
        return None
    source = mac_text(data[6:12])
    # most frames end in padding or have no nonce, which is no signature
    said = _said(source, body) if any(signature) else b""
    signed = bool(said) and SIGNER.signed(said, signature)
    return Frame(source, mac_text(data[0:6]), body, signed, signed and SIGNER.made(signature))


def _said(source: str, body: Arp | Neighbour) -> bytes:
    """All that a frame says, to be signed: whoever sends it to whom."""
    if isinstance(body, Arp):
        return mac_bytes(source) + _build_arp(body)
    return mac_bytes(source) + _build_neighbour(body, b"")


def probe(source: str, target: Address) -> bytes:
    """The question who holds ``target``, asked by a sender that has no address: for IPv4 an ARP probe (RFC 5227, 1.1:
    sender protocol address 0.0.0.0), for IPv6 a solicitation from ``::`` (RFC 4862, 5.4.2)."""
    if isinstance(target, ipaddress.IPv4Address):
        question = Arp(ARP_REQUEST, source, ipaddress.IPv4Address(0), NO_MAC, target)
        return build(Frame(source, BROADCAST, question, signed=True))
    group = solicited_node(target)
    return build(Frame(source, multicast_mac(group), Neighbour(True, UNSPECIFIED, group, target), signed=True))


def arp_request(source: str, sender: ipaddress.IPv4Address, target: ipaddress.IPv4Address) -> bytes:
    """The question who holds ``target``, as a host asks it that has the address ``sender`` (RFC 826)."""
    return build(Frame(source, BROADCAST, Arp(ARP_REQUEST, source, sender, NO_MAC, target), signed=True))


def solicitation(source: str, sender: ipaddress.IPv6Address, target: ipaddress.IPv6Address) -> bytes:
    """The question who holds ``target``, asked from the link-local address ``sender``: the answer goes there alone, and
    not to all nodes as that to `probe` does (RFC 4861, 7.2.4)."""
    group = solicited_node(target)
    body = Neighbour(True, sender, group, target, link_layer=source)
    return build(Frame(source, multicast_mac(group), body, signed=True))


def announcement(source: str, address: Address) -> bytes:
    """An unsolicited one that ``source`` has ``address``, to all: for IPv4 an ARP announcement (RFC 5227, 2.3), for
    IPv6 a neighbour advertisement that overrides what receivers have (RFC 4861, 7.2.6)."""
    if isinstance(address, ipaddress.IPv4Address):
        return build(Frame(source, BROADCAST, Arp(ARP_REQUEST, source, address, NO_MAC, address)))
    body = Neighbour(False, address, ALL_NODES, address, link_layer=source, override=True)
    return build(Frame(source, multicast_mac(ALL_NODES), body))


def solicited_node(address: ipaddress.IPv6Address) -> ipaddress.IPv6Address:
    """The solicited-node multicast address (RFC 4291, 2.7.1)."""
    return ipaddress.IPv6Address(int(ipaddress.IPv6Address("ff02::1:ff00:0")) | int(address) & 0xFFFFFF)


def multicast_mac(group: ipaddress.IPv6Address) -> str:
    """The Ethernet address of an IPv6 multicast group (RFC 2464, 7)."""
    return mac_text(b"\x33\x33" + group.packed[-4:])


def _build_arp(arp: Arp) -> bytes:
    return _ARP.pack(
        *_ARP_HEADER, arp.operation, mac_bytes(arp.sha), arp.spa.packed, mac_bytes(arp.tha), arp.tpa.packed
    )


def _parse_arp(data: bytes) -> Arp | None:
    if len(data) < ETH_HLEN + _ARP.size:
        return None
    *header, operation, sha, spa, tha, tpa = _ARP.unpack_from(data, ETH_HLEN)
    if tuple(header) != _ARP_HEADER or operation not in (ARP_REQUEST, ARP_REPLY):
        return None
    return Arp(operation, mac_text(sha), ipaddress.IPv4Address(spa), mac_text(tha), ipaddress.IPv4Address(tpa))


def _build_neighbour(message: Neighbour, nonce: bytes) -> bytes:
    flags = (
        (_FLAG_ROUTER if message.router else 0)
        | (_FLAG_SOLICITED if message.solicited else 0)
        | (_FLAG_OVERRIDE if message.override else 0)
    )
    kind = NEIGHBOUR_SOLICITATION if message.solicitation else NEIGHBOUR_ADVERTISEMENT
    option = b""
    if message.link_layer is not None:
        number = _SOURCE_LINK_LAYER if message.solicitation else _TARGET_LINK_LAYER
        option = bytes((number, 1)) + mac_bytes(message.link_layer)
    if nonce:
        option += bytes((_NONCE, (2 + len(nonce)) // 8)) + nonce
    payload = bytes((kind, 0, 0, 0, flags, 0, 0, 0)) + message.target.packed + option
    total = checksum(_pseudo_header(message.source.packed, message.destination.packed, len(payload)) + payload)
    payload = payload[:2] + struct.pack("!H", total) + payload[4:]
    header = _IPV6.pack(
        6 << 28, len(payload), IPPROTO_ICMPV6, _ND_HOP_LIMIT, message.source.packed, message.destination.packed
    )
    return header + payload


def _parse_neighbour(data: bytes) -> tuple[Neighbour | None, bytes]:
    """The message and its nonce, with the checks that RFC 4861, 7.1.1 and 7.1.2 demand of a receiver."""
    first, length, protocol, hops, source, destination = _IPV6.unpack_from(data, ETH_HLEN)
    payload = data[ETH_HLEN + _IPV6.size :][:length]
    if first >> 28 != 6 or protocol != IPPROTO_ICMPV6 or hops != _ND_HOP_LIMIT or len(payload) != length or length < 24:
        return None, b""
    kind, code, flags = payload[0], payload[1], payload[4]
    if kind not in (NEIGHBOUR_SOLICITATION, NEIGHBOUR_ADVERTISEMENT) or code != 0:
        return None, b""
    if checksum(_pseudo_header(source, destination, length) + payload) != 0:
        return None, b""
    options = _options(payload[24:])
    if options is None:
        return None, b""
    solicitation = kind == NEIGHBOUR_SOLICITATION
    link_layer = options.get(_SOURCE_LINK_LAYER if solicitation else _TARGET_LINK_LAYER)
    message = Neighbour(
        solicitation,
        ipaddress.IPv6Address(source),
        ipaddress.IPv6Address(destination),
        ipaddress.IPv6Address(payload[8:24]),
        mac_text(link_layer[:6]) if link_layer else None,
        router=not solicitation and bool(flags & _FLAG_ROUTER),
        solicited=not solicitation and bool(flags & _FLAG_SOLICITED),
        override=not solicitation and bool(flags & _FLAG_OVERRIDE),
    )
    return message, options.get(_NONCE, b"")


def _options(data: bytes) -> dict[int, bytes] | None:
    """Options by type, the first of each; None where one has no length: such a message is dropped (RFC 4861, 4.6)."""
    options: dict[int, bytes] = {}
    while data:
        size = data[1] * 8 if len(data) > 1 else 0
        if size == 0 or size > len(data):
            return None
        options.setdefault(data[0], data[2:size])
        data = data[size:]
    return options


def _pseudo_header(source: bytes, destination: bytes, length: int) -> bytes:
    """RFC 8200, 8.1."""
    return source + destination + struct.pack("!II", length, IPPROTO_ICMPV6)


def checksum(data: bytes) -> int:
    """The internet checksum (RFC 1071); 0 over a message that holds its right checksum."""
    if len(data) % 2:
        data += b"\0"
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return 0xFFFF - total


def build_echo(version: int, identifier: int, sequence: int, payload: bytes) -> bytes:
    """An echo request as a raw socket takes it.

    The kernel adds the IP header, and for IPv6 the checksum (RFC 3542, 3.1).
    """
    head = struct.pack("!BBHHH", _ECHO_REQUEST[version], 0, 0, identifier, sequence)
    if version == 6:
        return head + payload
    return head[:2] + struct.pack("!H", checksum(head + payload)) + head[4:] + payload


def parse_echo_reply(version: int, data: bytes) -> Echo | None:
    """An echo reply as a raw socket gives it: IPv4 with its header, IPv6 without and with its checksum checked."""
    if version == 4:
        if not data or data[0] >> 4 != 4:
            return None
        data = data[(data[0] & 0xF) * 4 :]
        if checksum(data) != 0:
            return None
    if len(data) < 8 or data[0] != _ECHO_REPLY[version] or data[1] != 0:
        return None
    identifier, sequence = struct.unpack_from("!HH", data, 4)
    return Echo(identifier, sequence, bytes(data[8:]))
