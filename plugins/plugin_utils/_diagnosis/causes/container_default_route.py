# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""container_default_route: a container has no default route, or one to a machine that does not forward its packets."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address
from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.schema import RouteData
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.kinds import CONTAINER_TO_GATEWAY
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.lost import is_lost
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.timeline import RouteEvent, TargetData
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case, since
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.containers import (
    ContainerLink,
    container_links,
)
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.fleet import FleetLink, segment_of
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import CONTAINER, RemedyStep
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.snapshot import MAIN, NamespaceView
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import (
    CauseVerdict,
    EvidenceItem,
    whoever,
)

DEFAULTS = {4: "0.0.0.0/0", 6: "::/0"}
#: A VPN takes all traffic by two routes of this length, which win over the default route.
HALF = 1
RESTART = "restart the container"


@dataclass(frozen=True)
class _Wrong:
    """What is wrong with one container. why: what the default route is or does, in words, as of the container. sure:
    whether it cannot be meant so."""

    item: ContainerLink
    gateway: Address
    why: str
    proof: list[EvidenceItem]
    events: list[RouteEvent]
    sure: bool = True


def judge(case: Case) -> CauseVerdict:
    if not case.network.gateways:
        return case.ruled_out("the network declares no gateway, so containers need no default route by it")
    found = [one for item in container_links(case) for one in _of_container(case, item)]
    if not found:
        return case.ruled_out("no container's default route is known to be missing or to lead to the wrong machine")
    known = [one for one in found if one.sure]
    first = (known or found)[0]
    link, space = first.item.link["name"], first.item.space
    more = len({one.item.where for one in found}) - 1
    names = f" (and {more} more)" if more else ""
    after = first.events[0]["after"] if first.events else None
    return (case.confirmed if known else case.suspected)(
        f"the container in {space.label} on {case.host} {first.why}{since(after)}{names}: it reaches the network, and"
        " nothing beyond it",
        [
            *(proof for one in found[:3] for proof in one.proof),
            case.item("declared", f"the gateway of {case.network.name} is {first.gateway}", link, space.label),
            *map(case.event_item, first.events[:3]),
        ],
        after,
        culprit=whoever(first.events[0]) if first.events else None,
        remedy=f"{RESTART}, whose engine then adds the default route via {first.gateway}, and keep what runs inside"
        f" from changing it; where the engine's own network has another gateway, create it again with {first.gateway}",
        steps=[RemedyStep(CONTAINER, RESTART, namespace=label) for label in {one.item.space.label: 1 for one in found}],
    )


def _of_container(case: Case, item: ContainerLink) -> Iterator[_Wrong]:
    """One for each family that is wrong. Where policy rules decide, the main table alone says nothing."""
    if not item.link["up"] or item.space.rules:
        return
    for gateway in case.network.gateways:
        targets = _answering(case, item, gateway)
        if not targets:
            continue
        routes = list(_defaults(item.space, gateway.version))
        if not routes:
            yield from _missing(case, item, gateway, targets)
        elif _best(routes)["link"] == item.link["name"]:
            yield from _elsewhere(case, item, gateway, _best(routes), targets)


def _answering(case: Case, item: ContainerLink, gateway: Address) -> list[TargetData]:
    """What shows that the gateway answers the container: where it does not, something else is broken first."""
    return [
        target
        for target in case.targets(CONTAINER_TO_GATEWAY)
        if (target["from"]["namespace"], target["from"]["link"]) == (item.space.label, item.link["name"])
        if target["target"] == str(gateway) and target["received"] and not is_lost(target)
    ]


def _defaults(space: NamespaceView, version: int) -> Iterator[RouteData]:
    """The routes of a family to everything, over whatever link."""
    for route in space.routes(None, MAIN):
        network = ipaddress.ip_network(route["destination"])
        if network.version == version and network.prefixlen <= HALF:
            yield route


def _best(routes: list[RouteData]) -> RouteData:
    """The one that the kernel uses: the most specific one, of these that with the lowest metric."""
    return min(routes, key=lambda route: (-ipaddress.ip_network(route["destination"]).prefixlen, route["metric"]))


def _missing(case: Case, item: ContainerLink, gateway: Address, targets: list[TargetData]) -> Iterator[_Wrong]:
    """Where it had one it shall have one. One that never had one may be meant so, though others have one."""
    name, label = item.link["name"], item.space.label
    deleted = _events(case, item, "delete", gateway)
    before = None if case.lacks("before") else case.before.namespace(label)
    if before is None or before.link(name) is None:
        return  # it may be starting
    had = any(_defaults(before, gateway.version))
    others = _using(case, gateway)
    proof = [case.item("route", f"no default route for IPv{gateway.version}", name, label), *case.answer_items(targets)]
    if deleted or had:
        yield _Wrong(item, gateway, f"has lost its default route (via {gateway})", proof, deleted)
    elif others:
        other = f"{', '.join(map(str, others[:3]))}: the default route is via {gateway}"
        proof.append(case.item("other containers", other))
        yield _Wrong(
            item,
            gateway,
            f"has no default route (via {gateway}), which others of the network have",
            proof,
            [],
            sure=False,
        )


