# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whom to ask what about a loss that no cause explains. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.kinds import (
    CONTAINER_TO_GATEWAY,
    ECHO,
    GATEWAYS,
    WHO_HAS,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.lost import broken, is_lost
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.path.data import ICMP
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.timeline import TargetData

from .names import CONTAINER, GATEWAY, HOST, SWITCH, NetworkNames
from .path import LocatedLoss


def whom(
    edge: tuple[str, str],
    target: TargetData,
    targets: Sequence[TargetData],
    names: NetworkNames,
    loss: LocatedLoss | None,
    parent_reaches: bool | None,
) -> str:
    """The question in words. edge: the nodes between which a target is lost; targets: all of the watch; loss: None
    where its probes were not followed; parent_reaches: whether the parent reaches what its link does not, None: not
    known."""
    if loss is not None and loss.between_hosts:
        return _between(loss)
    if _beside_host(edge, target, targets):
        return _ask_of_container(target, names, loss)
    return _ask_router(target) if _resolves(edge, target, targets) else _ask(edge, names, target, parent_reaches)


def _between(loss: LocatedLoss) -> str:
    return (
        f"the network team: {loss.start} has sent it, and {loss.end} has not received it: are the switch ports of both"
        " up and in the same VLAN, and which of them, or of the links between their switches, counts errors or drops"
    )


def _resolves(edge: tuple[str, str], target: TargetData, targets: Sequence[TargetData]) -> bool:
    """Whether pings to a gateway are lost beyond the parent that always answers ARP or neighbour discovery there."""
    return (
        target["method"] == ECHO
        and bool({SWITCH, GATEWAY} & set(edge))
        and any(
            item["method"] == WHO_HAS
            and (item["network"], item["target"]) == (target["network"], target["target"])
            and item["kind"] in GATEWAYS
            and not is_lost(item)
            for item in targets
        )
    )


def _beside_host(edge: tuple[str, str], target: TargetData, targets: Sequence[TargetData]) -> bool:
    """Whether what a container asks the gateway is lost beyond the parent, and what the host itself asks it is not."""
    own = [
        item
        for item in targets
        if item["kind"] in GATEWAYS and (item["network"], item["target"]) == (target["network"], target["target"])
    ]
    beyond = bool({SWITCH, GATEWAY} & set(edge))
    return target["kind"] == CONTAINER_TO_GATEWAY and beyond and any(item["sent"] for item in own) and not broken(own)


def _ask_of_container(target: TargetData, names: NetworkNames, loss: LocatedLoss | None) -> str:
    inside = target["from"]["namespace"]
    held = [address for address, place in names.places.items() if place == inside]
    version = ":" in target["target"]
    whose = " or ".join(address for address in held if (":" in address) == version) or f"container {inside}"
    port = (
        f"the network team: does the port of {names.parent} on {names.host} accept the MAC address of container"
        f" {inside} ({whose}); the host itself reaches {target['target']}"
    )
    if loss is not None and loss.protocol != ICMP:
        return port
    return (
        f"whoever runs {target['target']}: does its neighbour table have another MAC address for {whose} than that of"
        f" container {inside} on {names.host}, or does a filter there drop what it sends; {port}"
    )


def _ask_router(target: TargetData) -> str:
    asked = "neighbour discovery" if ":" in target["target"] else "ARP"
    return (
        f"whoever runs {target['target']}: it answers {asked} all the time, so that port and VLAN are right; does a"
        " filter there, or between here and there, drop pings, or is their number limited"
    )


def _ask(edge: tuple[str, str], names: NetworkNames, target: TargetData, parent_reaches: bool | None) -> str:
    """Whom to ask what."""
    inside = next((node.partition(":")[2] for node in edge if node.startswith(CONTAINER)), None)
    if inside is not None:
        return (
            f"on {names.host}: are link, address and routes of container {inside} as they should be, and which filter"
            " of the host or the container counts drops (nft list ruleset)"
        )
    other = next((node.partition(":")[2] for node in edge if node.startswith(HOST)), None)
    if other is not None:
        return (
            f"on {other}: is the interface that has {target['target']} up, is its container running, and which filter"
            " counts drops (nft list ruleset)"
        )
    if not {SWITCH, GATEWAY} & set(edge):
        return (
            f"on {names.host}: which filter, route or queue drops what {names.link} sends or receives (nft list"
            f" ruleset, ip route get {target['target']}, tc -s qdisc)"
        )
    if parent_reaches:
        return (
            f"the network team: does the port of {names.parent} on {names.host} accept the MAC address of {names.link};"
            f" the parent itself reaches {target['target']}"
        )
    return (
        f"the network team: is the port of {names.parent} on {names.host} up and in the right VLAN, which errors does"
        f" it count, and is {target['target']} up"
    )
