# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses, routes, rules and neighbours as they were: which are missing, which are too many. Pure.

What was is compared with what is in the kernel's own messages, without what passes with time. Devices are known by
their names, as a recreated one has another index.
"""

from __future__ import annotations

import ipaddress
import socket
import struct
from collections.abc import Iterable, Mapping
from dataclasses import replace

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass

from . import neighbours
from .names import (
    CONFIGURED_PROTOCOLS,
    FIB_RULE_INVERT,
    FRA_PRIORITY,
    IFA_ADDRESS,
    IFA_CACHEINFO,
    IFA_F_PERMANENT,
    IFA_F_TEMPORARY,
    IFA_FLAGS,
    IFA_LOCAL,
    RT_TABLE_LOCAL,
    RT_TABLE_MAIN,
    RTA_CACHEINFO,
    RTA_DST,
    RTA_EXPIRES,
    RTA_GATEWAY,
    RTA_MULTIPATH,
    RTA_OIF,
    RTA_TABLE,
    RTM_F_CLONED,
    RTPROT_KERNEL,
    RTPROT_REDIRECT,
)
from .netlink import RTM_NEWADDR, RTM_NEWNEIGH, RTM_NEWROUTE, RTM_NEWRULE, attribute
from .rtnetlink import RtnetlinkMessage

#: The flags of a next hop that user space sets; dead and linkdown are the kernel's, and refused (fib_check_nh).
RTNH_F_SETTABLE = 0x02 | 0x04
INFINITE = 0xFFFFFFFF
#: Clock ticks per second in lifetimes of routes (USER_HZ).
USER_HZ = 100
_U32 = struct.Struct("=I")
_HOP = struct.Struct("=HBBi")


@dataclass(frozen=True)
class Tables:
    """All of a namespace. names: of the devices by index. taken: seconds of a clock that only goes forward."""

    names: Mapping[int, str]
    messages: tuple[RtnetlinkMessage, ...]
    taken: float


@dataclass(frozen=True)
class TableChanges:
    """What has to be written to restore the tables, in this order."""

    remove: tuple[RtnetlinkMessage, ...]
    add: tuple[RtnetlinkMessage, ...]

    def __bool__(self) -> bool:
        return bool(self.remove or self.add)


def compare(then: Tables, now: Tables, owned: Iterable[str]) -> TableChanges:
    """What is missing comes back on every device that is there; what is too many goes from ``owned`` devices alone.

    Others may rightly have got addresses and routes from elsewhere in the meantime.
    """
    indexes = {name: index for index, name in now.names.items()}
    devices = {index: indexes[name] for index, name in then.names.items() if name in indexes}
    moved = [_moved(message, devices) for message in then.messages if _restorable(message)]
    aged = [_aged(message, now.taken - then.taken) for message in moved if message is not None]
    wanted = {_key(message): message for message in aged if message is not None}
    unmoved = {index: index for index in now.names}
    have = {_key(_moved(message, unmoved) or message): message for message in now.messages}
    mine = {indexes[name] for name in owned if name in indexes}
    # Macvlan links of other namespaces put their MAC addresses among those of their parent, and take them away.
    wanted = {
        key: message
        for key, message in wanted.items()
        if (not _received(message) or neighbours.index(message) in mine)
        and (not _is_link_local_route(message) or message.number(RTA_OIF) in mine)
    }
    local = {_addressed(message) for message in wanted.values() if _is_link_local(message)}
    leased = {_addressed(message) for message in moved if message is not None and _is_lease(message)}
    extra = [message for key, message in have.items() if key not in wanted and _removable(message, mine, local, leased)]
    missing = [message for key, message in wanted.items() if key not in have]
    return TableChanges(tuple(extra), tuple(sorted(missing, key=_turn)))


def words(message: RtnetlinkMessage, names: Mapping[int, str]) -> str:
    """How an operator would call it."""
    family = message.header[0]
    if message.kind == RTM_NEWNEIGH:
        return neighbours.words(message, names)
    if message.kind == RTM_NEWADDR:
        device = names.get(_U32.unpack_from(message.header, 4)[0], "?")
        return f"address {own_address(message)}/{message.header[1]} of {device}"
    if message.kind == RTM_NEWRULE:
        return f"IPv{4 if family == socket.AF_INET else 6} rule {message.number(FRA_PRIORITY) or 0}"
    destination = message.get(RTA_DST)
    text = f"{ipaddress.ip_address(destination)}/{message.header[1]}" if destination else "default"
    gateway = message.get(RTA_GATEWAY)
    via = f" via {ipaddress.ip_address(gateway)}" if gateway else ""
    device = names.get(message.number(RTA_OIF) or 0, "")
    table = _table(message)
    details = [f"dev {device}"] if device else []
    details += [f"table {table}"] if table != RT_TABLE_MAIN else []
    return " ".join([f"route {text}{via}", *details])


def _turn(message: RtnetlinkMessage) -> tuple[int, bool]:
    """Rules come last; a gateway has to be reachable before a route through it is taken."""
    return message.kind, message.kind == RTM_NEWROUTE and message.get(RTA_GATEWAY) is not None


def _received(message: RtnetlinkMessage) -> bool:
    return message.kind == RTM_NEWNEIGH and neighbours.is_forwarding(message)


def _flags(message: RtnetlinkMessage) -> int:
    return message.number(IFA_FLAGS) or message.header[2]


def _restorable(message: RtnetlinkMessage) -> bool:
    """Whether user space created it: what the kernel creates by itself it creates again.

    But not the route of IPv6 link-local addresses where a daemon has replaced it with one of its own.
    """
    if message.kind == RTM_NEWADDR:
        return not (message.header[0] == socket.AF_INET6 and _flags(message) & IFA_F_TEMPORARY)
    if message.kind == RTM_NEWROUTE:
        ours = message.header[5] not in (RTPROT_KERNEL, RTPROT_REDIRECT) and _table(message) != RT_TABLE_LOCAL
        cloned = _U32.unpack_from(message.header, 8)[0] & RTM_F_CLONED
        return not cloned and (ours or _is_link_local_route(message))
    return message.kind != RTM_NEWNEIGH or neighbours.configured(message)


def _addressed(message: RtnetlinkMessage) -> int:
    """The index of the device of an address."""
    return int(_U32.unpack_from(message.header, 4)[0])


def _is_link_local(message: RtnetlinkMessage) -> bool:
    if message.kind != RTM_NEWADDR or message.header[0] != socket.AF_INET6:
        return False
    return own_address(message).is_link_local


def _is_lease(message: RtnetlinkMessage) -> bool:
    """Whether it is an IPv4 address that has a lifetime."""
    of_ipv4 = message.kind == RTM_NEWADDR and message.header[0] == socket.AF_INET
    return of_ipv4 and not _flags(message) & IFA_F_PERMANENT


def _is_link_local_route(message: RtnetlinkMessage) -> bool:
    """Whether it is the route that comes with an IPv6 link-local address."""
    if message.kind != RTM_NEWROUTE or message.header[0] != socket.AF_INET6 or message.header[5] != RTPROT_KERNEL:
        return False
    found = message.get(RTA_DST)
    return found is not None and ipaddress.ip_address(found).is_link_local and _table(message) == RT_TABLE_MAIN


def _removable(message: RtnetlinkMessage, mine: set[int], local: set[int], leased: set[int]) -> bool:
    """local: devices whose own IPv6 link-local addresses come back. Elsewhere one may have come with the carrier.

    leased: devices that had a lease before, and may have got another one.
    """
    if message.kind == RTM_NEWADDR:
        device = _addressed(message)
        passing = not _flags(message) & IFA_F_PERMANENT
        if device not in mine or (passing and (not _is_lease(message) or device in leased)):
            return False
        return not _is_link_local(message) or device in local
    if message.kind == RTM_NEWROUTE and message.number(RTA_OIF) in mine:
        return message.header[5] in CONFIGURED_PROTOCOLS or (
            _is_link_local_route(message) and message.number(RTA_OIF) in local
        )
    return False


def _table(message: RtnetlinkMessage) -> int:
    return message.number(RTA_TABLE) or message.header[4]


def _moved(message: RtnetlinkMessage, devices: Mapping[int, int]) -> RtnetlinkMessage | None:
    """The same on the devices of these names now, without flags that only the kernel sets; None where one is gone."""
    if message.kind == RTM_NEWNEIGH:
        return neighbours.moved(message, devices)
    if message.kind == RTM_NEWADDR:
        index = devices.get(_U32.unpack_from(message.header, 4)[0])
        return None if index is None else replace(message, header=message.header[:4] + _U32.pack(index))
    settable = FIB_RULE_INVERT if message.kind == RTM_NEWRULE else RTNH_F_SETTABLE
    flags = _U32.unpack_from(message.header, 8)[0] & settable
    moved = replace(message, header=message.header[:8] + _U32.pack(flags))
    if message.kind == RTM_NEWRULE:
        return moved
    try:
        hops = tuple((number, _moved_hops(number, payload, devices)) for number, payload in message.attributes)
    except KeyError:
        return None
    return replace(moved, attributes=hops)


def _moved_hops(number: int, payload: bytes, devices: Mapping[int, int]) -> bytes:
    """Errors: KeyError for a device that is gone."""
    if number == RTA_OIF:
        return _U32.pack(devices[_U32.unpack(payload)[0]])
    if number != RTA_MULTIPATH:
        return payload
    hops = b""
    while len(payload) >= _HOP.size:
        length, flags, weight, index = _HOP.unpack_from(payload)
        hops += _HOP.pack(length, flags & RTNH_F_SETTABLE, weight, devices[index]) + payload[_HOP.size : length]
        hops += b"\0" * (-length % 4)
        payload = payload[length + -length % 4 :]
    return hops


def _aged(message: RtnetlinkMessage, seconds: float) -> RtnetlinkMessage | None:
    """With the lifetime that is left of it; None where that is over."""
    number = IFA_CACHEINFO if message.kind == RTM_NEWADDR else RTA_CACHEINFO
    info = message.get(number)
    if info is None or message.kind in (RTM_NEWRULE, RTM_NEWNEIGH):
        return message
    if message.kind == RTM_NEWADDR:
        preferred, valid = (_shorter(lifetime, seconds) for lifetime in struct.unpack_from("=II", info))
        aged = struct.pack("=II", preferred, valid) + info[8:]
        return _with(message, number, aged) if valid else None
    # struct rta_cacheinfo: clntref, lastuse, expires (signed), …; the kernel takes it as an attribute of its own.
    expires = struct.unpack_from("=i", info, 8)[0]
    if not expires or message.header[0] != socket.AF_INET6:
        return message
    left = int(expires / USER_HZ - seconds)
    extended = (*message.attributes, (RTA_EXPIRES, _U32.pack(left))) if left > 0 else ()
    return replace(message, attributes=extended) if left > 0 else None


def _shorter(lifetime: int, seconds: float) -> int:
    return lifetime if lifetime == INFINITE else max(0, int(lifetime - seconds))


def _with(message: RtnetlinkMessage, number: int, payload: bytes) -> RtnetlinkMessage:
    changed = tuple((found, payload if found == number else old) for found, old in message.attributes)
    return replace(message, attributes=changed)


def _key(message: RtnetlinkMessage) -> bytes:
    """What makes it the same one: without counters and times. Its device is called as it is now."""
    if message.kind == RTM_NEWADDR:
        # Family, prefix length and device; the scope follows from the address.
        lasting = b"p" if _flags(message) & IFA_F_PERMANENT else b"d"
        return b"a" + message.header[:2] + message.header[4:] + lasting + _bytes(message, (IFA_ADDRESS, IFA_LOCAL))
    if message.kind == RTM_NEWNEIGH:
        return neighbours.key(message)
    passing = (RTA_CACHEINFO, RTA_EXPIRES) if message.kind == RTM_NEWROUTE else ()
    numbers = sorted({number for number, _payload in message.attributes} - set(passing))
    return bytes([message.kind]) + message.header + _bytes(message, numbers)


def own_address(message: RtnetlinkMessage) -> Address:
    """IPv4 says its own in IFA_LOCAL, as IFA_ADDRESS is the peer's; IPv6 in IFA_ADDRESS."""
    return ipaddress.ip_address(message.get(IFA_LOCAL) or message.get(IFA_ADDRESS) or b"\0\0\0\0")


def _bytes(message: RtnetlinkMessage, numbers: Iterable[int]) -> bytes:
    found = [(number, message.get(number)) for number in numbers]
    return b"".join(attribute(number, payload) for number, payload in found if payload is not None)
