# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The layout of boxes and lines in the drawing of one link. Pure.

From top to bottom: the switch with what is behind it, the parent, and below it the macvlan link of the host and the
containers. Lines to the switch run in lanes on the left, lines between parent, link and containers in lanes on the
right, so that none crosses a box, and each has room for its mark.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.report_data import (
    ReportContainer,
    ReportEdge,
    ReportLink,
)

from .text import clean, counted, short

WIDTH = 400
#: More containers than this are only counted; those with a broken line are drawn first.
CONTAINERS_DRAWN = 6

LAN_TOP, LAN_HEIGHT = 1, 44
HOST_TOP = 88
BOX_TOP, BOX_HEIGHT, BOX_GAP = 112, 42, 12
LANE, STUB, EDGE = 12, 26, 12
#: The average width of a character: of a name, which is bold, and of the lines below it.
BOLD, PLAIN = 7.4, 6.2

#: States of links that pass no frames.
BAD_STATES = ("down", "lowerlayerdown", "dormant", "notpresent", "missing", "no carrier")

OK, UNKNOWN, BROKEN = "ok", "unknown", "broken"
_CONTAINER = "container:"
_WORSE = {OK: 0, UNKNOWN: 1, BROKEN: 2}


@dataclass
class Box:
    """node: as in `from` and `to` of an edge. lines: name, then what else is known."""

    node: str
    kind: str
    lines: list[str]
    title: str
    x: float = 0
    y: float = 0
    width: float = 0
    height: float = BOX_HEIGHT
    #: whether the box itself is at fault: a parent without carrier, a missing link
    bad: bool = False


@dataclass
class Line:
    state: str
    title: str
    ends: tuple[str, ...]
    path: str = ""
    mark: tuple[float, float] = (0, 0)


@dataclass
class Drawing:
    height: float
    boxes: list[Box]
    lines: list[Line]
    host: str
    summary: str
    hidden: str
    width: int = WIDTH
    host_top: float = HOST_TOP
    lan_height: float = LAN_HEIGHT


def draw(host: str, link: ReportLink) -> Drawing:
    edges = link.get("edges") or []
    lan = _lan(link)
    parent = _parent(link)
    children, hidden = _children(link, edges)
    nodes = {box.node: box for box in [parent, *children]}
    outside, inside = _lines(edges, nodes)
    left = EDGE + STUB + LANE * len([line for line in outside if line.ends[0] != "parent"])
    right = EDGE + STUB + LANE * len(inside)
    lan.x, lan.y, lan.width, lan.height = 1, LAN_TOP, WIDTH - 2, LAN_HEIGHT
    for number, box in enumerate([parent, *children]):
        box.x, box.width = left, WIDTH - left - right
        box.y = BOX_TOP + number * (BOX_HEIGHT + BOX_GAP)
        sized = zip(box.lines, (BOLD, PLAIN), strict=False)
        box.lines = [short(text, int((box.width - 16) / size)) for text, size in sized]
    _route_outside(outside, nodes)
    _route_inside(inside, nodes)
    lines = sorted([*outside, *inside], key=lambda line: _WORSE[line.state])
    broken = [line.title for line in lines if line.state == BROKEN]
    return Drawing(
        height=BOX_TOP + (1 + len(children)) * (BOX_HEIGHT + BOX_GAP) + 2,
        boxes=[lan, parent, *children],
        lines=lines,
        host=short(f"{host}, {clean(link.get('network'))}", 48),
        summary="; ".join(broken) if broken else "no broken connection",
        hidden=hidden,
    )


def _lan(link: ReportLink) -> Box:
    gateways = clean(link.get("gateway")) or "none declared"
    return Box(
        "switch", "lan", ["switch / LAN", short(f"gateway {gateways}", 58)], f"switch and LAN, gateway {gateways}"
    )


def _parent(link: ReportLink) -> Box:
    name, mac, state = clean(link.get("parent")) or "?", clean(link.get("parent_mac")), clean(link.get("parent_state"))
    bad = state.lower() in BAD_STATES
    shown = state.upper() if bad else state
    lines = [f"{name} parent{f', {shown}' if shown else ''}", mac]
    return Box("parent", "parent", lines, f"parent {name} {mac} {state}".strip(), bad=bad)


def _children(link: ReportLink, edges: Sequence[ReportEdge]) -> tuple[list[Box], str]:
    name, mac = clean(link.get("link")), clean(link.get("link_mac"))
    if name:
        addresses, mode, state = clean(link.get("addresses")), clean(link.get("mode")), clean(link.get("link_state"))
        bad = state.lower() in BAD_STATES
        shown = state.upper() if bad else mode
        # each link has a link-local address of its own; those of the declaration matter
        given = [item for item in link.get("addresses") or [] if not str(item).lower().startswith("fe80:")]
        lines = [f"{name} link{f', {shown}' if shown else ''}", clean(given) or ("" if bad else "no address")]
        boxes = [Box("link", "link", lines, f"macvlan link {name} {mac} {addresses} {mode} {state}".strip(), bad=bad)]
    else:
        boxes = [
            Box("link", "none", ["no macvlan link on the host", clean(link.get("network"))], "no link on the host")
        ]
    containers = [*(link.get("containers") or []), *_absent(link, edges)]
    touched = {end for edge in edges if edge.get("state") == BROKEN for end in _ends(edge)}
    # sorted() keeps the order of equals
    first = sorted(containers, key=lambda item: _container_node(item) not in touched)
    drawn = [_container(item) for item in first[:CONTAINERS_DRAWN]]
    more = len(containers) - len(drawn)
    return boxes + drawn, f"and {counted(more, 'more container')}" if more > 0 else ""


