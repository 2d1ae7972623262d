# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the kernel says: links, addresses and routes, read through rtnetlink. Reads only."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address, Interface, Network
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.requirements import pyroute2

from .netns import OWN, Namespace, NamespaceGone, cookie, namespaces, run_in

#: linux/if.h
IFF_UP = 0x1
IFF_LOOPBACK = 0x8
IFF_NOARP = 0x80
IFF_PROMISC = 0x100
IFF_LOWER_UP = 0x10000
#: linux/if_arp.h
ARPHRD_ETHER = 1
#: linux/if_addr.h
IFA_F_DADFAILED = 0x08
IFA_F_TENTATIVE = 0x40
IFA_F_PERMANENT = 0x80
#: linux/rtnetlink.h
RTN_UNICAST = 1
RT_TABLE_MAIN = 254
RTPROT_KERNEL = 2
RTPROT_RA = 9
#: The members of struct rtnl_link_stats64 that say whether traffic flows (linux/if_link.h).
COUNTERS = tuple(f"{way}_{what}" for what in ("packets", "bytes", "errors", "dropped") for way in ("rx", "tx"))
#: macvtap is a macvlan link whose frames a character device takes (drivers/net/macvtap.c).
MACVLAN_KINDS = ("macvlan", "macvtap")
#: linux/bonding.h: balance-tlb and balance-alb rewrite source MACs, so foreign ones do not get through.
BOND_MODES_REWRITING = {5: "balance-tlb", 6: "balance-alb"}
#: linux/net_namespace.h NETNSA_NSID_NOT_ASSIGNED is -1, which pyroute2 reads as unsigned.
NETNSA_NSID_NOT_ASSIGNED = 0xFFFFFFFF
#: linux/if_link.h IFLA_MACVLAN_FLAGS
MACVLAN_FLAG_NOPROMISC = 1


@dataclass(frozen=True)
class Link:
    """One network device. ``kind`` is rtnetlink's (macvlan, veth, …), empty for hardware."""

    index: int
    name: str
    kind: str = ""
    mac: str = ""
    mtu: int = 0
    up: bool = False
    carrier: bool = False
    arp: bool = True
    loopback: bool = False
    ethernet: bool = True
    wireless: bool = False
    promiscuity: int = 0
    master: int | None = None
    parent: int | None = None
    parent_nsid: int | None = None
    alias: str = ""
    altnames: tuple[str, ...] = ()
    mode: str = ""
    nopromisc: bool = False
    bcqueuelen: int | None = None
    macaddrs: int = 0
    bond_mode: int | None = None
    counters: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class LinkAddress:
    """One address of a link. ``interface`` is address and prefix length."""

    index: int
    interface: Interface
    permanent: bool = True
    tentative: bool = False
    dadfailed: bool = False

    @property
    def kernel_link_local(self) -> bool:
        """An fe80::/64 address: the kernel's own business unless somebody declares it."""
        return self.interface.version == 6 and self.interface.ip.is_link_local


@dataclass(frozen=True)
class Route:
    """One unicast route. ``destination`` is 0.0.0.0/0 or ::/0 for a default route."""

    destination: Network
    oif: int | None
    gateway: Address | None = None
    prefsrc: Address | None = None
    metric: int = 0
    table: int = RT_TABLE_MAIN
    protocol: int = 0
    scope: int = 0


