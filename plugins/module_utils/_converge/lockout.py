# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which steps of a plan would change the link, address or route that carries the controller's connection. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._confirm.request import Request
from ansible_collections.linuxnet.macvlan.plugins.module_utils._confirm.uplink import Uplink, refuse
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent import attributes as _attributes
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.links import DesiredLink
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.facts import Facts
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.names import IPV6_DEFAULT_METRIC, RT_TABLE_MAIN
from ansible_collections.linuxnet.macvlan.plugins.module_utils._link.steps import (
    AddAddress,
    AddRoute,
    CreateLink,
    DeleteLink,
    RemoveAddress,
    RemoveRoute,
    SetLink,
    Step,
)


def check(
    uplink: Uplink | None,
    facts: Facts,
    steps: Iterable[Step],
    released: Iterable[str],
    present: Iterable[DesiredLink],
    request: Request,
    problems: Problems,
) -> None:
    """Add a problem for each thing that carries the connection and that a step would touch.

    released: links that a daemon takes down before the first step.
    """
    if uplink is None:
        return
    keys = {link.name: link.key for link in present}
    threats = [(step.link, what) for step in steps for what in _why(uplink, facts, step)]
    threats += [(name, f"a daemon takes {name} down first") for name in released if name in uplink.carriers]
    for name, what in dict.fromkeys(threats):
        refuse(uplink, keys.get(name, "links"), name, what, request, problems)


def _why(uplink: Uplink, facts: Facts, step: Step) -> Iterator[str]:
    """How a step affects the connection, in words; nothing for most steps."""
    if isinstance(step, CreateLink):
        if step.attributes["mode"] == "passthru" and step.parent.name in uplink.carriers:
            yield f"a passthru link takes over the frames of its parent {step.parent.name}"
    elif isinstance(step, AddAddress):
        yield from _new_address(uplink, facts, step)
    elif isinstance(step, AddRoute):
        yield from _new_route(uplink, facts, step)
    elif step.link in uplink.carriers:
        yield from _less(uplink, facts, step)


def _less(uplink: Uplink, facts: Facts, step: Step) -> Iterator[str]:
    """What a step removes or changes of a link that carries the connection."""
    if isinstance(step, DeleteLink):
        yield f"this removes {step.link}"
    elif isinstance(step, SetLink):
        attributes = step.attributes
        harmless = {"alias", *(row.name for row in _attributes.ATTRIBUTES if row.harmless)}
        changed = [name for name in attributes if name not in harmless and (name, attributes[name]) != ("up", True)]
        if changed:
            yield f"this changes {', '.join(changed)} of {step.link}"
    elif isinstance(step, RemoveAddress):
        interface = step.address
        # With a first address the kernel drops the others of its subnet (__inet_del_ifa), unless promote_secondaries.
        if interface.ip == uplink.local or (interface.version == 4 and uplink.local in interface.network):
            yield f"this removes {interface} from {step.link}"
    elif isinstance(step, RemoveRoute):
        destination = step.route.destination
        if _covers(destination, uplink) and destination.prefixlen >= _best(uplink, facts)[0]:
            yield f"this removes the route {step.route} over {step.link}"


def _new_address(uplink: Uplink, facts: Facts, step: AddAddress) -> Iterator[str]:
    """Packets to an own address never leave the host; its subnet is a route over the link."""
    interface = step.address
    if interface.ip in (uplink.peer, uplink.gateway):
        who = "peer" if interface.ip == uplink.peer else "gateway"
        yield f"{interface.ip} is the {who} that is reached over {uplink.link}"
    longer = interface.network.prefixlen > _best(uplink, facts)[0]
    host = interface.network.prefixlen == interface.network.max_prefixlen
    decides = uplink.table == RT_TABLE_MAIN and step.link != uplink.link
    if decides and longer and not host and _covers(interface.network, uplink):
        yield f"the subnet {interface.network} on {step.link} diverts the return path from {uplink.link}"


def _new_route(uplink: Uplink, facts: Facts, step: AddRoute) -> Iterator[str]:
    """The longest prefix wins, then the lowest metric. Of equal ones IPv4 uses the first, IPv6 both."""
    route = step.route
    same = step.link == uplink.link and route.gateway == uplink.gateway
    if same or route.table != uplink.table or not _covers(route.destination, uplink):
        return
    prefix, metric = _best(uplink, facts)
    shared = route.destination.version == 6
    own_metric = route.metric or (IPV6_DEFAULT_METRIC if shared else 0)
    ours, present = (route.destination.prefixlen, -own_metric), (prefix, -metric)
    if ours > present or (shared and ours == present):
        yield f"the route {route} over {step.link} diverts the return path from {uplink.link}"


def _covers(network: object, uplink: Uplink) -> bool:
    return getattr(network, "version", 0) == uplink.peer.version and uplink.peer in network  # type: ignore[operator]


def _best(uplink: Uplink, facts: Facts) -> tuple[int, int]:
    """Prefix length and metric of the present route to the peer; lower than all others where it is not known."""
    link = facts.link(uplink.link)
    routes = [
        (route.destination.prefixlen, -route.metric)
        for route in facts.routes
        if link is not None
        and route.oif == link.index
        and route.table == uplink.table
        and _covers(route.destination, uplink)
    ]
    prefix, metric = max(routes, default=(-1, 0))
    return prefix, -metric
