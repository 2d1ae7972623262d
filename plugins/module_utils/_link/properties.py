# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What nobody declares of a link and what it loses all the same when it is made again, or when a daemon takes it over.

Read and written as the kernel's own octets (linux/if_link.h); what it takes from nobody is known as lost. A declared
attribute is restored by the plan of links, and what is below /proc/sys as settings.
"""

from __future__ import annotations

import contextlib
import fcntl
import socket
import struct
import sys
from collections.abc import Collection, Iterator, Mapping
from dataclasses import field
from functools import partial
from typing import Callable, NamedTuple

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import files as _files
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.names import MACVLAN_KINDS
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.netlink import (
    IFINFOMSG,
    NLA_F_NESTED,
    NLA_TYPE_MASK,
    RTM_NEWLINK,
    RTM_NEWLINKPROP,
    RTM_NEWQDISC,
    Attribute,
    attribute,
    attributes,
    text,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.rtnetlink import Rtnetlink, RtnetlinkMessage

#: linux/if_link.h
IFLA_IFNAME, IFLA_MASTER, IFLA_LINKINFO, IFLA_AF_SPEC, IFLA_XDP, IFLA_PROP_LIST, IFLA_ALT_IFNAME = (
    3,
    10,
    18,
    26,
    43,
    52,
    53,
)
IFLA_NUM_TX_QUEUES, IFLA_NUM_RX_QUEUES = 31, 32
IFLA_LINK, IFLA_LINK_NETNSID, IFLA_VXLAN_LINK = 5, 37, 3
IFLA_INFO_KIND, IFLA_INFO_DATA, IFLA_INFO_SLAVE_KIND, IFLA_INFO_SLAVE_DATA = 1, 2, 4, 5
IFLA_INET6_TOKEN, IFLA_XDP_ATTACHED = 7, 2
IFLA_MACVLAN_MACADDR_MODE, IFLA_MACVLAN_MACADDR, IFLA_MACVLAN_MACADDR_DATA, IFLA_MACVLAN_BC_CUTOFF = 3, 4, 5, 9
#: enum macvlan_macaddr_mode: replace the whole list.
MACVLAN_MACADDR_SET = 3

#: Those that are one value each. The limit of GSO also sets that for IPv4 (netif_set_gso_max_size), so it is earlier.
PLAIN = {
    "broadcast": 2,
    "txqueuelen": 13,
    "link mode": 17,
    "group": 27,
    "protodown": 39,
    "gso_max_segs": 40,
    "gso_max_size": 41,
    "gro_max_size": 58,
    "gso_ipv4_max_size": 63,
    "gro_ipv4_max_size": 64,
}
#: linux/if.h: those flags that user space sets besides being up (__dev_change_flags).
FLAGS = {
    "debug": 0x4,
    "notrailers": 0x20,
    "noarp": 0x80,
    "promisc": 0x100,
    "allmulticast": 0x200,
    "multicast": 0x1000,
    "portsel": 0x2000,
    "automedia": 0x4000,
    "dynamic": 0x8000,
}
#: The default of a parent's limit, which the kernel does not mention (macvlan_fill_info).
BC_CUTOFF = struct.pack("=i", 1)

#: linux/sockios.h; struct ifreq with a hardware address: name, family AF_UNSPEC, address.
SIOCADDMULTI = 0x8931
_IFREQ = struct.Struct("=16sH14s8x")
MULTICAST = "/proc/net/dev_mcast"

_TCMSG = struct.Struct("=BxxxiIII")


@dataclass(frozen=True)
class LinkProperties:
    """Of one link. values: by their names, as octets; flags: of `FLAGS`; altnames: in the kernel's order.

    master: the name of the link that it is a port of. port: its settings as that. multicast: link layer addresses that
    were added by hand. queueing: its queueing disciplines, each as octets. sources: MAC addresses of the mode source.
    lower: the link with which it goes.
    """

    index: int
    kind: str = ""
    flags: int = 0
    values: Mapping[str, bytes] = field(default_factory=dict)
    altnames: tuple[bytes, ...] = ()
    master: str = ""
    token: bytes = b""
    bc_cutoff: bytes = BC_CUTOFF
    sources: tuple[bytes, ...] = ()
    queues: tuple[int, int] = (1, 1)
    multicast: frozenset[bytes] = frozenset()
    port: bytes = b""
    xdp: bool = False
    queueing: frozenset[bytes] = frozenset()
    lower: str = ""


class Repair(NamedTuple):
    """One write: what it restores, in words, and how."""

    words: str
    write: Callable[[Rtnetlink], object]


def read(netlink: Rtnetlink) -> dict[str, LinkProperties]:
    """Of every link, by name. Errors: OSError."""
    links = netlink.dump_of_devices(RTM_NEWLINK)
    names = {_index(message): text(message.get(IFLA_IFNAME)) for message in links}
    multicast = _multicast()
    queueing: dict[int, set[bytes]] = {}
    # A kernel without traffic control has none.
    with contextlib.suppress(OSError):
        for message in netlink.dump_of_devices(RTM_NEWQDISC):
            _family, index, handle, parent, _info = _TCMSG.unpack(message.header)
            described = struct.pack("=II", handle, parent) + (message.get(1) or b"") + (message.get(2) or b"")
            queueing.setdefault(index, set()).add(described)
    return {
        names[index]: _properties(message, names, multicast, queueing.get(index, set()))
        for index, message in ((_index(message), message) for message in links)
    }


def _index(message: RtnetlinkMessage) -> int:
    return int(IFINFOMSG.unpack(message.header)[2])


def _nested(payload: bytes | None) -> dict[int, bytes]:
    return {number & NLA_TYPE_MASK: value for number, value in attributes(payload or b"")}


def _several(payload: bytes | None, wanted: int) -> tuple[bytes, ...]:
    return tuple(value for number, value in attributes(payload or b"") if number & NLA_TYPE_MASK == wanted)


def _properties(
    message: RtnetlinkMessage, names: Mapping[int, str], multicast: set[tuple[int, bytes]], queueing: set[bytes]
) -> LinkProperties:
    _family, _type, index, flags, _change = IFINFOMSG.unpack(message.header)
    info = _nested(message.get(IFLA_LINKINFO))
    own = _nested(info.get(IFLA_INFO_DATA))
    inet6 = _nested(_nested(message.get(IFLA_AF_SPEC)).get(socket.AF_INET6))
    found = {name: message.get(number) for name, number in PLAIN.items()}
    token = inet6.get(IFLA_INET6_TOKEN, b"")
    kind = text(info.get(IFLA_INFO_KIND))
    macvlan = own if kind in MACVLAN_KINDS else {}
    return LinkProperties(
        index=index,
        kind=kind,
        flags=flags & sum(FLAGS.values()),
        values={name: value for name, value in found.items() if value is not None},
        altnames=_several(message.get(IFLA_PROP_LIST), IFLA_ALT_IFNAME),
        master=names.get(message.number(IFLA_MASTER) or 0, ""),
        token=token if any(token) else b"",
        bc_cutoff=macvlan.get(IFLA_MACVLAN_BC_CUTOFF, BC_CUTOFF),
        sources=tuple(sorted(_several(macvlan.get(IFLA_MACVLAN_MACADDR_DATA), IFLA_MACVLAN_MACADDR))),
        queues=(message.number(IFLA_NUM_TX_QUEUES) or 1, message.number(IFLA_NUM_RX_QUEUES) or 1),
        multicast=frozenset(address for device, address in multicast if device == index),
        port=info.get(IFLA_INFO_SLAVE_KIND, b""),
        xdp=any(_nested(message.get(IFLA_XDP)).get(IFLA_XDP_ATTACHED, b"")),
        queueing=frozenset(queueing),
        lower=_lower(message, names, own if kind == "vxlan" else {}),
    )


def _lower(message: RtnetlinkMessage, names: Mapping[int, str], vxlan: Mapping[int, bytes]) -> str:
    """A vxlan link goes with the one that it sends over, and mentions that in its own attributes alone."""
    below = message.number(IFLA_LINK) if message.get(IFLA_LINK_NETNSID) is None else None
    if IFLA_VXLAN_LINK in vxlan:
        below = struct.unpack("=I", vxlan[IFLA_VXLAN_LINK])[0]
    return names.get(below or 0, "")


def _multicast() -> set[tuple[int, bytes]]:
    """Those that were added by hand: index, name, users, whether by hand, and address (dev_mc_seq_show)."""
    rows = (line.split() for line in (_files.read(MULTICAST) or "").splitlines())
    return {(int(row[0]), bytes.fromhex(row[4])) for row in rows if len(row) == 5 and row[3] != "0"}


def repairs(name: str, then: LinkProperties, now: LinkProperties, indexes: Mapping[str, int]) -> Iterator[Repair]:
    """What makes a link what it was, in this order. indexes: of the links by name now."""
    for flag, bit in FLAGS.items():
        if (then.flags ^ now.flags) & bit:
            turned = "on" if then.flags & bit else "off"
            yield Repair(f"link {name} {flag}: {turned}", partial(_set, now.index, (), then.flags, bit))
    for label, value in then.values.items():
        if now.values.get(label, value) != value:
            words = f"link {name} {label}: {_shown(now.values[label])} -> {_shown(value)}"
            yield Repair(words, partial(_set, now.index, ((PLAIN[label], value),), 0, 0))
    if then.master != now.master and (not then.master or then.master in indexes):
        words = f"link {name} master: {now.master or 'none'} -> {then.master or 'none'}"
        value = struct.pack("=I", indexes[then.master] if then.master else 0)
        yield Repair(words, partial(_set, now.index, ((IFLA_MASTER, value),), 0, 0))
    if then.token != now.token:
        value = attribute(socket.AF_INET6 | NLA_F_NESTED, attribute(IFLA_INET6_TOKEN, then.token or bytes(16)))
        yield Repair(f"link {name} IPv6 token", partial(_set, now.index, ((IFLA_AF_SPEC | NLA_F_NESTED, value),), 0, 0))
    if then.kind == now.kind:
        yield from _own(name, then, now)
    for altname in then.altnames:
        if altname not in now.altnames:
            yield Repair(f"link {name} alternative name {text(altname)}: add", partial(_add_name, now.index, altname))
    for address in sorted(then.multicast - now.multicast):
        words = f"multicast address {address.hex(':')} of {name}: add"
        yield Repair(words, lambda _netlink, address=address: _join(name, address))  # type: ignore[misc]


def _own(name: str, then: LinkProperties, now: LinkProperties) -> Iterator[Repair]:
    """Of macvlan itself."""
    if then.bc_cutoff != now.bc_cutoff:
        value = (IFLA_MACVLAN_BC_CUTOFF, then.bc_cutoff)
        words = f"link {name} bc_cutoff: {_shown(now.bc_cutoff)} -> {_shown(then.bc_cutoff)}"
        yield Repair(words, partial(_set_own, now.index, now.kind, (value,)))
    if then.sources != now.sources:
        listed = b"".join(attribute(IFLA_MACVLAN_MACADDR, source) for source in then.sources)
        mode = (IFLA_MACVLAN_MACADDR_MODE, struct.pack("=I", MACVLAN_MACADDR_SET))
        values = (mode, (IFLA_MACVLAN_MACADDR_DATA | NLA_F_NESTED, listed))
        words = f"link {name} source addresses: {' '.join(source.hex(':') for source in then.sources) or 'none'}"
        yield Repair(words, partial(_set_own, now.index, now.kind, values))


def lost(name: str, then: LinkProperties, now: LinkProperties) -> list[str]:
    """What of a link nothing restores, in words: it was made again, and this is what the kernel gives to a new one."""
    if then.index == now.index:
        return []
    words = [f"it is a new one with the index {now.index}, not {then.index}, and new counters"]
    if then.queues != now.queues:
        words.append(f"its queues ({then.queues[0]} and {then.queues[1]}) are {now.queues[0]} and {now.queues[1]} now")
    if then.queueing != now.queueing:
        words.append("its queueing disciplines are gone, with their classes and filters (tc)")
    if then.xdp and not now.xdp:
        words.append("its XDP program is gone")
    if then.port:
        words.append(f"its settings as a port of {then.master} are the defaults of a new port")
    return [f"link {name}: {text}" for text in words]


def stacked(then: Mapping[str, LinkProperties], now: Collection[str], owned: Collection[str]) -> list[str]:
    """Links on top of those that were changed, which went with them, in words."""
    gone = {name: was.lower for name, was in then.items() if name not in now and name not in owned}
    return [f"link {name}: it went with {lower}, on which it was" for name, lower in gone.items() if lower in owned]


def _shown(value: bytes) -> str:
    """A number where it is one of the kernel's sizes, else a hardware address."""
    if len(value) in (1, 4):
        return str(int.from_bytes(value, sys.byteorder))
    return value.hex(":")


