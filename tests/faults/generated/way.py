# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a target of the watch loses its packets, derived from what a harm cuts; and what an account says of it. Pure.

A target's way is a row of points from who asks to who has the address. A harm cuts edges of it, each in one direction.
A request is lost on the first edge that is cut in its direction. Where none is, the answer is lost on the first edge
that is cut in the other direction. A host sees its own points and, where the other host is in the fleet and watched,
that one's; what is between the parents, or behind the parent on the way to the gateway, is one edge for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.kinds import (
    CONTAINER_TO_GATEWAY,
    CONTAINER_TO_HOST,
    ECHO,
    GATEWAY_FROM_LINK,
    GATEWAY_FROM_PARENT,
    HOST_TO_CONTAINER,
)
from tests.faults.lab import FLEET

from .lab import six
from .terms import (
    CONTAINER,
    ECHO_REPLIES,
    ECHO_REQUESTS,
    FIRST_CONTAINER,
    GATEWAY,
    HOST,
    INSIDE,
    LINK,
    LINK_MACS,
    NETWORK,
    PARENT,
    Cut,
    Part,
)

REQUEST, ANSWER, UNKNOWN = "request", "answer", "unknown"


@dataclass(frozen=True)
class Point:
    """host: empty for what is no host's. number: of a container, from 1 on."""

    what: str
    host: str = ""
    number: int = 0


@dataclass(frozen=True)
class Lost:
    """edge: whatever the direction. directions: each is right."""

    edge: frozenset[Point]
    directions: frozenset[str]


Target = Mapping[str, Any]
Way = list[Point]
_NOWHERE = Point(NETWORK)


def way(host: str, target: Target) -> Way:
    """The points that a request passes; empty where that is not known."""
    own = [Point(HOST, host), Point(LINK, host), Point(PARENT, host)]
    behind = [_NOWHERE, Point(GATEWAY)]
    kind = target["kind"]
    if kind in (GATEWAY_FROM_PARENT, GATEWAY_FROM_LINK):
        return [*(own if kind == GATEWAY_FROM_LINK else (own[0], own[2])), *behind]
    if kind in (CONTAINER_TO_HOST, CONTAINER_TO_GATEWAY):
        # others come and go beside those of the fleet
        number = re.search(r"-c([0-9]+)$", target["from"]["namespace"])
        ahead = [own[2], *behind] if kind == CONTAINER_TO_GATEWAY else own[::-1]
        return [*reversed(_inside(host, int(number[1]))), *ahead] if number else []
    holder = _holder(target["target"])
    if holder is None:
        return []
    there = _inside(*holder)
    if holder[0] == host:
        return [*own, *there]
    return [own[0], own[2], _NOWHERE, Point(PARENT, holder[0]), *there] if kind != HOST_TO_CONTAINER else []


def _inside(host: str, number: int) -> Way:
    return [Point(CONTAINER, host, number), Point(INSIDE, host, number)]


def _holder(address: str) -> tuple[str, int] | None:
    """The host and number of the container that has an address."""
    for host, declared in FLEET.items():
        for number, four in enumerate(declared.containers, 1):
            if address in (four, six(four)):
                return host, number
    return None


def lost(host: str, target: Target, part: Part) -> list[Lost]:
    """Where a part loses packets of a target: each is right; empty where it touches none of them."""
    there = way(host, target)
    found = (_first(cuts, there, target, part) for cuts in (part.harm.cuts, part.harm.or_cuts))
    return [item for item in found if item is not None]


def _first(cuts: tuple[Cut, ...], there: Way, target: Target, part: Part) -> Lost | None:
    for direction, points in ((REQUEST, there), (ANSWER, there[::-1])):
        for edge in pairwise(points):
            if any(_is_at(cut, edge, part) and _concerns(cut, part, target, direction, points) for cut in cuts):
                # a host cannot know whether the gateway has got a request
                behind = there[-1] == Point(GATEWAY)
                return Lost(frozenset(_seen(edge, there)), frozenset({direction, UNKNOWN} if behind else {direction}))
    return None


def _is_at(cut: Cut, edge: tuple[Point, Point], part: Part) -> bool:
    return all(
        point.what == name and point.host in ("", part.host) and point.number in (0, 1)
        for point, name in zip(edge, (cut.start, cut.end), strict=True)
    )


def _concerns(cut: Cut, part: Part, target: Target, direction: str, points: Way) -> bool:
    """points: in the packet's direction."""
    if cut.only == FIRST_CONTAINER:
        return Point(INSIDE, part.host, 1) in points
    if cut.only == LINK_MACS:
        return points[1].what in (LINK, CONTAINER)
    way = {ECHO_REQUESTS: REQUEST, ECHO_REPLIES: ANSWER}.get(cut.only)
    return way is None or (direction == way and target["method"] == ECHO)


def _seen(edge: tuple[Point, Point], there: Way) -> Iterator[Point]:
    """An edge as far as hosts can distinguish it."""
    if not {Point(GATEWAY), _NOWHERE} & set(edge):
        yield from edge
        return
    parents = [point for point in there if point.what == PARENT]
    yield from parents
    if len(parents) == 1:
        yield _NOWHERE


_BETWEEN = re.compile(r"between (.+?) and (.+)")


def said(host: str, text: str) -> frozenset[Point]:
    """The edge that an account names, as points; empty where it names none."""
    match = _BETWEEN.search(text)
    return frozenset(_point(name, host) for name in match.groups()) if match else frozenset()


def _point(name: str, host: str) -> Point:
    if re.match(r"the network|gateway|the switch port", name):
        return _NOWHERE
    what, dummy, where = name.partition(" of ")
    inside = re.fullmatch(r"container \S+-(\w+)-c(\d+) itself", name)
    if inside:
        return Point(INSIDE, inside[1], int(inside[2]))
    container = re.match(r"(?:container )?\S+-(\w+)-c(\d+)", what)
    if container:
        return Point(CONTAINER, container[1], int(container[2]))
    if what.endswith(" itself"):
        return Point(HOST, what.removesuffix(" itself"))
    return Point({"lan0": LINK, "eth0": PARENT}.get(what, what), where or host)
