# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Macvlan links as they shall be, in normalised form. Pure."""

from __future__ import annotations

from dataclasses import field, replace
from typing import Mapping

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import (
    Address,
    Interface,
    Network,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.facts import Link
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.names import (
    PROTOCOLS,
    RT_SCOPE_LINK,
    RT_SCOPE_UNIVERSE,
    RT_TABLE_MAIN,
    RTPROT_STATIC,
)

from . import attributes as _attributes
from .attributes import Attribute, Value

#: What marks a link as ours (its IFLA_IFALIAS) where no file does.
MARK = "linuxnet.macvlan"

#: What stands in a list of addresses for the IPv4 address that a DHCP server leases.
LEASED = "dhcp"

#: Per-interface values below net/FAMILY/conf that belong to a macvlan set-up (Documentation/networking/ip-sysctl.rst):
#: name -> (family, lowest, highest).
SYSCTLS = {
    "arp_filter": ("ipv4", 0, 1),
    "arp_ignore": ("ipv4", 0, 8),
    "arp_announce": ("ipv4", 0, 2),
    "arp_notify": ("ipv4", 0, 1),
    "rp_filter": ("ipv4", 0, 2),
    "accept_local": ("ipv4", 0, 1),
    "accept_ra": ("ipv6", 0, 2),
    "autoconf": ("ipv6", 0, 1),
}


@dataclass(frozen=True, order=True)
class DesiredRoute:
    """A route over the link; ``source`` is the preferred source address, ``metric`` 0 the kernel's default.

    Two routes are the same to the kernel when all of this is (fib_find_info, ip6_route_add). What stands below the
    line is never declared: a route that an administrator added by hand has another protocol, boot. scope: None where it
    is that of ip-route(8). metrics: RTA_METRICS by name.
    """

    destination: Network
    gateway: Address | None = None
    source: Address | None = None
    metric: int = 0
    table: int = RT_TABLE_MAIN
    # ---
    protocol: int = RTPROT_STATIC
    scope: int | None = None
    tos: int = 0
    onlink: bool = False
    metrics: tuple[tuple[str, int], ...] = ()

    @property
    def default_scope(self) -> int:
        """An on-link IPv4 route has link scope, as ip-route(8) gives it; IPv6 knows no scopes."""
        return RT_SCOPE_LINK if self.destination.version == 4 and self.gateway is None else RT_SCOPE_UNIVERSE

    def declarable(self) -> DesiredRoute:
        """The declared route that comes closest."""
        return DesiredRoute(self.destination, self.gateway, self.source, self.metric, self.table)

    def __str__(self) -> str:
        parts = [str(self.destination)]
        if self.gateway:
            parts.append(f"via {self.gateway}")
        if self.source:
            parts.append(f"src {self.source}")
        if self.metric:
            parts.append(f"metric {self.metric}")
        if self.table != RT_TABLE_MAIN:
            parts.append(f"table {self.table}")
        if self.protocol != RTPROT_STATIC:
            parts.append(f"proto {PROTOCOLS.get(self.protocol, self.protocol)}")
        if self.scope is not None:
            parts.append(f"scope {self.scope}")
        if self.tos:
            parts.append(f"tos 0x{self.tos:02x}")
        if self.onlink:
            parts.append("onlink")
        return " ".join([*parts, *(f"{name} {value}" for name, value in self.metrics)])


@dataclass(frozen=True)
class DesiredLink:
    """One macvlan link as declared. None means "not managed", an empty tuple "none at all".

    attributes: those of `ATTRIBUTES` by name; the ones that rules of their own are about are properties as well.
    addresses: those that are fixed. dhcp: whether the IPv4 address is leased; then none of these is IPv4.
    parent_up: whether a parent that is down is set up.
    adopt: whether what else makes a link of this name is disabled.
    reset: settings that an earlier declaration had, with the values that a new link gets.
    announce: what may be announced of containers that start on the parent; empty: nothing, and no service runs.
    """

    name: str
    parent: object
    attributes: Mapping[str, Value] = field(default_factory=dict)
    addresses: tuple[Interface, ...] | None = None
    routes: tuple[DesiredRoute, ...] | None = None
    dhcp: bool = False
    up: bool = True
    adopt: bool = False
    parent_up: bool = False
    sysctl: tuple[tuple[str, int], ...] = ()
    parent_sysctl: tuple[tuple[str, int], ...] = ()
    reset: tuple[tuple[str, int], ...] = ()
    announce: tuple[Network, ...] = ()
    #: Where it stands in the input, for messages that come later.
    key: str = "links"
    #: The parent on this host, once it is known.
    resolved: Link | None = None

    def on(self, parent: Link) -> DesiredLink:
        """The same link with its parent known."""
        return replace(self, resolved=parent)

    @property
    def lower(self) -> Link:
        """The parent on this host. Errors: ValueError before it is resolved."""
        if self.resolved is None:
            raise ValueError(f"the parent of {self.name} has not been resolved")
        return self.resolved

    @property
    def mode(self) -> str:
        return str(self.attributes.get("mode") or _attributes.MODES[0])

    @property
    def mac(self) -> str:
        """Empty where it has none of its own."""
        return str(self.attributes.get("mac") or "")

    @property
    def mtu(self) -> int | None:
        value = self.attributes.get("mtu")
        return None if value is None else int(value)

    def declared(self) -> list[tuple[Attribute, Value]]:
        """What there is to configure: nothing for what is not managed, or switched off."""
        values = ((row, self.attributes.get(row.name)) for row in _attributes.ATTRIBUTES)
        return [(row, value) for row, value in values if value is not None and value is not False]

    def wanted(self) -> dict[str, str | int | bool]:
        """What the kernel shall have on this host, by name; what is not managed is left out."""
        wanted = {}
        for row in _attributes.ATTRIBUTES:
            value = self.attributes.get(row.name)
            if value is None and row.of_parent:
                value = row.found(self.lower)
            if value is not None:
                wanted[row.name] = value
        return wanted


@dataclass(frozen=True)
class DesiredLinks:
    """All links of one host: those that shall be there, and the names of those that shall not.

    places: where the names of those are in the input.
    """

    present: tuple[DesiredLink, ...] = ()
    absent: tuple[str, ...] = ()
    places: tuple[str, ...] = ()


def sysctl_path(interface: str, name: str) -> str:
    """The value's path below /proc/sys. A dot in an interface name stays a dot there."""
    return f"net/{SYSCTLS[name][0]}/conf/{interface}/{name}"
