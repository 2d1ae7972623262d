# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The marks of a run's probes, and what a frame on the way says of them. Pure.

An echo request carries MAGIC, the run's nonce and the probe's number in its first octets, its attempt in the sequence
number, and has a length of its own, by which the kernel's trace names it. Whoever sees the wire can forge a mark: it
says where packets were seen, and proves nothing else.
"""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Sequence

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.bpf import (
    JUMP_EQUAL,
    LOAD_BYTE,
    LOAD_HALF,
    LOAD_WORD,
    UNTAGGED,
    Program,
    Step,
    assemble,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.frames import (
    ETH_HLEN,
    ETH_P_ARP,
    ETH_P_IP,
    ETH_P_IPV6,
    IPPROTO_ICMPV6,
    NEIGHBOUR_ADVERTISEMENT,
    NEIGHBOUR_SOLICITATION,
    parse,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.frames import Arp as ArpBody

from .data import ARP, ICMP, ND

MAGIC = b"lnmv"
#: Octets of the nonce; with MAGIC and the number they are as many as a pinger's token.
NONCE = 8
#: Lengths of IP packets of probes: rare ones, as many as there are probes whose drops can be distinguished.
LENGTH, LENGTHS = 201, 48
#: Addresses whose ARP and ND the filter passes: jumps of classic BPF reach 255 instructions.
ADDRESSES_MAX = 32

_ICMP = 1
_REQUESTS = {ETH_P_IP: 8, ETH_P_IPV6: 128}
_ANSWERS = {ETH_P_IP: 0, ETH_P_IPV6: 129}
#: Offsets in a frame: protocol and type behind an IPv4 header without options, and behind an IPv6 header.
_PROTOCOL4, _TYPE4, _PROTOCOL6, _TYPE6 = ETH_HLEN + 9, ETH_HLEN + 20, ETH_HLEN + 6, ETH_HLEN + 40
_ECHO_HEADER = 8
_ARP_SENDER, _ARP_TARGET = ETH_HLEN + 14, ETH_HLEN + 24
#: The last four octets of the target of a neighbour discovery message.
_ND_TARGET = ETH_HLEN + 40 + 20


def token(nonce: bytes, number: int) -> bytes:
    """What an echo request of a probe begins with."""
    return MAGIC + nonce + struct.pack("!I", number)


def length(number: int, offset: int) -> int:
    """Octets of the IP packets of a probe. offset: one of the run."""
    return LENGTH + (number + offset) % LENGTHS


@dataclass(frozen=True)
class Sighting:
    """What a frame is. nonce, probe, number: of echoes. address: who is asked. mac: of who asks, for ARP and ND. to:
    the MAC address that an echo goes to."""

    protocol: str
    request: bool
    address: Address
    mac: str = ""
    nonce: bytes = b""
    probe: int = 0
    number: int = 0
    to: str = ""


def sighting(data: bytes) -> Sighting | None:
    """None for what is neither a marked echo, ARP nor ND."""
    if len(data) < ETH_HLEN:
        return None
    kind = data[12] << 8 | data[13]
    if kind == ETH_P_IP and len(data) > _PROTOCOL4 and data[_PROTOCOL4] == _ICMP:
        return _echo(data, kind, _TYPE4, (ETH_HLEN + 12, ETH_HLEN + 16), 4)
    six = kind == ETH_P_IPV6 and len(data) > _TYPE6 and data[_PROTOCOL6] == IPPROTO_ICMPV6
    if six and data[_TYPE6] in (_REQUESTS[kind], _ANSWERS[kind]):
        return _echo(data, kind, _TYPE6, (ETH_HLEN + 8, ETH_HLEN + 24), 16)
    return _question(data)


def _echo(data: bytes, kind: int, at: int, addresses: tuple[int, int], size: int) -> Sighting | None:
    mark = data[at + _ECHO_HEADER :][: len(MAGIC) + NONCE + 4]
    if len(mark) < len(MAGIC) + NONCE + 4 or mark[: len(MAGIC)] != MAGIC:
        return None
    request = data[at] == _REQUESTS[kind]
    if not request and data[at] != _ANSWERS[kind]:
        return None
    start = addresses[1] if request else addresses[0]
    address = ipaddress.ip_address(data[start : start + size])
    (probe,) = struct.unpack("!I", mark[-4:])
    number = data[at + 6] << 8 | data[at + 7]
    nonce = mark[len(MAGIC) : -4]
    return Sighting(ICMP, request, address, nonce=nonce, probe=probe, number=number, to=data[:6].hex(":"))


def _question(data: bytes) -> Sighting | None:
    frame = parse(data)
    if frame is None:
        return None
    body = frame.body
    if isinstance(body, ArpBody):
        request = body.operation == 1
        return Sighting(ARP, request, body.tpa if request else body.spa, body.sha if request else frame.destination)
    return Sighting(ND, body.solicitation, body.target, frame.source if body.solicitation else frame.destination)


def program(addresses: Sequence[Address]) -> Program:
    """Passes marked echoes, and ARP and ND about some addresses: the first ADDRESSES_MAX of them."""
    wanted = list(addresses)[:ADDRESSES_MAX]
    (magic,) = struct.unpack("!I", MAGIC)
    four = sorted({int(item) for item in wanted if item.version == 4})
    six = sorted({int(item) & 0xFFFFFFFF for item in wanted if item.version == 6})
    steps: list[Step | str] = [
        *UNTAGGED,
        (LOAD_HALF, 12, "", ""),
        (JUMP_EQUAL, ETH_P_IP, "", "six"),
        (LOAD_BYTE, _PROTOCOL4, "", ""),
        (JUMP_EQUAL, _ICMP, "", "reject"),
        (LOAD_WORD, _TYPE4 + _ECHO_HEADER, "", ""),
        (JUMP_EQUAL, magic, "accept", "reject"),
        "six",
        (JUMP_EQUAL, ETH_P_IPV6, "", "arp"),
        (LOAD_BYTE, _PROTOCOL6, "", ""),
        (JUMP_EQUAL, IPPROTO_ICMPV6, "", "reject"),
        (LOAD_WORD, _TYPE6 + _ECHO_HEADER, "", ""),
        (JUMP_EQUAL, magic, "accept", ""),
        (LOAD_BYTE, _TYPE6, "", ""),
        (JUMP_EQUAL, NEIGHBOUR_SOLICITATION, "nd", ""),
        (JUMP_EQUAL, NEIGHBOUR_ADVERTISEMENT, "", "reject"),
        "nd",
        (LOAD_WORD, _ND_TARGET, "", ""),
        *[(JUMP_EQUAL, item, "accept", "") for item in six],
        (JUMP_EQUAL, 0, "reject", "reject"),
        "arp",
        (JUMP_EQUAL, ETH_P_ARP, "", "reject"),
        (LOAD_WORD, _ARP_TARGET, "", ""),
        *[(JUMP_EQUAL, item, "accept", "") for item in four],
        (LOAD_WORD, _ARP_SENDER, "", ""),
        *[(JUMP_EQUAL, item, "accept", "") for item in four],
        (JUMP_EQUAL, 0, "reject", "reject"),
    ]
    return assemble(steps)
