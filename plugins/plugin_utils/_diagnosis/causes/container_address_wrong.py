# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""container_address_wrong: a container's address was deleted, or has the wrong prefix length."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import within
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.timeline import AddressEvent, TargetData
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis import engines
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case, bare
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.containers import (
    ContainerLink,
    container_links,
    deletions,
    empty_links,
    unplaced,
)
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.lifetime import expired
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.outages import SLACK
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import BY_HAND, CONTAINER, RemedyStep
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import (
    CauseVerdict,
    requester,
    whoever,
)

KEEP = "keep what runs inside the container from changing its addresses; nothing has to be restored now"


def judge(case: Case) -> CauseVerdict:
    for item in container_links(case):
        lost = item.targets(case.broken())
        if lost:
            found = _deleted(case, item, lost) or _prefix(case, item, lost) or _came_back(case, item, lost)
            if found:
                return found
    return _never_there(case) or case.ruled_out("the containers have the addresses and prefix lengths of the network")


def _deleted(case: Case, item: ContainerLink, lost: list[TargetData]) -> CauseVerdict | None:
    name, namespace = item.link["name"], item.space.label
    there = {bare(one["address"]) for one in item.space.addresses(name)}
    events = case.address_events("delete", name, namespace)
    # At the end of a lease the kernel removes an address by itself: dhcp_lease_lost.
    ended = {bare(event["data"]["address"]) for event in events if expired(event)}
    gone = [address for address in item.addresses if address not in there and address not in ended]
    if not gone:
        return None
    events = [event for event in events if bare(event["data"]["address"]) in gone]
    who = requester(events[0]) if events else None
    after = events[0]["after"] if events else case.first_loss(lost)
    when = f" at +{after:.1f} s" if after is not None else ""
    by = f" by {who['text']}" if who else ""
    return case.confirmed(
        f"the address {', '.join(gone)} was deleted from {item.where} on {case.host}{when}{by}",
        [
            case.item("address", f"{name} does not have {', '.join(gone)} any more", name, namespace),
            *map(case.event_item, events[:3]),
            *case.loss_items(lost),
        ],
        after,
        whoever(events[0]) if events else None,
        remedy="restart the container, whose engine then adds the address, and keep what runs inside from changing it",
        steps=[RemedyStep(CONTAINER, "restart the container", namespace=namespace)],
    )


def _prefix(case: Case, item: ContainerLink, lost: list[TargetData]) -> CauseVerdict | None:
    if not any(target["from"]["namespace"] == item.space.label for target in lost):
        return None
    name, namespace = item.link["name"], item.space.label
    for address, wanted, length in _lengths(case, item):
        unrouted = [path for path in item.space.paths if path["error"] or path["link"] not in ("", name)]
        longer = length > wanted and not any(route["gateway"] is None for route in item.space.routes(name))
        if longer or length < wanted or unrouted:
            remedy, step = _again(case, f"{address}/{wanted}", wanted)
            return case.confirmed(
                f"{address}/{length} on {item.where} of {case.host} has another prefix length than the network,"
                f" which has /{wanted}",
                [case.item("address", f"{address}/{length}", name, namespace), *case.loss_items(lost)],
                case.first_loss(lost),
                remedy=remedy,
                steps=[RemedyStep(CONTAINER, step, namespace=namespace)],
            )
    return None


def _again(case: Case, address: str, wanted: int) -> tuple[str, str]:
    """The remedy and its step: where the engine's network is right, the container was changed from inside."""
    known = [] if case.lacks("system.engines") else [item for _name, item in engines.of_root(case)]
    subnets = [engines.subnet_of(pool) for item in known for pool in item["pools"] if engines.of_network(case, pool)]
    if subnets and all(subnet is not None and subnet.prefixlen == wanted for subnet in subnets):
        step = "restart the container"
        return f"{step}, whose engine then adds {address}, and keep what runs inside from changing it", step
    step = "create the container again"
    return f"give the container {address}: correct the subnet of its container network, and {step}", step


