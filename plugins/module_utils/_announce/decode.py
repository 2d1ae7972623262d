# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the service reads: macvlan children, their addresses, events of the parent, and who claims an address. Pure.

What is malformed or cut off is left out: a container may have any link and any address.
"""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.names import (
    IFA_ADDRESS,
    IFA_F_DADFAILED,
    IFA_F_TENTATIVE,
    IFA_FLAGS,
    IFA_LOCAL,
    IFF_LOWER_UP,
    IFF_UP,
    IFLA_ADDRESS,
    IFLA_INFO_KIND,
    IFLA_LINK,
    IFLA_LINK_NETNSID,
    IFLA_LINKINFO,
    NETNSA_NSID,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.netlink import (
    IFADDRMSG,
    IFINFOMSG,
    NLA_TYPE_MASK,
    RTM_DELLINK,
    RTM_NEWADDR,
    RTM_NEWLINK,
    RTM_NEWNSID,
    NetlinkMessage,
    attributes,
    messages,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.claims import claim
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.frames import mac_text, parse


class Child(NamedTuple):
    """A macvlan link. parent, nsid: its lower device and, in its own namespace, the id of that one's namespace."""

    link: int
    mac: str
    parent: int
    nsid: int
    ready: bool


class Held(NamedTuple):
    """An address of a link. usable: not waiting for duplicate address detection, and not refused by it."""

    link: int
    address: Address
    usable: bool


def children(found: Iterable[NetlinkMessage]) -> Iterator[Child]:
    """The macvlan links among those of a dump whose lower device is in another namespace."""
    for message in found:
        if message.kind != RTM_NEWLINK or len(message.payload) < IFINFOMSG.size:
            continue
        index, flags = _ifinfo(message.payload)
        values = _values(message.payload, IFINFOMSG.size)
        mac, kind = values.get(IFLA_ADDRESS, b""), _values(values.get(IFLA_LINKINFO, b"")).get(IFLA_INFO_KIND, b"")
        parent, nsid = _number(values.get(IFLA_LINK)), _number(values.get(IFLA_LINK_NETNSID))
        if kind.rstrip(b"\0") == b"macvlan" and len(mac) == 6 and parent is not None and nsid is not None:
            up = IFF_UP | IFF_LOWER_UP
            yield Child(index, mac_text(mac), parent, nsid, flags & up == up)


def addresses(found: Iterable[NetlinkMessage]) -> Iterator[Held]:
    for message in found:
        if message.kind != RTM_NEWADDR or len(message.payload) < IFADDRMSG.size:
            continue
        _family, _prefix, flags, _scope, index = IFADDRMSG.unpack_from(message.payload)
        values = _values(message.payload, IFADDRMSG.size)
        octets = values.get(IFA_LOCAL) or values.get(IFA_ADDRESS) or b""
        flags = _number(values.get(IFA_FLAGS)) or flags
        if len(octets) in (4, 16):
            yield Held(index, ipaddress.ip_address(octets), not flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED))


def namespace_id(found: Iterable[NetlinkMessage]) -> int | None:
    """The answer to RTM_GETNSID, None where there is none; the kernel writes -1 for a namespace without an id."""
    for message in found:
        if message.kind == RTM_NEWNSID:
            # struct rtgenmsg, padded
            return _number(_values(message.payload, 4).get(NETNSA_NSID))
    return None


def concerns(data: bytes, parent: int) -> bool:
    """Whether a datagram of the link group is about the parent, or about a child that comes or goes on it.

    The kernel reports the parent whenever a child is linked to it, in whatever namespace (rtnetlink_event,
    NETDEV_CHANGEUPPER), and a child that an engine moves away from here as deleted.
    """
    for message in messages(data):
        if message.kind in (RTM_NEWLINK, RTM_DELLINK) and len(message.payload) >= IFINFOMSG.size:
            lower = _number(_values(message.payload, IFINFOMSG.size).get(IFLA_LINK))
            if parent in (_ifinfo(message.payload)[0], lower):
                return True
    return False


def claimed(data: bytes) -> tuple[Address, str] | None:
    """The address that a frame claims or probes, and for which MAC address; None where it does neither."""
    frame = parse(data)
    found = claim(frame) if frame is not None else None
    return found[:2] if found is not None else None


def _ifinfo(payload: bytes) -> tuple[int, int]:
    """Index and flags of struct ifinfomsg."""
    values = IFINFOMSG.unpack_from(payload)
    return values[2], values[3]


def _values(data: bytes, offset: int = 0) -> dict[int, bytes]:
    return {number & NLA_TYPE_MASK: value for number, value in attributes(data, offset)}


def _number(octets: bytes | None) -> int | None:
    return struct.unpack("=i", octets)[0] if octets is not None and len(octets) == 4 else None
