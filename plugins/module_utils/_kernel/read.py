# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads links, addresses and routes through rtnetlink. Changes nothing.

From the kernel's own messages: a library that knows every attribute takes 20 times as long for a thousand links.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import struct
import sys
from collections.abc import Iterator, Mapping

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address, Interface, Network
from ansible_collections.linuxnet.macvlan.plugins.module_utils._runtimes.host import Host

from .facts import Facts, Link, LinkAddress, Route
from .names import (
    ARPHRD_ETHER,
    COUNTERS,
    IFA_ADDRESS,
    IFA_F_DADFAILED,
    IFA_F_PERMANENT,
    IFA_F_TENTATIVE,
    IFA_FLAGS,
    IFA_LOCAL,
    IFF_LOOPBACK,
    IFF_LOWER_UP,
    IFF_NOARP,
    IFF_UP,
    IFLA_ADDRESS,
    IFLA_ALT_IFNAME,
    IFLA_BOND_MODE,
    IFLA_IFALIAS,
    IFLA_IFNAME,
    IFLA_INFO_DATA,
    IFLA_INFO_KIND,
    IFLA_LINK,
    IFLA_LINK_NETNSID,
    IFLA_LINKINFO,
    IFLA_MACVLAN_BC_QUEUE_LEN,
    IFLA_MACVLAN_FLAGS,
    IFLA_MACVLAN_MACADDR_COUNT,
    IFLA_MACVLAN_MODE,
    IFLA_MASTER,
    IFLA_MTU,
    IFLA_PROMISCUITY,
    IFLA_PROP_LIST,
    IFLA_STATS64,
    MACVLAN_FLAG_NOPROMISC,
    MACVLAN_KINDS,
    MACVLAN_MODES,
    RTA_DST,
    RTA_GATEWAY,
    RTA_METRICS,
    RTA_MULTIPATH,
    RTA_OIF,
    RTA_PREFSRC,
    RTA_PRIORITY,
    RTA_TABLE,
    RTAX_NAMES,
    RTN_UNICAST,
    RTNH_F_ONLINK,
)
from .netlink import (
    IFADDRMSG,
    IFINFOMSG,
    NLA_TYPE_MASK,
    RTM_NEWADDR,
    RTM_NEWLINK,
    RTM_NEWROUTE,
    RTMSG,
    Attribute,
    attributes,
    text,
)
from .netns import OWN, Namespace, NamespaceGone, cookie, named, namespaces, run_in
from .rtnetlink import Rtnetlink, RtnetlinkMessage

#: struct rtnexthop
_RTNEXTHOP = struct.Struct("=HBBi")
#: The first members of struct rtnl_link_stats64 are `COUNTERS`, in their order.
_COUNTERS = struct.Struct(f"={len(COUNTERS)}Q")


def read(routes: bool = True) -> Facts:
    """The namespace this process is in. Errors: OSError."""
    with Rtnetlink() as netlink:
        return read_with(netlink, routes)


def read_with(netlink: Rtnetlink, routes: bool = True) -> Facts:
    """The same over an open socket."""
    return Facts(
        tuple(_link(message) for message in netlink.dump_of_devices(RTM_NEWLINK)),
        tuple(_address(message) for message in netlink.dump(RTM_NEWADDR)),
        tuple(route for message in netlink.dump(RTM_NEWROUTE) for route in _routes(message)) if routes else (),
    )


def read_all(unseen: list[str] | None = None, routes: bool = True) -> list[tuple[Namespace, Facts]]:
    """Every namespace of the host, our own first. One that cannot be read is left out, its label goes to ``unseen``; of
    one that has ended meanwhile there is nothing to see.

    routes: whether they are wanted; a router's table takes seconds and hundreds of MiB.
    """
    origin = os.open(OWN, os.O_RDONLY)
    try:
        result = []
        for namespace in namespaces():
            if namespace.path == OWN:
                result.append((namespace, read(routes)))
                continue
            try:
                result.append((namespace, run_in(namespace.path, lambda: _read_from(origin, routes))))
            except NamespaceGone:
                if unseen is not None and os.path.exists(namespace.path):
                    unseen.append(namespace.label)
        return _with_names(result)
    finally:
        os.close(origin)