def _absent(link: ReportLink, edges: Iterable[ReportEdge]) -> list[ReportContainer]:
    """Containers that were probed, and not found."""
    known = {_container_node(item) for item in link.get("containers") or []}
    asked = [edge for edge in edges if edge.get("state") in (OK, BROKEN)]
    ends = dict.fromkeys(end for edge in asked for end in _ends(edge))
    names = [end[len(_CONTAINER) :] for end in ends if end.startswith(_CONTAINER) and end not in known]
    return [ReportContainer(namespace=name, link="", mac="", mode="", addresses=[], absent=True) for name in names]


def _ends(edge: ReportEdge) -> tuple[str, str]:
    return str(edge.get("from")), str(edge.get("to"))


def _container_node(container: ReportContainer) -> str:
    return f"{_CONTAINER}{container.get('namespace')}"


def _container(container: ReportContainer) -> Box:
    name, mac = clean(container.get("namespace")) or "?", clean(container.get("mac"))
    if container.get("absent"):
        return Box(
            _container_node(container), "none", [name, "no such container found"], f"container {name}, not found"
        )
    addresses = clean(container.get("addresses"))
    title = f"container {name} {clean(container.get('link'))} {mac} {addresses}"
    return Box(_container_node(container), "container", [name, addresses or mac], title)


def _lines(edges: Iterable[ReportEdge], nodes: Mapping[str, Box]) -> tuple[list[Line], list[Line]]:
    """Lines to the switch, and lines inside the host. Both directions between two boxes are one line, the worse one."""
    outside: dict[tuple[str, ...], Line] = {}
    inside: dict[tuple[str, ...], Line] = {}
    order = list(nodes)
    for edge in edges:
        state = edge.get("state", "")
        state = state if state in _WORSE else UNKNOWN
        ends = _ends(edge)
        known = [end for end in ends if end in nodes]
        # a container that is not drawn
        if not known or any(end.startswith(_CONTAINER) and end not in nodes for end in ends) or ends[0] == ends[1]:
            continue
        title = f"{clean(ends[0])} to {clean(ends[1])}: {state}"
        if len(known) == 2:
            key: tuple[str, ...] = tuple(sorted(known, key=order.index))
            _merge(inside, key, Line(state, title, key))
        else:
            other = next(end for end in ends if end not in nodes)
            _merge(outside, (known[0], other), Line(state, title, (known[0],)))
    return list(outside.values()), list(inside.values())


def _merge(found: dict[tuple[str, ...], Line], key: tuple[str, ...], line: Line) -> None:
    known = found.get(key)
    if known is None:
        found[key] = line
        return
    known.title = f"{known.title}; {line.title}"
    known.state = max(known.state, line.state, key=_WORSE.__getitem__)


def _ports(box: Box, count: int) -> list[float]:
    return [box.y + box.height * (number + 1) / (count + 1) for number in range(count)]


def _route_outside(lines: Sequence[Line], nodes: Mapping[str, Box]) -> None:
    """Up to the switch: from the parent straight, from the children in lanes on the left, the lowest outermost."""
    bottom = LAN_TOP + LAN_HEIGHT
    for node, box in nodes.items():
        own = [line for line in lines if line.ends[0] == node]
        if node == "parent":
            for number, line in enumerate(own):
                x = box.x + 24 + 22 * number
                line.path, line.mark = f"M{x:g} {box.y:g}V{bottom}", (x, (HOST_TOP + bottom) / 2)
    lowest_first = sorted((line for line in lines if line.ends[0] != "parent"), key=lambda line: -nodes[line.ends[0]].y)
    ports = {}
    for node, box in nodes.items():
        ports[node] = iter(reversed(_ports(box, len([1 for line in lines if line.ends[0] == node]))))
    for number, line in enumerate(lowest_first):
        box, x = nodes[line.ends[0]], EDGE + LANE * number
        y = next(ports[line.ends[0]])
        line.path, line.mark = f"M{box.x:g} {y:g}H{x:g}V{bottom}", (box.x - STUB / 2, y)


def _route_inside(lines: list[Line], nodes: Mapping[str, Box]) -> None:
    """Down on the right: the line to the lowest box is the outermost, and leaves the upper box highest."""
    outermost_first = sorted(lines, key=lambda line: (-nodes[line.ends[1]].y, nodes[line.ends[0]].y))
    stops, starts = {}, {}
    for node, box in nodes.items():
        ending = len([1 for line in lines if line.ends[1] == node])
        ports = _ports(box, ending + len([1 for line in lines if line.ends[0] == node]))
        stops[node], starts[node] = iter(reversed(ports[:ending])), iter(ports[ending:])
    for number, line in enumerate(outermost_first):
        upper = nodes[line.ends[0]]
        x = WIDTH - EDGE - LANE * number
        start, stop = next(starts[line.ends[0]]), next(stops[line.ends[1]])
        right = upper.x + upper.width
        line.path, line.mark = f"M{right:g} {start:g}H{x:g}V{stop:g}H{right:g}", (right + STUB / 2, stop)
