# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Routes over a link: those that are there, those that shall be, and the steps between them. Pure.

The plan, the keeper and the daemons all make the same route, with protocol static. One that is the same but for that
is replaced: whoever looks for the declared one later would not find it, and add a second.
"""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.links import DesiredLink, DesiredRoute
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.facts import Facts, Link, Route
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.names import (
    CONFIGURED_PROTOCOLS,
    IPV6_DEFAULT_METRIC,
    RT_TABLE_MAIN,
    RTPROT_KERNEL,
)

from .steps import AddRoute, RemoveRoute, Step

#: Of connected routes that the kernel makes (linux/ipv6_route.h IP6_RT_PRIO_ADDRCONF).
KERNEL_METRICS = {4: (0,), 6: (0, 256)}


def wanted(desired: DesiredLink) -> list[DesiredRoute]:
    """A link that is down has no routes (the kernel flushes them)."""
    return list(desired.routes or ()) if desired.up else []


def present(link: Link, facts: Facts) -> list[DesiredRoute]:
    """Those that were configured; the others are the kernel's or a daemon's."""
    found = [_found(route) for route in facts.routes_of(link) if route.protocol in CONFIGURED_PROTOCOLS]
    return sorted(found, key=lambda route: (route.destination.version, str(route)))


def left_behind(desired: DesiredLink, link: Link, facts: Facts) -> list[DesiredRoute]:
    """Connected routes that a daemon made by itself, for addresses that the link shall not have.

    NetworkManager adds addresses without their connected routes (IFA_F_NOPREFIXROUTE), and those with protocol kernel
    and a metric of its own: the kernel does not remove them together.
    """
    if desired.addresses is None:
        return []
    networks = {address.network for address in desired.addresses}
    if desired.dhcp:
        networks |= {item.interface.network for item in facts.addresses_of(link) if not item.permanent}
    kept = [
        _found(route)
        for route in facts.routes_of(link)
        if route.protocol == RTPROT_KERNEL
        and (route.table, route.gateway) == (RT_TABLE_MAIN, None)
        and route.metric not in KERNEL_METRICS[route.destination.version]
        and route.destination not in networks
        and not (route.destination.is_link_local or route.destination.is_multicast)
    ]
    return sorted(kept, key=lambda route: (route.destination.version, str(route)))


def _found(route: Route) -> DesiredRoute:
    default = IPV6_DEFAULT_METRIC if route.destination.version == 6 else 0
    metric = 0 if route.metric == default else route.metric
    found = DesiredRoute(
        route.destination,
        route.gateway,
        route.prefsrc,
        metric,
        route.table,
        route.protocol,
        route.scope,
        route.tos,
        route.onlink,
        route.metrics,
    )
    return replace(found, scope=None) if route.scope == found.default_scope else found


def add(link: str, routes: list[DesiredRoute]) -> list[Step]:
    """The kernel takes no route through a gateway that it cannot reach yet, maybe over another of these."""
    return [AddRoute(link, route) for route in sorted(routes, key=lambda route: route.gateway is not None)]


def change(link: str, have: list[DesiredRoute], want: list[DesiredRoute], lost: list[DesiredRoute]) -> list[Step]:
    """lost: present ones that the kernel drops before these steps.

    An on-link IPv4 route is there twice for a moment, so that no packet takes another way. IPv6 does not take a second
    one that differs in its protocol only (fib6_add_rt2node), so there the first has to go before.
    """
    extra = [route for route in have if route not in want]
    # The most particular first: the kernel removes the first one that has all that the request names.
    extra.sort(key=lambda route: (route.source is None, not route.metrics, route.gateway is None))
    taken = [route for route in have if route in want and any(_takes(other, route) for other in extra)]
    missing = [route for route in want if route not in have or route in lost or route in taken]
    closest = {route.declarable() for route in extra}
    early = [route for route in closest if route.destination.version == 4 and not route.gateway and route not in taken]
    replaced = [route for route in missing if route in early]
    rest = [route for route in missing if route not in replaced]
    return [*add(link, replaced), *(RemoveRoute(link, route) for route in [*taken, *extra]), *add(link, rest)]


def _takes(removed: DesiredRoute, other: DesiredRoute) -> bool:
    """Whether removing one can remove the other (fib_table_delete, fib_nh_match, ip6_route_del)."""
    same = all(
        getattr(removed, name) == getattr(other, name)
        for name in ("destination", "table", "metric", "protocol", "scope", "tos")
    )
    if removed.destination.version == 6:
        return same and removed.gateway in (None, other.gateway)
    same = same and removed.gateway == other.gateway and removed.metrics in ((), other.metrics)
    return same and removed.source in (None, other.source)
