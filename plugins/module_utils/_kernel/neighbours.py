# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Neighbours that were configured, as the kernel's own messages (linux/neighbour.h). Pure.

Permanent ones, proxies, those that routing daemons keep, and addresses that a device receives besides its own. The
kernel drops all of them with their device, and the first three with its MAC address too (neigh_changeaddr).
"""

from __future__ import annotations

import ipaddress
import socket
import struct
from collections.abc import Mapping
from dataclasses import replace

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address

from .names import (
    AF_BRIDGE,
    NDA_CACHEINFO,
    NDA_DST,
    NDA_FLAGS_EXT,
    NDA_LLADDR,
    NDA_MASTER,
    NDA_PROBES,
    NTF_EXT_LEARNED,
    NTF_EXT_MANAGED,
    NTF_PROXY,
    NTF_SELF,
    NUD_PERMANENT,
)
from .netlink import NLA_TYPE_MASK, RTM_NEWNEIGH, attribute
from .rtnetlink import RtnetlinkMessage

#: struct ndmsg
_NDMSG = struct.Struct("=BxxxiHBB")
_PASSING = (NDA_CACHEINFO, NDA_PROBES)


def is_forwarding(message: RtnetlinkMessage) -> bool:
    """Whether it is an address that a device receives besides its own, and no neighbour."""
    return message.header[0] == AF_BRIDGE


def configured(message: RtnetlinkMessage) -> bool:
    """Whether user space made it: what the kernel has learned it learns again."""
    family, _index, now, flags, _kind = _NDMSG.unpack(message.header)
    own = message.get(NDA_LLADDR) or b""
    if family == AF_BRIDGE:
        # Multicast addresses follow from memberships, and entries of a bridge from its ports.
        plain = bool(own) and not own[0] & 1 and message.get(NDA_MASTER) is None
        return plain and bool(flags & NTF_SELF and now & NUD_PERMANENT)
    if family not in (socket.AF_INET, socket.AF_INET6):
        return False
    kept = bool(flags & (NTF_PROXY | NTF_EXT_LEARNED) or now & NUD_PERMANENT or _managed(message))
    return kept and message.get(NDA_DST) is not None


def _managed(message: RtnetlinkMessage) -> bool:
    """Whether the kernel keeps it resolved: its MAC address and state are the kernel's."""
    return bool((message.number(NDA_FLAGS_EXT) or 0) & NTF_EXT_MANAGED)


def index(message: RtnetlinkMessage) -> int:
    return int(_NDMSG.unpack(message.header)[1])


def state(message: RtnetlinkMessage) -> int:
    """NUD_*"""
    return int(_NDMSG.unpack(message.header)[2])


def moved(message: RtnetlinkMessage, devices: Mapping[int, int]) -> RtnetlinkMessage | None:
    """The same on the device of that name now, without what passes; None where the device is gone."""
    family, old, now, flags, kind = _NDMSG.unpack(message.header)
    if old not in devices:
        return None
    passing = (*_PASSING, NDA_LLADDR) if _managed(message) else _PASSING
    kept = tuple(item for item in message.attributes if item[0] & NLA_TYPE_MASK not in passing)
    header = _NDMSG.pack(family, devices[old], 0 if _managed(message) else now, flags, kind)
    return replace(message, header=header, attributes=kept)


def key(message: RtnetlinkMessage) -> bytes:
    """What makes it the same one: `moved` has taken away what passes. The state of a learned one passes, too."""
    family, device, now, flags, _kind = _NDMSG.unpack(message.header)
    lasting = flags & (NTF_SELF | NTF_PROXY | NTF_EXT_LEARNED)
    head = _NDMSG.pack(family, device, now & NUD_PERMANENT, lasting, 0)
    return b"n" + head + b"".join(attribute(number, payload) for number, payload in sorted(message.attributes))


def of(target: Address, device: int) -> RtnetlinkMessage:
    """The entry of a target, as it is named in a request."""
    family = socket.AF_INET if target.version == 4 else socket.AF_INET6
    return RtnetlinkMessage(RTM_NEWNEIGH, _NDMSG.pack(family, device, 0, 0, 0), ((NDA_DST, target.packed),))


def words(message: RtnetlinkMessage, names: Mapping[int, str]) -> str:
    """How an operator would call it."""
    device = names.get(index(message), "?")
    own = (message.get(NDA_LLADDR) or b"").hex(":")
    if is_forwarding(message):
        return f"additional MAC address {own} of {device}"
    target = ipaddress.ip_address(message.get(NDA_DST) or b"\0\0\0\0")
    what = "proxy" if message.header[10] & NTF_PROXY else "neighbour"
    return f"{what} {target} dev {device}" + (f" lladdr {own}" if own else "")
