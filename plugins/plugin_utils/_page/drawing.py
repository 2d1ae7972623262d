# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The layout of boxes and lines in the drawing of one link. Pure.

From top to bottom: other machines that have a part in it, the switch with what is behind it, the parent, and below it
the macvlan link of the host and the containers. Lines to the switch run in lanes on the left, lines between parent,
link and containers in lanes on the right, so that none crosses a box, and each has room for its mark. Where packets
vanish, the mark has an arrow in their direction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.lost import BROKEN, OK, UNKNOWN
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.names import (
    CONTAINER,
    GATEWAY,
    HOST,
    LINK,
    PARENT,
    SWITCH,
    natural,
)
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.report_data import (
    AccountData,
    ReportContainer,
    ReportEdge,
    ReportLink,
)

from .text import clean, counted, short

WIDTH = 400
#: More containers than this are only counted; those with a broken line are drawn first.
CONTAINERS_DRAWN = 6
#: So many other machines are drawn, and so many places where packets vanish are written below.
MACHINES_DRAWN, PLACES_WRITTEN = 3, 4

#: From the top of the switch's box.
HOST_TOP, BOX_TOP = 87, 111
LAN_TOP, LAN_HEIGHT = 1, 44
BOX_HEIGHT, BOX_GAP = 42, 12
LANE, STUB, EDGE = 12, 26, 12
#: The average width of a character: of a name, which is bold, and of the lines below it.
BOLD, PLAIN = 7.4, 6.2

#: States of links that pass no frames.
BAD_STATES = ("down", "lowerlayerdown", "dormant", "notpresent", "missing", "no carrier")

#: What both directions between two boxes come to: one that is lost is more than one that answers.
_WORSE = {UNKNOWN: 0, OK: 1, BROKEN: 2}
_WORDS = {UNKNOWN: "not known", OK: "answered", BROKEN: "lost"}
#: The directions on the page, in degrees clockwise.
RIGHT, DOWN, LEFT, UP = 0, 90, 180, 270


@dataclass(frozen=True)
class Machine:
    """Another machine that has a part in a fault: it has an address or a MAC address, or drops what it is sent."""

    node: str
    name: str
    detail: str
    title: str


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
    """ends: the boxes of the host that it is between; one for a line to the switch. targets: ids in the timeline.

    vanish: from and to where packets vanish on it, as nodes; arrow: their direction on the page, None where unknown.
    """

    state: str
    title: str
    ends: tuple[str, ...]
    targets: list[str] = field(default_factory=list)
    path: str = ""
    mark: tuple[float, float] = (0, 0)
    vanish: tuple[str, str] | None = None
    arrow: int | None = None


@dataclass
class Drawing:
    height: float
    boxes: list[Box]
    lines: list[Line]
    host: str
    summary: str
    hidden: str
    #: where packets vanish, in words
    places: list[str]
    width: int = WIDTH
    host_top: float = HOST_TOP
    lan_height: float = LAN_HEIGHT


def draw(
    host: str, link: ReportLink, accounts: Sequence[AccountData] = (), machines: Sequence[Machine] = ()
) -> Drawing:
    """accounts: of the lost targets of its network. machines: others that causes name."""
    edges = link.get("edges") or []
    others = _machines(accounts, machines)
    top = LAN_TOP + (BOX_HEIGHT + STUB if others else 0)
    lan = _lan(link)
    parent = _parent(link)
    children, hidden = _children(link, edges)
    nodes = {box.node: box for box in [parent, *children]}
    outside, inside = _lines(edges, nodes)
    beyond = [Line("claim", box.title, (box.node,)) for box in others]
    _vanishing(accounts, nodes, outside, inside, beyond)
    # Each lane takes from the width of the boxes: what works for containers is not drawn.
    outside = [line for line in outside if line.state == BROKEN or not line.ends[0].startswith(CONTAINER)]
    left = EDGE + STUB + LANE * len([line for line in outside if line.ends[0] != PARENT])
    right = EDGE + STUB + LANE * len(inside)
    lan.x, lan.y, lan.width, lan.height = 1, top, WIDTH - 2, LAN_HEIGHT
    host_top = top + HOST_TOP
    for number, box in enumerate([parent, *children]):
        box.x, box.width = left, WIDTH - left - right
        box.y = top + BOX_TOP + number * (BOX_HEIGHT + BOX_GAP)
    for number, box in enumerate(others):
        box.width = (WIDTH - 2 - BOX_GAP * (len(others) - 1)) / len(others)
        box.x, box.y = 1 + number * (box.width + BOX_GAP), LAN_TOP
    for box in [parent, *children, *others]:
        sized = zip(box.lines, (BOLD, PLAIN), strict=False)
        box.lines = [short(text, int((box.width - 16) / size)) for text, size in sized]
    _route_outside(outside, nodes, top + LAN_HEIGHT, host_top)
    _route_inside(inside, nodes)
    for line, box in zip(beyond, others, strict=True):
        x = box.x + box.width / 2
        line.path, line.mark = f"M{x:g} {box.y + box.height:g}V{top:g}", (x, top - STUB / 2)
        line.arrow = _arrow(line, DOWN)
    lines = sorted([*beyond, *outside, *inside], key=lambda line: _WORSE.get(line.state, 0))
    broken = [line.title for line in lines if line.state == BROKEN]
    return Drawing(
        height=top + BOX_TOP + (1 + len(children)) * (BOX_HEIGHT + BOX_GAP) + 2,
        boxes=[*others, lan, parent, *children],
        lines=lines,
        host=short(f"{host}, {clean(link.get('network'))}", 48),
        summary="; ".join(broken) if broken else "no broken connection",
        hidden=hidden,
        places=_places(accounts),
        host_top=host_top,
    )


