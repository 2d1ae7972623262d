# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The network state of one namespace as values: links, addresses, routes. Pure."""

from __future__ import annotations

from dataclasses import field

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address, Interface, Network
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass

from .names import MACVLAN_KINDS, RT_TABLE_MAIN
from .netns import Namespace


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
        """An fe80::/64 address, which the kernel manages unless it is declared."""
        return self.interface.version == 6 and self.interface.ip.is_link_local


@dataclass(frozen=True)
class Route:
    """One unicast route. ``destination`` is 0.0.0.0/0 or ::/0 for a default route.

    metrics: RTA_METRICS by name (mtu, advmss …), in the order of names. onlink: RTNH_F_ONLINK of its next hop.
    """

    destination: Network
    oif: int | None
    gateway: Address | None = None
    prefsrc: Address | None = None
    metric: int = 0
    table: int = RT_TABLE_MAIN
    protocol: int = 0
    scope: int = 0
    tos: int = 0
    onlink: bool = False
    metrics: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Facts:
    """One namespace at one moment.

    origin_nsid: the id under which it knows the namespace that asked. cookie: as `netns.cookie` returns it, 0 for our
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
