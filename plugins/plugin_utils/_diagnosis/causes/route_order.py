# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""route_order: two equal routes to the subnet, and the kernel uses the parent's."""

from __future__ import annotations

import ipaddress

from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.schema import RouteData
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.kinds import HOST_TO_CONTAINER
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.timeline import Event
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case, bare, since
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import OF_LINK, Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.containers import about
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import APPLY
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict


def judge(case: Case) -> CauseVerdict:
    own, link, parent = case.after.own, case.network.link, case.parent_name
    if link is None or case.after.shim is None:
        return case.ruled_out("the host has no second link into the subnet")
    competing = [(route, other) for route in own.routes(link) for other in own.routes(parent) if _same(route, other)]
    competing = [pair for pair in competing if case.inside(bare(pair[0]["destination"]))]
    if not competing:
        return case.ruled_out(f"no route over {link} competes with one over {parent}")
    evidence = [case.item("route", _words(route), route["link"]) for pair in competing for route in pair]
    strays = {item["address"] for item in case.after.scope["strays"]}
    hurt = [target for target in case.broken(HOST_TO_CONTAINER) if target["target"] not in strays]
    broken = [target for target in hurt if _first(own.routes(), target["target"]) == parent]
    if not broken and case.network.leased and all(mine["metric"] > other["metric"] for mine, other in competing):
        return case.ruled_out(f"the route over {link} to the subnet of its lease comes after the parent's, as it shall")
    remedy = f"run linuxnet.macvlan.site, which gives {link} its address with /32 (/128) and routes to the containers"
    if not broken:
        return case.suspected(
            f"{link} and {parent} have equal routes to {competing[0][0]['destination']}: the one that is added again"
            f" comes last and is not used, so {link} breaks when its route is added again",
            evidence,
            remedy=remedy,
        )
    after = case.first_loss(broken)
    changes: list[Event] = [*case.route_events(link=link), *case.address_events(link=link)]
    early = [event for event in changes if after is None or event["after"] <= after + 1.0]
    evidence += [case.event_item(event) for event in early[-3:]]
    return case.confirmed(
        f"{case.host} sends packets for its containers by {parent} instead of {link}{since(after)}: of two equal routes"
        f" to {competing[0][0]['destination']} the kernel uses the first",
        # What a container asks the host is answered over the same route.
        [*evidence, *case.loss_items(about(case, {target["target"] for target in broken}, case.broken()))],
        after=after,
        remedy=remedy,
    )


def _same(one: RouteData, other: RouteData) -> bool:
    return one["destination"] == other["destination"] and not one["gateway"] and not other["gateway"]


def _first(routes: list[RouteData], target: str) -> str | None:
    """The link of the route that wins: the longest prefix, then the lowest metric, then the first in order."""
    address = ipaddress.ip_address(target)
    fitting = [
        (-network.prefixlen, route["metric"], place, route["link"])
        for place, route in enumerate(routes)
        for network in [ipaddress.ip_network(route["destination"])]
        if network.version == address.version and address in network
    ]
    return min(fitting)[3] if fitting else None


def _words(route: RouteData) -> str:
    source = f" src {route['prefsrc']}" if route["prefsrc"] else ""
    return f"{route['destination']} dev {route['link']}{source} metric {route['metric']} proto {route['protocol']}"


CAUSE = Cause(
    id="route_order",
    rank=50,
    title="two routes to one subnet, and the wrong one wins",
    explanation="With the subnet's prefix on parent and macvlan link the kernel has two equal connected routes and"
    " uses the one that was added first. This works as long as that is the link's. After the link's route is added"
    " again (link down and up, a DHCP renewal, a restart of the network manager) the parent's comes first, which never"
    " reaches containers.",
    remedy="run linuxnet.macvlan.site, which gives the link a /32 (/128) address and explicit routes",
    signature="works, then breaks when the link or its address is added again",
    proof="equal routes lead over parent and link, the parent's comes first, and pings to the containers are lost",
    must="P D",
    by=APPLY,
    needs=("watch", "after"),
    explains=("host_isolation", "route_absent"),
    breaks=OF_LINK,
    judge=judge,
)