@dataclass(frozen=True)
class Facts:
    """One namespace at one moment.

    origin_nsid: the id under which it knows the namespace that asked. cookie: as ``_netns.cookie`` gives it, 0 for our
    own, which stays.
    """

    links: tuple[Link, ...] = ()
    addresses: tuple[LinkAddress, ...] = ()
    routes: tuple[Route, ...] = ()
    origin_nsid: int | None = None
    cookie: int = 0
    _names: dict[str, Link] = field(default_factory=dict, init=False, repr=False, compare=False)
    _indexes: dict[int, Link] = field(default_factory=dict, init=False, repr=False, compare=False)
    _addresses: dict[int, list[LinkAddress]] = field(default_factory=dict, init=False, repr=False, compare=False)
    _routes: dict[int | None, list[Route]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for link in self.links:
            self._indexes[link.index] = link
            for name in (link.name, *link.altnames):
                self._names.setdefault(name, link)
        for address in self.addresses:
            self._addresses.setdefault(address.index, []).append(address)
        for route in self.routes:
            self._routes.setdefault(route.oif, []).append(route)

    def link(self, name: str) -> Link | None:
        """By name or alternative name."""
        return self._names.get(name)

    def by_index(self, index: int | None) -> Link | None:
        return self._indexes.get(index) if index is not None else None

    def children(self, parent: Link) -> list[Link]:
        """The macvlan and macvtap links on a parent, as far as they live in the same namespace."""
        return [
            link
            for link in self.links
            if link.parent == parent.index and link.parent_nsid is None and link.kind in MACVLAN_KINDS
        ]

    def addresses_of(self, link: Link) -> list[LinkAddress]:
        return self._addresses.get(link.index, [])

    def routes_of(self, link: Link) -> list[Route]:
        return self._routes.get(link.index, [])


def teach_macvlan(messages: Any) -> None:
    """Add to pyroute2 the macvlan attributes that it does not know (linux/if_link.h IFLA_MACVLAN_BC_QUEUE_LEN …)."""
    attributes = messages.ifinfbase.ifinfo.macvlan_data.__mro__[1]
    known = [name for name, dummy in attributes.nla_map]
    wanted = (
        ("IFLA_MACVLAN_BC_QUEUE_LEN", "uint32"),
        ("IFLA_MACVLAN_BC_QUEUE_LEN_USED", "uint32"),
        ("IFLA_MACVLAN_BC_CUTOFF", "int32"),
    )
    # Their numbers are their places in the map: complete it only where it ends just before the first of them.
    if len(known) == 7 and "IFLA_MACVLAN_BC_QUEUE_LEN" not in known:
        attributes.nla_map = tuple(attributes.nla_map) + wanted


def open_rtnetlink() -> Any:
    """A pyroute2 IPRoute that knows all macvlan attributes; use it in a ``with`` block."""
    from pyroute2.netlink.rtnl import ifinfmsg

    teach_macvlan(ifinfmsg)
    return pyroute2.IPRoute()


def read(routes: bool = True) -> Facts:
    """The namespace this process is in."""
    with open_rtnetlink() as netlink:
        return read_with(netlink, routes)


def read_with(netlink: Any, routes: bool = True) -> Facts:
    """The same over an open socket."""
    return Facts(
        tuple(_link(message) for message in netlink.get_links()),
        tuple(_address(message) for message in netlink.get_addr()),
        tuple(route for message in netlink.get_routes() for route in _routes(message)) if routes else (),
    )


def read_all(unseen: list[str] | None = None, routes: bool = True) -> list[tuple[Namespace, Facts]]:
    """Every namespace of the host, our own first. One that cannot be read is left out, its label goes to ``unseen``.

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
                if unseen is not None:
                    unseen.append(namespace.label)
        return result
    finally:
        os.close(origin)


def _read_from(origin: int, routes: bool) -> Facts:
    """Read here, and learn by which id this namespace knows the one behind the descriptor (rtnetlink RTM_GETNSID)."""
    with open_rtnetlink() as netlink:
        facts = read_with(netlink, routes)
        nsid = (netlink.get_netnsid(fd=origin) or {}).get("nsid")
    known = None if nsid == NETNSA_NSID_NOT_ASSIGNED else nsid
    return Facts(facts.links, facts.addresses, facts.routes, known, cookie())


def foreign_children(all_facts: list[tuple[Namespace, Facts]], parent: Link) -> list[tuple[Namespace, Link, Facts]]:
    """The macvlan children of our ``parent`` that live in other namespaces, which is where containers live."""
    return [
        (namespace, link, facts)
        for namespace, facts in all_facts[1:]
        for link in facts.links
        if link.kind in MACVLAN_KINDS
        and link.parent == parent.index
        and link.parent_nsid is not None
        and link.parent_nsid == facts.origin_nsid
    ]


def _link(message: Any) -> Link:
    name = message.get_attr("IFLA_IFNAME") or ""
    flags = message["flags"]
    info = message.get_attr("IFLA_LINKINFO")
    kind = str((info.get_attr("IFLA_INFO_KIND") if info else None) or "")
    data = info.get_attr("IFLA_INFO_DATA") if info else None
    macvlan = data if kind in MACVLAN_KINDS and hasattr(data, "get_attr") else None
    statistics = message.get_attr("IFLA_STATS64") or {}
    altnames: list[str] = []
    properties = message.get_attr("IFLA_PROP_LIST")
    if hasattr(properties, "get_attrs"):
        altnames = list(properties.get_attrs("IFLA_ALT_IFNAME"))
    return Link(
        index=message["index"],
        name=name,
        kind=kind,
        mac=(message.get_attr("IFLA_ADDRESS") or "").lower(),
        mtu=message.get_attr("IFLA_MTU") or 0,
        up=bool(flags & IFF_UP),
        carrier=bool(flags & IFF_LOWER_UP),
        arp=not flags & IFF_NOARP,
        loopback=bool(flags & IFF_LOOPBACK),
        ethernet=message["ifi_type"] == ARPHRD_ETHER,
        wireless=_is_wireless(name),
        promiscuity=message.get_attr("IFLA_PROMISCUITY") or 0,
        master=message.get_attr("IFLA_MASTER"),
        # The kernel leaves IFLA_LINK out or says 0 where there is no lower device.
        parent=message.get_attr("IFLA_LINK") or None,
        parent_nsid=message.get_attr("IFLA_LINK_NETNSID"),
        alias=message.get_attr("IFLA_IFALIAS") or "",
        altnames=tuple(altnames),
        mode=(macvlan.get_attr("IFLA_MACVLAN_MODE") or "") if macvlan else "",
        nopromisc="nopromisc" in str(macvlan.get_attr("IFLA_MACVLAN_FLAGS")) if macvlan else False,
        bcqueuelen=macvlan.get_attr("IFLA_MACVLAN_BC_QUEUE_LEN") if macvlan else None,
        macaddrs=(macvlan.get_attr("IFLA_MACVLAN_MACADDR_COUNT") or 0) if macvlan else 0,
        bond_mode=data.get_attr("IFLA_BOND_MODE") if data is not None and kind == "bond" else None,
        counters=tuple((key, statistics[key]) for key in COUNTERS if key in statistics),
    )


def _is_wireless(name: str) -> bool:
    """cfg80211 devices have a phy80211 link, old ones a directory (Documentation/ABI/testing/sysfs-class-net)."""
    return any(os.path.exists(f"/sys/class/net/{name}/{entry}") for entry in ("phy80211", "wireless"))


def _address(message: Any) -> LinkAddress:
    # IFA_LOCAL is the own address; without it (IPv6) IFA_ADDRESS is, with it that is the peer's.
    text = message.get_attr("IFA_LOCAL") or message.get_attr("IFA_ADDRESS")
    flags = message.get_attr("IFA_FLAGS") or message["flags"]
    return LinkAddress(
        index=message["index"],
        interface=ipaddress.ip_interface(f"{text}/{message['prefixlen']}"),
        permanent=bool(flags & IFA_F_PERMANENT),
        tentative=bool(flags & IFA_F_TENTATIVE),
        dadfailed=bool(flags & IFA_F_DADFAILED),
    )


def _routes(message: Any) -> Iterator[Route]:
    """A route, or one for each next hop of a multipath route."""
    if message["type"] != RTN_UNICAST or message["family"] not in (2, 10):
        return
    default = "0.0.0.0" if message["family"] == 2 else "::"
    destination = ipaddress.ip_network(f"{message.get_attr('RTA_DST') or default}/{message['dst_len']}")
    hops = [(message.get_attr("RTA_OIF"), message.get_attr("RTA_GATEWAY"))]
    multipath = message.get_attr("RTA_MULTIPATH")
    if multipath:
        hops = [(hop["oif"], hop.get_attr("RTA_GATEWAY")) for hop in multipath]
    prefsrc = message.get_attr("RTA_PREFSRC")
    for oif, gateway in hops:
        yield Route(
            destination=destination,
            oif=oif,
            gateway=ipaddress.ip_address(gateway) if gateway else None,
            prefsrc=ipaddress.ip_address(prefsrc) if prefsrc else None,
            metric=message.get_attr("RTA_PRIORITY") or 0,
            table=message.get_attr("RTA_TABLE") or message["table"],
            protocol=message["proto"],
            scope=message["scope"],
        )