def _lengths(case: Case, item: ContainerLink) -> Iterator[tuple[str, int, int]]:
    """Addresses of the network whose prefix length is not the network's: address, that of the network, its own."""
    for one in item.space.addresses(item.link["name"]):
        interface = ipaddress.ip_interface(one["address"])
        # Of a link that no network declares only the routes are known: they say nothing about the prefix length.
        subnets = [subnet for subnet in case.network.subnets if subnet not in case.network.ranges]
        subnets = [subnet for subnet in subnets if within(interface.ip, subnet)]
        if subnets and interface.network.prefixlen != subnets[0].prefixlen:
            yield str(interface.ip), subnets[0].prefixlen, interface.network.prefixlen


def _came_back(case: Case, item: ContainerLink, lost: list[TargetData]) -> CauseVerdict | None:
    """An address that was missing for a while: somebody added it again, or restarted the container."""
    events = deletions(case, item)
    absent = [(event["after"], _added(case, event)) for event in events]
    slack = SLACK + case.watch["interval"]
    hurt = [
        target
        for target in lost
        if any(begin - slack <= loss[0] <= end + slack for begin, end in absent for loss in target["losses"])
    ]
    if not hurt:
        return None
    addresses = ", ".join(dict.fromkeys(bare(event["data"]["address"]) for event in events))
    who = requester(events[0])
    by = f" by {who['text']}" if who else ""
    return case.confirmed(
        f"the address {addresses} was deleted from {item.where} on {case.host} at +{events[0]['after']:.1f} s{by},"
        " and is there again",
        [*map(case.event_item, events[:3]), *case.loss_items(hurt)],
        events[0]["after"],
        whoever(events[0]),
        remedy=KEEP,
        steps=[RemedyStep(BY_HAND, KEEP)],
    )


def _added(case: Case, event: AddressEvent) -> float:
    """When an address was there again on a link of that name: it may be another link, of a container started anew."""
    for other in case.address_events("new", event["link"], event["namespace"]):
        if other["after"] > event["after"] and other["data"]["address"] == event["data"]["address"]:
            return other["after"]
    return case.watch["duration"]


def _never_there(case: Case) -> CauseVerdict | None:
    """A declared container that nothing has, while exactly one container is without an address."""
    absent = [item for item in unplaced(case) if not case.fleet.holding(case.segment, item)]
    lost = [item for item in case.broken() if item["target"] in absent]
    empty = empty_links(case)
    if len(absent) != 1 or not lost or len(empty) != 1:
        return None
    space, link = empty[0]
    return case.confirmed(
        f"the container in {space.label} on {case.host} has no address on {link['name']}; {absent[0]} is declared and"
        " nothing has it",
        [case.item("address", f"no address of {case.network.name}", link["name"], space.label), *case.loss_items(lost)],
        remedy="restart the container, whose engine then adds the address",
        steps=[RemedyStep(CONTAINER, "restart the container", namespace=space.label)],
    )


CAUSE = Cause(
    id="container_address_wrong",
    rank=14,
    title="a container's address was deleted, or its prefix length is wrong",
    explanation="A container needs its address with the prefix length of the network. If a program inside deletes it,"
    " nothing answers; with a longer prefix the container does not find its neighbours, with a shorter one it looks on"
    " the link for machines that are elsewhere.",
    remedy="restart the container with the address that is declared",
    signature="for one container alone",
    proof="the link in the container's namespace lacks the address that it had, or has it with another prefix length"
    " than the network, and probes to or from it are lost",
    must="D",
    by=CONTAINER,
    needs=("watch", "before", "after"),
    explains=(
        "container_route_absent",
        "container_not_running",
        "stale_neighbour",
        "announcement_lost",
        "container_default_route",
    ),
    everywhere=True,
    judge=judge,
)