def _with_names(everywhere: list[tuple[Namespace, Facts]]) -> list[tuple[Namespace, Facts]]:
    """The names of the containers that have a link on one of our own: no other is looked up."""
    host, taken, result = Host(), {namespace.label for namespace, dummy in everywhere}, []
    for namespace, facts in everywhere:
        if any(link.parent_nsid is not None and link.parent_nsid == facts.origin_nsid for link in facts.links):
            result.append((named(namespace, host, taken), facts))
            taken.add(result[-1][0].label)
        else:
            result.append((namespace, facts))
    return result


def _read_from(origin: int, routes: bool) -> Facts:
    """Read here, and learn by which id this namespace knows the one behind the descriptor (rtnetlink RTM_GETNSID)."""
    with Rtnetlink() as netlink:
        facts = read_with(netlink, routes)
        known = netlink.namespace_id(origin)
    return Facts(facts.links, facts.addresses, facts.routes, known, cookie())


def _values(found: list[Attribute] | tuple[Attribute, ...]) -> dict[int, bytes]:
    return {number & NLA_TYPE_MASK: payload for number, payload in found}


def _nested(payload: bytes | None) -> dict[int, bytes]:
    return _values(attributes(payload)) if payload else {}


def _number(value: bytes | None) -> int | None:
    """Of 8, 16 or 32 bits, in the order of the host."""
    return int.from_bytes(value, sys.byteorder) if value else None


def _link(message: RtnetlinkMessage) -> Link:
    _family, hardware, index, flags, _change = IFINFOMSG.unpack(message.header)
    found = _values(message.attributes)
    name = text(found.get(IFLA_IFNAME))
    info = _nested(found.get(IFLA_LINKINFO))
    kind = text(info.get(IFLA_INFO_KIND))
    data = _nested(info.get(IFLA_INFO_DATA)) if kind == "bond" or kind in MACVLAN_KINDS else {}
    macvlan = data if kind in MACVLAN_KINDS else {}
    statistics = found.get(IFLA_STATS64, b"")
    properties = attributes(found.get(IFLA_PROP_LIST, b""))
    return Link(
        index=index,
        name=name,
        kind=kind,
        mac=found.get(IFLA_ADDRESS, b"").hex(":"),
        mtu=_number(found.get(IFLA_MTU)) or 0,
        up=bool(flags & IFF_UP),
        carrier=bool(flags & IFF_LOWER_UP),
        arp=not flags & IFF_NOARP,
        loopback=bool(flags & IFF_LOOPBACK),
        ethernet=hardware == ARPHRD_ETHER,
        wireless=kind not in MACVLAN_KINDS and _is_wireless(name),
        promiscuity=_number(found.get(IFLA_PROMISCUITY)) or 0,
        master=_number(found.get(IFLA_MASTER)),
        # The kernel leaves IFLA_LINK out or says 0 where there is no lower device.
        parent=_number(found.get(IFLA_LINK)) or None,
        parent_nsid=_number(found.get(IFLA_LINK_NETNSID)),
        alias=text(found.get(IFLA_IFALIAS)),
        altnames=tuple(text(payload) for number, payload in properties if number & NLA_TYPE_MASK == IFLA_ALT_IFNAME),
        mode=MACVLAN_MODES.get(_number(macvlan.get(IFLA_MACVLAN_MODE)) or 0, ""),
        nopromisc=bool((_number(macvlan.get(IFLA_MACVLAN_FLAGS)) or 0) & MACVLAN_FLAG_NOPROMISC),
        bcqueuelen=_number(macvlan.get(IFLA_MACVLAN_BC_QUEUE_LEN)),
        macaddrs=_number(macvlan.get(IFLA_MACVLAN_MACADDR_COUNT)) or 0,
        bond_mode=_number(data.get(IFLA_BOND_MODE)) if kind == "bond" else None,
        counters=tuple(zip(COUNTERS, _COUNTERS.unpack_from(statistics))) if len(statistics) >= _COUNTERS.size else (),
    )


