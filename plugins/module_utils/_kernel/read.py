# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads links, addresses and routes through rtnetlink. Changes nothing."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterator
from typing import Any

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.requirements import pyroute2

from .facts import Facts, Link, LinkAddress, Route
from .names import (
    ARPHRD_ETHER,
    COUNTERS,
    IFA_F_DADFAILED,
    IFA_F_PERMANENT,
    IFA_F_TENTATIVE,
    IFF_LOOPBACK,
    IFF_LOWER_UP,
    IFF_NOARP,
    IFF_UP,
    MACVLAN_KINDS,
    NETNSA_NSID_NOT_ASSIGNED,
    RTN_UNICAST,
    RTNH_F_ONLINK,
)
from .netlink import text
from .netns import OWN, Namespace, NamespaceGone, cookie, namespaces, run_in


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


def _link(message: Any) -> Link:
    name = text(message.get_attr("IFLA_IFNAME"))
    flags = message["flags"]
    info = message.get_attr("IFLA_LINKINFO")
    kind = str((info.get_attr("IFLA_INFO_KIND") if info else None) or "")
    data = info.get_attr("IFLA_INFO_DATA") if info else None
    macvlan = data if kind in MACVLAN_KINDS and hasattr(data, "get_attr") else None
    statistics = message.get_attr("IFLA_STATS64") or {}
    altnames: list[str] = []
    properties = message.get_attr("IFLA_PROP_LIST")
    if hasattr(properties, "get_attrs"):
        altnames = [text(value) for value in properties.get_attrs("IFLA_ALT_IFNAME")]
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
        alias=text(message.get_attr("IFLA_IFALIAS")),
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
    hops = [(message.get_attr("RTA_OIF"), message.get_attr("RTA_GATEWAY"), message["flags"])]
    multipath = message.get_attr("RTA_MULTIPATH")
    if multipath:
        hops = [(hop["oif"], hop.get_attr("RTA_GATEWAY"), hop["flags"]) for hop in multipath]
    prefsrc = message.get_attr("RTA_PREFSRC")
    for oif, gateway, flags in hops:
        yield Route(
            destination=destination,
            oif=oif,
            gateway=ipaddress.ip_address(gateway) if gateway else None,
            prefsrc=ipaddress.ip_address(prefsrc) if prefsrc else None,
            metric=message.get_attr("RTA_PRIORITY") or 0,
            table=message.get_attr("RTA_TABLE") or message["table"],
            protocol=message["proto"],
            scope=message["scope"],
            tos=message["tos"],
            onlink=bool(flags & RTNH_F_ONLINK),
            metrics=_metrics(message.get_attr("RTA_METRICS")),
        )


def _metrics(nested: Any) -> tuple[tuple[str, int], ...]:
    """Numbers only: the name of a congestion control is a text."""
    found = [(name[len("RTAX_") :].lower(), value) for name, value in nested["attrs"]] if nested else []
    return tuple(sorted((name, value) for name, value in found if isinstance(value, int)))