def _machines(accounts: Iterable[AccountData], machines: Iterable[Machine]) -> list[Box]:
    """A box for each other machine: those that causes name, and hosts at the edges where something is lost."""
    found = {item.node: Box(item.node, "machine", [item.name, item.detail], item.title) for item in machines}
    for account in accounts:
        for node in account["edge"]:
            if node.startswith(HOST):
                name = clean(node[len(HOST) :])
                title = f"{name}: {clean(account['name'])} is lost there"
                found.setdefault(node, Box(node, "machine", [name, "another host of the fleet"], title))
    return list(found.values())[:MACHINES_DRAWN]


def _places(accounts: Iterable[AccountData]) -> list[str]:
    """Where packets vanish, in words, each once."""
    texts = dict.fromkeys(_place(account) for account in accounts if _followed(account))
    more = len(texts) - PLACES_WRITTEN
    return [*list(texts)[:PLACES_WRITTEN], *([f"and in {counted(more, 'other place')}"] if more > 0 else [])]


def _place(account: AccountData) -> str:
    what = "packets" if account["direction"] == "unknown" else f"{clean(account['direction'])}s"
    return f"{what} vanish {clean(account['edge_text'])}"


def _followed(account: AccountData) -> bool:
    """Whether it is known where packets vanish, or no cause says why: a line that is lost says the rest."""
    return account["direction"] != "unknown" or not account["explained_by"]


def _vanishing(
    accounts: Iterable[AccountData],
    nodes: Mapping[str, Box],
    outside: list[Line],
    inside: list[Line],
    beyond: list[Line],
) -> None:
    """Mark the lines on which packets vanish. Between boxes without a line of a target it is a line of its own."""
    for account in accounts:
        if not _followed(account):
            continue
        start, end = (SWITCH if node == GATEWAY else node for node in account["edge"])
        known = sorted((node for node in (start, end) if node in nodes), key=list(nodes).index)
        other = next((node for node in (start, end) if node not in nodes), "")
        if start == end and start in nodes:
            nodes[start].bad = True
            continue
        if len(known) == 2:
            lines, ends = inside, tuple(known)
        elif len(known) == 1 and other == SWITCH:
            lines, ends = outside, (known[0],)
        else:
            lines, ends = beyond, tuple(node for node in (start, end) if node.startswith(HOST))
        line = next((item for item in lines if item.ends == ends), None)
        if line is None:
            if lines is beyond:
                continue
            line = Line(BROKEN, "", ends)
            lines.append(line)
        line.state = BROKEN
        line.title = "; ".join(filter(None, dict.fromkeys([line.title, _place(account)])))
        line.vanish = (start, end) if account["direction"] != "unknown" else line.vanish


def _arrow(line: Line, outwards: int) -> int | None:
    """The direction of the packets that vanish on a line. outwards: that from its first box."""
    if line.vanish is None:
        return None
    return outwards if line.vanish[0] == line.ends[0] else (outwards + 180) % 360


def _lan(link: ReportLink) -> Box:
    gateways = clean(link.get("gateway")) or "none declared"
    return Box(
        "switch", "lan", ["switch / LAN", short(f"gateway {gateways}", 58)], f"switch and LAN, gateway {gateways}"
    )


def _parent(link: ReportLink) -> Box:
    name, mac, state = clean(link.get("parent")) or "?", clean(link.get("parent_mac")), clean(link.get("parent_state"))
    bad = state.lower() in BAD_STATES
    shown = state.upper() if bad else state
    downs = _downs(link.get("parent_downs"))
    lines = [f"{name} parent{f', {shown}' if shown else ''}{downs}", mac]
    return Box(PARENT, "parent", lines, f"parent {name} {mac} {state}{downs}".strip(), bad=bad)


def _downs(times: int | None) -> str:
    """``, was down 2x``"""
    return f", was down {times}x" if times else ""


