# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""foreign_default_route: a program added a default route, or a link-local one, over the host's macvlan link."""

from __future__ import annotations

import ipaddress
from shlex import quote

from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.schema import RouteData
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case, since
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import OF_HOST, Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import BY_HAND, command
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import (
    CauseVerdict,
    requester,
    whoever,
)

#: RFC 3927, 2.1: addresses that a host gives itself where no DHCP server answers.
LINK_LOCAL = ipaddress.ip_network("169.254.0.0/16")


def judge(case: Case) -> CauseVerdict:
    link = case.network.link
    known = case.declared_link(link)
    declared = (known["routes"] if known else None) or []
    foreign = [
        route
        for route in case.after.own.routes(link)
        if link and _is_foreign(route["destination"]) and route["destination"] not in declared
    ]
    if not foreign:
        return case.ruled_out("no default route and no link-local one leads over the host's macvlan link")
    route = foreign[0]
    added = [event for event in case.route_events("new", link) if event["data"]["destination"] == route["destination"]]
    evidence = [*(case.item("route", _text(item), link) for item in foreign), *map(case.event_item, added[:3])]
    after = added[0]["after"] if added else None
    who = requester(added[0]) if added else None
    by = f" by {who['text']}" if who else f" (protocol {route['protocol']})"
    summary = f"{case.host} has the route {_text(route)}, which is not declared, added{by}{since(after)}"
    gateway = f" via {quote(route['gateway'])}" if route["gateway"] else ""
    delete = f"ip route delete {quote(route['destination'])}{gateway} dev {quote(str(link))} metric {route['metric']}"
    if not _wins(case, route):
        return case.suspected(f"{summary}; another route with a lower metric is still used", evidence, after=after)
    return case.confirmed(
        f"{summary}: packets that should leave by another link now leave by {link}",
        [*evidence, *case.loss_items(case.broken())],
        after=after,
        culprit=whoever(added[0]) if added else None,
        remedy=f"keep that program from configuring {link} (nm_exclusion; denyinterfaces in dhcpcd.conf;"
        f" Unmanaged=yes), then {delete}",
        steps=[command(delete)],
    )


def _is_foreign(destination: str) -> bool:
    network = ipaddress.ip_network(destination)
    return network.prefixlen == 0 or network == LINK_LOCAL


def _wins(case: Case, route: RouteData) -> bool:
    """Whether the kernel uses it: the lowest metric, then the first in order."""
    same = [item for item in case.after.own.routes() if item["destination"] == route["destination"]]
    return min(same, key=lambda item: item["metric"]) == route


def _text(route: RouteData) -> str:
    via = f" via {route['gateway']}" if route["gateway"] else ""
    return f"{route['destination']}{via} dev {route['link']} metric {route['metric']}"


CAUSE = Cause(
    id="foreign_default_route",
    rank=90,
    title="an undeclared default route leads over the macvlan link",
    explanation="A DHCP client or a network manager treated the new link as another uplink and gave it a default route."
    " Its metric is often lower than the uplink's, so packets of the host to other networks leave over the macvlan link"
    " with another source address.",
    remedy="keep that program from configuring the link (nm_exclusion; denyinterfaces in dhcpcd.conf; Unmanaged=yes),"
    " then ip route delete default dev LINK",
    signature="5 to 45 s after the link came up, when a DHCP client gives up or gets its lease",
    proof="a default route over the link that is not declared, and the process that added it",
    must="D with culprit",
    by=BY_HAND,
    needs=("after", "drift"),
    explains=("gateway_dead",),
    breaks=OF_HOST,
    judge=judge,
)