def _is_wireless(name: str) -> bool:
    """cfg80211 devices have a phy80211 link, old ones a directory (Documentation/ABI/testing/sysfs-class-net)."""
    return any(os.path.exists(f"/sys/class/net/{name}/{entry}") for entry in ("phy80211", "wireless"))


def _address(message: RtnetlinkMessage) -> LinkAddress:
    family, length, flags, _scope, index = IFADDRMSG.unpack(message.header)
    found = _values(message.attributes)
    # IFA_LOCAL is the own address; without it (IPv6) IFA_ADDRESS is, with it that is the peer's.
    own = found.get(IFA_LOCAL) or found.get(IFA_ADDRESS)
    flags = _number(found.get(IFA_FLAGS)) or flags
    return LinkAddress(
        index=index,
        interface=_interface(family, own, length),
        permanent=bool(flags & IFA_F_PERMANENT),
        tentative=bool(flags & IFA_F_TENTATIVE),
        dadfailed=bool(flags & IFA_F_DADFAILED),
    )


def _routes(message: RtnetlinkMessage) -> Iterator[Route]:
    """A route, or one for each next hop of a multipath route."""
    family, length, _source, tos, table, protocol, scope, kind, flags = RTMSG.unpack(message.header)
    if kind != RTN_UNICAST:
        return
    found = _values(message.attributes)
    destination = _network(family, found.get(RTA_DST), length)
    table = _number(found.get(RTA_TABLE)) or table
    metric = _number(found.get(RTA_PRIORITY)) or 0
    prefsrc = _ip(family, found.get(RTA_PREFSRC))
    metrics = _metrics(_nested(found.get(RTA_METRICS)))
    for oif, gateway, hop_flags in _hops(found, flags):
        onlink = bool(hop_flags & RTNH_F_ONLINK)
        via = _ip(family, gateway)
        yield Route(destination, oif, via, prefsrc, metric, table, protocol, scope, tos, onlink, metrics)


def _hops(found: Mapping[int, bytes], flags: int) -> Iterator[tuple[int | None, bytes | None, int]]:
    """Device, gateway and flags of each next hop."""
    rest = found.get(RTA_MULTIPATH, b"")
    if not rest:
        yield _number(found.get(RTA_OIF)), found.get(RTA_GATEWAY), flags
    while len(rest) >= _RTNEXTHOP.size:
        length, hop_flags, _weight, index = _RTNEXTHOP.unpack_from(rest)
        yield index, _nested(rest[_RTNEXTHOP.size : length]).get(RTA_GATEWAY), hop_flags
        rest = rest[max(length + -length % 4, _RTNEXTHOP.size) :]


def _ip(family: int, value: bytes | None) -> Address | None:
    if not value:
        return None
    return ipaddress.IPv4Address(value) if family == socket.AF_INET else ipaddress.IPv6Address(value)


def _interface(family: int, value: bytes | None, length: int) -> Interface:
    if family == socket.AF_INET:
        return ipaddress.IPv4Interface((value or bytes(4), length))
    return ipaddress.IPv6Interface((value or bytes(16), length))


def _network(family: int, value: bytes | None, length: int) -> Network:
    """A default route has no destination."""
    if family == socket.AF_INET:
        return ipaddress.IPv4Network((value or bytes(4), length))
    return ipaddress.IPv6Network((value or bytes(16), length))


def _metrics(found: Mapping[int, bytes]) -> tuple[tuple[str, int], ...]:
    """Numbers only: the name of a congestion control is a text."""
    named = [(RTAX_NAMES.get(number), _number(value)) for number, value in found.items()]
    return tuple(sorted((name, value) for name, value in named if name is not None and value is not None))
