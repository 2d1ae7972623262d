# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What targets and the nodes of a drawing are called: names for people, and the order of names. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import parse_address
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.kinds import (
    CONTAINER_TO_GATEWAY,
    CONTAINER_TO_HOST,
    ECHO,
    GATEWAY_FROM_LINK,
    GATEWAY_FROM_PARENT,
    HOST_TO_CONTAINER,
    WHO_HAS,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.timeline import TargetData

#: Nodes of a drawing. A container's is CONTAINER and its namespace, another host's HOST and its name.
PARENT, LINK, SWITCH, GATEWAY = "parent", "link", "switch", "gateway"
CONTAINER, HOST = "container:", "host:"

#: Kinds of target -> the nodes that it leads from and to; None stands for the container of the target.
ENDS: dict[str, tuple[str | None, str | None]] = {
    GATEWAY_FROM_PARENT: (PARENT, GATEWAY),
    GATEWAY_FROM_LINK: (LINK, GATEWAY),
    HOST_TO_CONTAINER: (LINK, None),
    CONTAINER_TO_HOST: (None, LINK),
    CONTAINER_TO_GATEWAY: (None, GATEWAY),
}


def ends(target: TargetData, places: Mapping[str, str]) -> tuple[str, str]:
    """The nodes that a target leads from and to. places: namespaces of containers by address."""
    namespace = target["from"]["namespace"]
    inside = f"{CONTAINER}{namespace}"
    if target["kind"] not in ENDS:
        return inside if namespace else "host", target["target"]
    source, to = ENDS[target["kind"]]
    return source or inside, to or f"{CONTAINER}{places.get(target['target'], target['target'])}"


def of_target(target: TargetData, places: Mapping[str, str], host: str = "host") -> str:
    """``eth0 to gateway 192.168.100.1, ARP``. places: namespaces of containers by address."""
    origin = target["from"]
    source = f"container {origin['namespace']}" if origin["namespace"] else origin["link"] or host
    place = places.get(target["target"])
    role = {
        HOST_TO_CONTAINER: f"container {place} " if place else "container ",
        CONTAINER_TO_HOST: "the host ",
    }.get(target["kind"], "gateway " if target["kind"] in ENDS else "")
    how = method(target)
    return f"{source} to {role}{target['target']}{f', {how}' if how else ''}"


def method(target: TargetData) -> str:
    """How it is asked: ``ping``, ``ARP`` or ``ND``; another method by its own name."""
    if target["method"] != WHO_HAS:
        return "ping" if target["method"] == ECHO else target["method"].upper()
    address = parse_address(target["target"])
    return "ND" if address is not None and address.version == 6 else "ARP"


@dataclass(frozen=True)
class NetworkNames:
    """The names of one network on one host. places: namespaces of containers by address."""

    host: str
    parent: str
    link: str
    places: Mapping[str, str] = field(default_factory=dict)

    def of(self, node: str, address: str = "") -> str:
        """A node of the drawing in words."""
        kind, dummy, name = node.partition(":")
        if f"{kind}:" == CONTAINER:
            return f"container {name}"
        if f"{kind}:" == HOST:
            return name
        known = {PARENT: self.parent, LINK: self.link, SWITCH: f"the switch port of {self.parent}"}
        return f"gateway {address}".strip() if kind == GATEWAY else known.get(node, node)

    def of_target(self, target: TargetData) -> str:
        return of_target(target, self.places, self.host)


@lru_cache(16384)
def natural(name: str) -> list[tuple[int, int, str]]:
    """A sort key by the numbers in a name: web2 before web10."""
    return [(0, int(part), "") if _is_number(part) else (1, 0, part) for part in re.split(r"([0-9]+)", name) if part]


def _is_number(part: str) -> bool:
    """Whether it is one that is read as such: int() refuses thousands of digits."""
    return part.isascii() and part.isdigit() and len(part) < 20
