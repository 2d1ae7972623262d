# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One declared network on this host at one moment. Pure."""

from __future__ import annotations

import ipaddress

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address, within
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.network import MacvlanNetwork
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.facts import Facts, Link, LinkAddress


@dataclass(frozen=True)
class Container:
    """One address on a macvlan link of another namespace of this host; the first fields are the namespace's.

    identity: its inode and its cookie; the inode alone is soon that of another namespace.
    """

    label: str
    path: str
    identity: tuple[int, int]
    link: Link
    found: LinkAddress

    @property
    def address(self) -> Address:
        return self.found.interface.ip


@dataclass(frozen=True)
class Scope:
    """One declared network on this host, at one moment.

    parent: None where it was not found, for the reason in ``parent_problem``.
    containers: addresses of the network found on children of the parent; strays: those that lie in its subnets but in
    no network's container range, nor are declared.
    engine_problem: why the declared engine cannot be used, and engine_remedy; empty where it can, or was not looked at.
    """

    network: MacvlanNetwork
    facts: Facts
    parent: Link | None
    parent_problem: str = ""
    containers: tuple[Container, ...] = ()
    strays: tuple[Container, ...] = ()
    #: The identities of all namespaces of the host, as containers have them.
    namespaces: frozenset[tuple[int, int]] = frozenset()
    #: Whether a temporary child of the parent may ask where the host has no link of its own.
    temporary_child: bool = True
    engine_problem: str = ""
    engine_remedy: str = ""
    #: Why the service that announces containers does not run, empty where it does or none is installed.
    announcer_problem: str = ""

    @property
    def parent_name(self) -> str:
        """Its name where it was found, else the selector of the declaration."""
        if self.parent is not None:
            return self.parent.name
        selector = self.network.parent
        return ", ".join(f"{k}: {v}" for k, v in selector.items()) if isinstance(selector, dict) else str(selector)

    @property
    def shim(self) -> Link | None:
        """The host's own link into the network, None where it is not declared, or not there."""
        return self.facts.link(self.network.link) if self.network.link else None

    @property
    def leased(self) -> list[Address]:
        """The IPv4 addresses of a link that shall have a leased one; by a lease without end it has no lifetime."""
        shim = self.shim if self.network.leased else None
        found = self.facts.addresses_of(shim) if shim is not None else []
        return [item.interface.ip for item in found if item.interface.version == 4]

    @property
    def host_addresses(self) -> list[Address]:
        """The host's own addresses in the network: those that are declared, and the leased one."""
        return [*self.network.host_addresses, *self.leased]

    @property
    def settling(self) -> bool:
        """Whether an address that counts is still to come: duplicate address detection (RFC 4862, 5.4), or a lease."""
        own = [item for link in (self.parent, self.shim) if link for item in self.facts.addresses_of(link)]
        if self.network.leased and self.shim is not None and not self.leased:
            return True
        return any(item.tentative and not item.dadfailed for item in (*own, *(item.found for item in self.containers)))

    @property
    def shim_problem(self) -> str:
        """What is wrong with the declared link, empty when nothing is."""
        shim, name = self.shim, self.network.link
        if name is None:
            return ""
        if shim is None:
            return f"this host has no link {name}"
        if shim.kind != "macvlan":
            return f"{name} is no macvlan link but {shim.kind or 'a hardware device'}"
        if self.parent is not None and (shim.parent != self.parent.index or shim.parent_nsid is not None):
            other = self.facts.by_index(shim.parent) if shim.parent_nsid is None else None
            return f"the parent of {name} is {other.name if other else 'in another namespace'}, not {self.parent.name}"
        return "" if shim.up else f"{name} is down"

    @property
    def siblings(self) -> list[tuple[Link, LinkAddress]]:
        """Other macvlan and ipvlan links of the parent in our own namespace that have a subnet of the network.

        The kernel may send what is meant for the declared link out of them.
        """
        if self.parent is None:
            return []
        return [
            (link, item)
            for link in self.facts.links
            if link.parent == self.parent.index and link.parent_nsid is None and link.name != self.network.link
            for item in self.addresses_inside(link)
            if item.interface.network.prefixlen < item.interface.max_prefixlen
        ]

    def own(self, address: Address) -> Link | None:
        """The link of our own namespace that has the address."""
        found = next((item for item in self.facts.addresses if item.interface.ip == address), None)
        return self.facts.by_index(found.index) if found else None

    def addresses_inside(self, link: Link, outer: Address | None = None) -> list[LinkAddress]:
        """The link's addresses in the network's subnets, with ``outer`` only in those that hold it as well."""
        subnets = [subnet for subnet in self.network.subnets if outer is None or within(outer, subnet)]
        return [
            item
            for item in self.facts.addresses_of(link)
            if any(within(item.interface.ip, subnet) for subnet in subnets)
        ]

    def nd_source(self, link: Link) -> ipaddress.IPv6Address | None:
        """The address from which a neighbour solicitation of this link is sent: its link-local one where it has one."""
        found = [
            item.interface.ip
            for item in self.facts.addresses_of(link)
            if isinstance(item.interface, ipaddress.IPv6Interface) and not item.dadfailed
        ]
        return min(found, key=lambda address: not address.is_link_local, default=None)

    def holder(self, address: Address) -> Container | None:
        return next((item for item in (*self.containers, *self.strays) if item.address == address), None)