def _elsewhere(
    case: Case, item: ContainerLink, gateway: Address, route: RouteData, targets: list[TargetData]
) -> Iterator[_Wrong]:
    """A network may have another router: only a machine that is not there, or does not forward, is the wrong one."""
    hop = route["gateway"]
    if hop is None or not case.inside(hop) or hop in map(str, case.network.gateways):
        return
    why = _forwards_nothing(case, item, hop)
    if not why:
        return
    name, label = item.link["name"], item.space.label
    proof = [
        case.item("route", f"{route['destination']} via {hop}", name, label),
        case.item("next hop", f"{hop}: {why}", name, label),
        *case.answer_items(targets),
    ]
    events = [event for event in _events(case, item, "new", gateway) if event["data"]["gateway"] == hop]
    yield _Wrong(item, gateway, f"sends to other networks via {hop} instead of {gateway}, and {why}", proof, events)


def _forwards_nothing(case: Case, item: ContainerLink, hop: str) -> str:
    """Why a machine does not forward packets, in words; empty where it may."""
    holders = case.fleet.holding(case.segment, hop)
    if holders:
        still = [link for link in holders if _forwards(case, link, 6 if ":" in hop else 4) is False]
        return f"that is {still[0]}, which does not forward" if len(still) == len(holders) else ""
    made = case.experiments.result("next_hops")
    asked = made["hops"] if made else []
    same = [one for one in asked if (one["namespace"], one["address"]) == (item.space.label, hop)]
    return "no machine answers for that address" if same and not same[0]["answered"] else ""


def _forwards(case: Case, link: FleetLink, version: int) -> bool | None:
    """Whether a link of the fleet forwards; None where that is not known. Of IPv6 nothing is read."""
    snapshot = case.fleet.hosts[link.host]["after"]
    for data in snapshot["namespaces"] if snapshot and version == 4 else ():
        if data["label"] == link.namespace:
            value = NamespaceView(data).setting(link.name, "forwarding")
            return None if value is None else bool(value)
    return None


def _events(case: Case, item: ContainerLink, action: str, gateway: Address) -> list[RouteEvent]:
    """Changes of the default route of a family over the container's link."""
    return [
        event
        for event in case.events(action, item.link["name"], item.space.label)
        if event["kind"] == "route"
        and event["data"]["table"] == MAIN
        and event["data"]["destination"] in (DEFAULTS[gateway.version], "default")
    ]


def _using(case: Case, gateway: Address) -> list[FleetLink]:
    """Containers of the segment whose default route is via a gateway."""
    return case.fleet.once(("container_default_route", case.segment, str(gateway)), lambda: _all_using(case, gateway))


def _all_using(case: Case, gateway: Address) -> list[FleetLink]:
    found = []
    for host, evidence in case.fleet.hosts.items():
        names = {item["name"] for item in evidence["networks"] if segment_of(item) == case.segment}
        snapshot = evidence["after"]
        if snapshot is None:
            continue
        spaces = {data["label"]: NamespaceView(data) for data in snapshot["namespaces"]}
        for name in names & set(snapshot["networks"]):
            for item in snapshot["networks"][name]["containers"]:
                space = spaces.get(item["namespace"])
                if space is not None and any(
                    (route["link"], route["gateway"]) == (item["link"], str(gateway))
                    for route in _defaults(space, gateway.version)
                ):
                    found.append(FleetLink(host, item["namespace"], item["link"], item["mac"]))
    return list(dict.fromkeys(found))


CAUSE = Cause(
    id="container_default_route",
    rank=19,
    title="a container has no usable default route",
    explanation="A container reaches other networks by the default route of its own namespace, whatever its host's is."
    " Without one, or with one to an address that no router has, it reaches its neighbours, the gateway among them, and"
    " nothing beyond.",
    remedy="restart the container, whose engine then adds the default route via the declared gateway",
    signature="for one container alone, and for other networks alone",
    proof="the gateway answers the container, and the container's routing table has no default route, which it had"
    " before; or its next hop is another machine than the declared gateway and answers nobody, or is a container or"
    " host of the fleet that does not forward. Of one that never had a default route, while others of the network have"
    " one, it is suspected",
    must="D",
    by=CONTAINER,
    needs=("watch", "after"),
    judge=judge,
)