def _children(link: ReportLink, edges: Sequence[ReportEdge]) -> tuple[list[Box], str]:
    name, mac = clean(link.get("link")), clean(link.get("link_mac"))
    if name:
        addresses, mode, state = clean(link.get("addresses")), clean(link.get("mode")), clean(link.get("link_state"))
        bad = state.lower() in BAD_STATES
        shown = state.upper() if bad else mode
        # each link has a link-local address of its own; those of the declaration matter
        given = [item for item in link.get("addresses") or [] if not str(item).lower().startswith("fe80:")]
        downs = _downs(link.get("link_downs"))
        lines = [f"{name} link{f', {shown}' if shown else ''}{downs}", clean(given) or ("" if bad else "no address")]
        title = f"macvlan link {name} {mac} {addresses} {mode} {state}{downs}".strip()
        boxes = [Box(LINK, "link", lines, title, bad=bad)]
    else:
        boxes = [Box(LINK, "none", ["no macvlan link on the host", clean(link.get("network"))], "no link on the host")]
    containers = [*(link.get("containers") or []), *_absent(link, edges)]
    touched = {end for edge in edges if edge.get("state") == BROKEN for end in _ends(edge)}
    first = sorted(
        containers, key=lambda item: (_container_node(item) not in touched, natural(str(item.get("namespace"))))
    )
    drawn = [_container(item) for item in first[:CONTAINERS_DRAWN]]
    lost = len([item for item in first[CONTAINERS_DRAWN:] if _container_node(item) in touched])
    more, of_them = len(containers) - len(drawn), f", {lost} of them with something lost" if lost else ""
    return boxes + drawn, f"and {counted(more, 'more container')}{of_them}" if more > 0 else ""


def _absent(link: ReportLink, edges: Iterable[ReportEdge]) -> list[ReportContainer]:
    """Containers that were probed, and not found."""
    known = {_container_node(item) for item in link.get("containers") or []}
    asked = [edge for edge in edges if edge.get("state") in (OK, BROKEN)]
    ends = dict.fromkeys(end for edge in asked for end in _ends(edge))
    names = [end[len(CONTAINER) :] for end in ends if end.startswith(CONTAINER) and end not in known]
    return [ReportContainer(namespace=name, link="", mac="", mode="", addresses=[], absent=True) for name in names]


def _ends(edge: ReportEdge) -> tuple[str, str]:
    return str(edge.get("from")), str(edge.get("to"))


def _container_node(container: ReportContainer) -> str:
    return f"{CONTAINER}{container.get('namespace')}"


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
        if not known or any(end.startswith(CONTAINER) and end not in nodes for end in ends) or ends[0] == ends[1]:
            continue
        title = f"{_called(ends[0], nodes)} to {_called(ends[1], nodes)}: {_WORDS[state]}"
        targets = [edge.get("target_id") or ""]
        if len(known) == 2:
            key: tuple[str, ...] = tuple(sorted(known, key=order.index))
            _merge(inside, key, Line(state, title, key, targets))
        else:
            other = next(end for end in ends if end not in nodes)
            _merge(outside, (known[0], other), Line(state, title, (known[0],), targets))
    return list(outside.values()), list(inside.values())


def _called(node: str, nodes: Mapping[str, Box]) -> str:
    """``eth0`` for the parent of that name."""
    if node in nodes and node in (PARENT, LINK) and nodes[node].kind != "none":
        return nodes[node].lines[0].split(" ", maxsplit=1)[0]
    return clean(node.removeprefix(CONTAINER))


def _merge(found: dict[tuple[str, ...], Line], key: tuple[str, ...], line: Line) -> None:
    known = found.get(key)
    if known is None:
        found[key] = line
        return
    known.title = "; ".join(dict.fromkeys([known.title, line.title]))
    known.targets += line.targets
    known.state = max(known.state, line.state, key=_WORSE.__getitem__)


def _ports(box: Box, count: int) -> list[float]:
    return [box.y + box.height * (number + 1) / (count + 1) for number in range(count)]


def _route_outside(lines: Sequence[Line], nodes: Mapping[str, Box], bottom: float, host_top: float) -> None:
    """Up to the switch: from the parent straight, from the children in lanes on the left, the lowest outermost.

    bottom: of the switch's box. host_top: of the host's frame.
    """
    for node, box in nodes.items():
        own = [line for line in lines if line.ends[0] == node]
        if node == PARENT:
            for number, line in enumerate(own):
                x = box.x + 24 + 22 * number
                line.path, line.mark = f"M{x:g} {box.y:g}V{bottom:g}", (x, (host_top + bottom) / 2)
                line.arrow = _arrow(line, UP)
    lowest_first = sorted((line for line in lines if line.ends[0] != PARENT), key=lambda line: -nodes[line.ends[0]].y)
    ports = {}
    for node, box in nodes.items():
        ports[node] = iter(reversed(_ports(box, len([1 for line in lines if line.ends[0] == node]))))
    for number, line in enumerate(lowest_first):
        box, x = nodes[line.ends[0]], EDGE + LANE * number
        y = next(ports[line.ends[0]])
        line.path, line.mark = f"M{box.x:g} {y:g}H{x:g}V{bottom:g}", (box.x - STUB / 2, y)
        line.arrow = _arrow(line, LEFT)


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
        # the mark is where the line enters the lower box
        line.arrow = _arrow(line, LEFT)