def _set(index: int, values: tuple[Attribute, ...], flags: int, change: int, netlink: Rtnetlink) -> None:
    header = IFINFOMSG.pack(socket.AF_UNSPEC, 0, index, flags, change)
    netlink.change(RtnetlinkMessage(RTM_NEWLINK, header, values))


def _set_own(index: int, kind: str, values: tuple[Attribute, ...], netlink: Rtnetlink) -> None:
    data = b"".join(attribute(number, payload) for number, payload in values)
    info = attribute(IFLA_INFO_KIND, kind.encode()) + attribute(IFLA_INFO_DATA | NLA_F_NESTED, data)
    _set(index, ((IFLA_LINKINFO | NLA_F_NESTED, info),), 0, 0, netlink)


def _add_name(index: int, altname: bytes, netlink: Rtnetlink) -> None:
    header = IFINFOMSG.pack(socket.AF_UNSPEC, 0, index, 0, 0)
    listed = attribute(IFLA_ALT_IFNAME, altname)
    netlink.add(RtnetlinkMessage(RTM_NEWLINKPROP, header, ((IFLA_PROP_LIST | NLA_F_NESTED, listed),)), 0)


def _join(name: str, address: bytes) -> None:
    request = _IFREQ.pack(name.encode("utf-8", "surrogateescape"), socket.AF_UNSPEC, address)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as control:
        fcntl.ioctl(control, SIOCADDMULTI, request)
