# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Netlink messages on the wire (RFC 3549; linux/netlink.h): header, attributes, requests. Pure.

Two tasks need it, and each has its own reader:

- To restore addresses, routes and rules as they were, each attribute has to be sent back as the kernel sent it, also
  one that no library knows: `rtnetlink` keeps the octets. `read` makes facts of them, and `changes` is its other side.
- To watch a host without disturbing it, a notification has to cost tens of microseconds, as a storm of neighbour
  updates brings thousands per second. `decode` turns the few fields that a timeline shows into values, in 20 to 40
  microseconds.

pyroute2 does none of this: importing it costs a module run 0.15 to 0.3 s, as that loads its database, conntrack and
nftables as well; it takes 2 to 3 ms for a notification, and 0.6 s for a thousand links.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple, Tuple

#: linux/netlink.h
NLMSG_ERROR, NLMSG_DONE = 2, 3
NLM_F_REQUEST, NLM_F_ACK, NLM_F_DUMP_INTR = 0x1, 0x4, 0x10
NLM_F_ROOT, NLM_F_MATCH = 0x100, 0x200
NLM_F_DUMP = NLM_F_ROOT | NLM_F_MATCH
NLM_F_REPLACE, NLM_F_EXCL, NLM_F_CREATE, NLM_F_APPEND = 0x100, 0x200, 0x400, 0x800
NLA_F_NESTED = 0x8000
#: Without NLA_F_NESTED and NLA_F_NET_BYTEORDER, the two high bits of an attribute's number.
NLA_TYPE_MASK = 0x3FFF

#: linux/rtnetlink.h: "delete" is one more than "new", "get" two more.
RTM_NEWLINK, RTM_DELLINK, RTM_GETLINK = 16, 17, 18
RTM_NEWADDR, RTM_GETADDR = 20, 22
RTM_NEWROUTE, RTM_GETROUTE = 24, 26
RTM_NEWNEIGH, RTM_GETNEIGH = 28, 30
RTM_NEWRULE, RTM_GETRULE = 32, 34
RTM_NEWQDISC = 36
RTM_NEWNSID, RTM_GETNSID = 88, 90
RTM_NEWLINKPROP, RTM_DELLINKPROP = 108, 109

#: struct nlmsghdr: length, type, flags, sequence number, port id; struct nlattr: length, type.
HEADER = struct.Struct("=IHHII")
_ATTRIBUTE = struct.Struct("=HH")
#: The fixed headers of linux/rtnetlink.h and linux/if_addr.h: struct ifinfomsg, ifaddrmsg, rtmsg.
IFINFOMSG = struct.Struct("=BxHiII")
IFADDRMSG = struct.Struct("=BBBBI")
RTMSG = struct.Struct("=BBBBBBBBI")

Attribute = Tuple[int, bytes]


class NetlinkMessage(NamedTuple):
    """kind: nlmsg_type; port: nlmsg_pid, whose change a notification is about, 0 for the kernel's own."""

    kind: int
    flags: int
    sequence: int
    port: int
    payload: bytes


def messages(data: bytes) -> Iterator[NetlinkMessage]:
    """The messages of a datagram; what is cut off ends them."""
    offset = 0
    while offset + HEADER.size <= len(data):
        length, kind, flags, sequence, port = HEADER.unpack_from(data, offset)
        if length < HEADER.size or offset + length > len(data):
            return
        yield NetlinkMessage(kind, flags, sequence, port, data[offset + HEADER.size : offset + length])
        offset += length + -length % 4


def attributes(data: bytes, offset: int = 0) -> list[Attribute]:
    """Numbers, with their flags, and payloads of the attributes from an offset on; what is cut off ends them."""
    found: list[Attribute] = []
    end = len(data)
    while offset + 4 <= end:
        length, number = _ATTRIBUTE.unpack_from(data, offset)
        if length < 4 or offset + length > end:
            break
        found.append((number, data[offset + 4 : offset + length]))
        offset += (length + 3) & ~3
    return found


def text(value: bytes | str | None) -> str:
    """A name from the kernel: any octets but zero, so that what is no UTF-8 becomes surrogates (PEP 383).

    value: as it came, or as pyroute2 returns it: octets where it could not decode them.
    """
    if isinstance(value, str):
        return value
    return (value or b"").rstrip(b"\0").decode("utf-8", "surrogateescape")


def attribute(number: int, payload: bytes) -> bytes:
    return _ATTRIBUTE.pack(_ATTRIBUTE.size + len(payload), number) + payload + b"\0" * (-len(payload) % 4)


def request(kind: int, flags: int, sequence: int, payload: bytes, port: int = 0) -> bytes:
    return HEADER.pack(HEADER.size + len(payload), kind, NLM_F_REQUEST | flags, sequence, port) + payload


def error_of(payload: bytes) -> int:
    """The errno of an NLMSG_ERROR, 0 for an acknowledgement (struct nlmsgerr)."""
    return -int(struct.unpack_from("=i", payload)[0])
