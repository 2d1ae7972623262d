# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws the import graph of plugins/ as one SVG: rooms as boxes on their floors, imports as lines.

It shows nothing that changes with every edit, such as numbers of lines. It brings no font, so text is laid out for wide
ones; its background makes it legible on dark pages too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from itertools import pairwise

import graphs
from architecture import ON_HOSTS, Architecture, Room, block_of
from layers import Layout, Node, layout, spread

MARGIN = 20
#: The strip on the left of a zone with its name, and the space between a zone and its boxes.
STRIP, PAD = 44, 22
LEFT = MARGIN + STRIP + PAD
BOX, BEND, GAP = 252, 8, 24
CONTENT = 3 * BOX + 6 * BEND + 8 * GAP
HEAD, ROWS, ZONES = 168, 44, 26
#: Sizes of text, the distance of two lines, and what a line of monospaced text is wide for each of its letters.
TITLE, SMALL, LINE, MONO_WIDTH = 16, 13.5, 18, 0.61
PORT = 14
SANS = "-apple-system, 'Segoe UI', 'Noto Sans', Helvetica, Arial, sans-serif"
MONO = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
CHIP = 12
INK, FAINT, PAPER, TINT, RIM, CYCLE = "#1f2733", "#59636f", "#ffffff", "#f6f8fa", "#d0d7de", "#cf222e"


@dataclass(frozen=True)
class Wing:
    """Its colours (box, line), where it stands from 0 (left) to 1 (right), and what the legend says."""

    fill: str
    line: str
    home: float
    says: str


WINGS = {
    "controller": Wing("#fdeee4", "#b4531a", 0.5, "sees the whole inventory"),
    "modules": Wing("#fdf5d8", "#8a6500", 0.5, "what tasks run on a host"),
    "evidence": Wing("#f1eafc", "#6f42b5", 0.5, "where both wings meet"),
    "configure": Wing("#e5effd", "#1f5fbf", 0.12, "makes a host as declared"),
    "observe": Wing("#e3f5e9", "#1d7a3e", 0.88, "asks, listens, changes nothing"),
    "base": Wing("#edf0f4", "#5a6675", 0.5, "what all others stand on"),
}
#: What the strips of the zones say: on the controller, on hosts.
STRIPS = {False: ("controller", "Python 3.11"), True: ("hosts, and the controller", "Python 3.8")}


@dataclass(frozen=True)
class Box:
    """A block as it is drawn: x is its middle, y its upper edge."""

    room: Room
    chip: str
    text: list[str]
    x: float
    y: float
    height: float

    @property
    def wing(self) -> Wing:
        return WINGS[self.room.wing or "base"]

    @property
    def bottom(self) -> float:
        return self.y + self.height


@dataclass(frozen=True)
class Sheet:
    """Everything that is drawn, with its place."""

    placed: Layout
    boxes: dict[str, Box]
    #: upper and lower edge of each row, and of each zone
    rows: list[tuple[float, float]]
    zones: dict[bool, tuple[float, float]]
    cycles: list[tuple[str, str]]
    #: all imports between blocks
    imports: int

    @property
    def width(self) -> float:
        return LEFT + self.placed.width + PAD + MARGIN

    @property
    def height(self) -> float:
        return max(below for _above, below in self.zones.values()) + 56


# -- what is drawn, and where -----------------------------------------------------------------------------------------


def sheet(found: Architecture) -> Sheet:
    rows = _rows(found)
    level = {name: row for row, names in enumerate(rows) for name in names}
    edges = [(source, target) for source, targets in graphs.reduced(found.graph).items() for target in targets]
    nodes = {name: Node(BOX, WINGS[found.rooms[name].wing or "base"].home) for name in level}
    downwards = [(source, target) for source, target in edges if level[source] < level[target]]
    placed = layout(rows, downwards, nodes, width=CONTENT, gap=GAP, bend=BEND)

    boxes: dict[str, Box] = {}
    bands, zones, y = [], {}, float(HEAD)
    for row in rows:
        on_hosts = found.rooms[row[0]].folder in ON_HOSTS
        if on_hosts not in zones:
            y += (ZONES + PAD - ROWS + PAD if zones else 0) + PAD
        texts = {name: _wrapped(found.rooms[name].does, BOX - 24) for name in row}
        height = 36 + LINE * max(len(text) for text in texts.values())
        for name in row:
            x = placed.x[name] + LEFT
            boxes[name] = Box(found.rooms[name], _chip(found, name), texts[name], x, y, height)
        bands.append((y, y + height))
        zones[on_hosts] = (zones.get(on_hosts, (y - PAD, 0))[0], y + height + PAD)
        y += height + ROWS
    cycles = [(source, target) for source, target in edges if level[source] >= level[target]]
    return Sheet(placed, boxes, bands, zones, cycles, len(found.block_edges))


def _rows(found: Architecture) -> list[list[str]]:
    """From top to bottom: the floors of what the controller has for itself, then those of what hosts run."""
    hosts = {name for name in found.graph if found.rooms[name].folder in ON_HOSTS}
    upper = _floors(found, set(found.graph) - hosts, level=True)
    return [*reversed(upper), *reversed(_floors(found, hosts, level=False))]


def _floors(found: Architecture, names: set[str], *, level: bool) -> list[list[str]]:
    """From the lowest to the highest; with `level`, as equally long as what imports what allows."""
    part = {name: [target for target in found.graph[name] if target in names] for name in sorted(names)}
    floors = graphs.floors(part)
    rows: list[list[str]] = [[] for _floor in range(max(floors.values(), default=-1) + 1)]
    # users first, and what can stand on one floor only before what has a choice
    highest: dict[str, int] = {}
    for name in sorted(part, key=lambda name: (-floors[name], name)):
        users = [other for other, targets in part.items() if name in targets and floors[other] > floors[name]]
        free = level and name not in graphs.reachable(part, name)
        highest[name] = min((highest[user] for user in users), default=len(rows)) - 1 if free else floors[name]
    for name in sorted(part, key=lambda name: (highest[name] > floors[name], -floors[name], name)):
        users = [index for index, row in enumerate(rows) for other in row if name in part[other]]
        allowed = range(floors[name], min([highest[name] + 1, *(index for index in users if index > floors[name])]))
        # what nobody imports stands at the top
        chosen = max(allowed, key=lambda floor: (-len(rows[floor]), floor)) if users else highest[name]
        rows[chosen].append(name)
    return [sorted(row) for row in rows]


def _chip(found: Architecture, name: str) -> str:
    """The nested rooms; their number where the names have no room beside the title."""
    nested = [room.short.partition("/")[2] for room in found.rooms.values() if room.name != block_of(room.name) == name]
    names = " ".join(f"{short}/" for short in nested)
    free = BOX - 36 - len(_title(found.rooms[name])) * TITLE * MONO_WIDTH
    return names if len(names) * CHIP * MONO_WIDTH < free else f"+{len(nested)}"


def _title(room: Room) -> str:
    """Folders as such, loose files as files."""
    loose = [file.path for file in room.files if file.path == f"{room.name}.py"]
    return f"{room.short}.py" if loose else f"{room.short}/"


def _wrapped(text: str, width: float) -> list[str]:
    lines: list[str] = []
    for word in text.split():
        if lines and text_width(f"{lines[-1]} {word}") <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines or [""]


def text_width(text: str) -> float:
    """How wide a line is in a wide font such as DejaVu Sans."""
    percent = [36 if c in " fijlrt.,:;'()/-" else 92 if c in "mwMW" else 70 if c.isupper() else 62 for c in text]
    return SMALL * sum(percent) / 100


# -- SVG --------------------------------------------------------------------------------------------------------------


def draw(found: Architecture) -> str:
    drawn = sheet(found)
    parts = [
        *_head(drawn),
        *(line for on_hosts in drawn.zones for line in _zone(drawn, on_hosts)),
        *_lines(drawn),
        *(_cycle(drawn.boxes[source], drawn.boxes[target]) for source, target in drawn.cycles),
        *(line for box in drawn.boxes.values() for line in _box(box)),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _head(drawn: Sheet) -> Iterator[str]:
    width, height = _n(drawn.width), _n(drawn.height)
    yield f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    yield f'     font-family="{SANS}" fill="{INK}" role="img" aria-labelledby="title desc">'
    yield "<!-- written by `make docs` from the imports in plugins/ -->"
    yield '<title id="title">The architecture of linuxnet.macvlan</title>'
    yield '<desc id="desc">The rooms of plugins/ on their floors, and the imports between them.</desc>'
    yield _rect(0.5, 0.5, drawn.width - 1, drawn.height - 1, PAPER, RIM)
    x = MARGIN + 4
    yield _text(x, 44, "The architecture of linuxnet.macvlan", 23, bold=True)
    yield _text(
        x, 72, "Each box is a room: a folder or file of plugins/. An arrow leads to a room that is imported.", 14.5
    )
    for index, (name, wing) in enumerate(WINGS.items()):
        left, y = x + index % 3 * 350, 92 + index // 3 * 28
        yield _rect(left, y, 24, 17, wing.fill, wing.line, 4)
        yield (
            f'<text x="{_n(left + 34)}" y="{y + 14}" font-size="14">'
            f'<tspan font-weight="600">{name}</tspan>: {escape(wing.says)}</text>'
        )
    caption = (
        f"{len(drawn.placed.routes) + len(drawn.cycles)} of {drawn.imports} imports between rooms, after transitive "
        "reduction: an arrow is left out where others lead to the same room through a third one."
    )
    yield _text(x, drawn.height - 24, caption, SMALL, FAINT)


def _zone(drawn: Sheet, on_hosts: bool) -> Iterator[str]:
    above, below = drawn.zones[on_hosts]
    yield _rect(MARGIN, above, drawn.width - 2 * MARGIN, below - above, TINT, RIM)
    name, python = STRIPS[on_hosts]
    yield (
        f'<text transform="translate({MARGIN + 28} {_n((above + below) / 2)}) rotate(-90)" text-anchor="middle" '
        f'font-size="15" fill="{FAINT}"><tspan font-weight="600">{name}</tspan> &#183; {python}</text>'
    )


def _lines(drawn: Sheet) -> Iterator[str]:
    """Each route as one line: straight past the boxes of a row, and bent only between two rows."""
    level = {name: row for row, names in enumerate(drawn.placed.rows) for name in names}
    leaves, arrives = _ports(drawn)
    halos: dict[str, list[str]] = {name: [] for name in drawn.boxes}
    lines: dict[str, list[str]] = {name: [] for name in drawn.boxes}
    for (source, target), route in drawn.placed.routes.items():
        color = drawn.boxes[source].wing.line
        path = f"M{_n(LEFT + leaves[source, target])} {_n(drawn.rows[level[source]][1])}"
        for upper, lower in pairwise(route):
            end = arrives[source, target] if lower == target else drawn.placed.x[lower]
            start = leaves[source, target] if upper == source else drawn.placed.x[upper]
            y, below = drawn.rows[level[upper]][1], drawn.rows[level[lower]][0] - (7 if lower == target else 0)
            middle = (y + below) / 2
            path += f" C{_n(LEFT + start)} {_n(middle)} {_n(LEFT + end)} {_n(middle)} {_n(LEFT + end)} {_n(below)}"
            if lower != target:
                path += f" V{_n(drawn.rows[level[lower]][1])}"
        x, y = LEFT + arrives[source, target], drawn.rows[level[target]][0]
        halos[target].append(f'<path d="{path}" fill="none" stroke="{TINT}" stroke-width="6"/>')
        lines[target].append(f'<path d="{path}" fill="none" stroke="{color}" stroke-width="1.8"/>')
        lines[target].append(f'<path d="M{_n(x - 5)} {_n(y - 9)} H{_n(x + 5)} L{_n(x)} {_n(y)} Z" fill="{color}"/>')
    # lines to one box meet there: the gap that a line leaves in those that it crosses is not for them
    for name in drawn.boxes:
        yield from (*halos[name], *lines[name])


def _ports(drawn: Sheet) -> tuple[dict[tuple[str, str], float], dict[tuple[str, str], float]]:
    """Where each line leaves its box and where it arrives: as straight as the others of the box allow."""
    x = drawn.placed.x
    leaves: dict[tuple[str, str], float] = {}
    arrives: dict[tuple[str, str], float] = {}
    for name in drawn.boxes:
        inside = (x[name] - BOX / 2 + 12, x[name] + BOX / 2 - 12)
        out = sorted((x[route[1]], edge) for edge, route in drawn.placed.routes.items() if edge[0] == name)
        places = spread([wanted for wanted, _edge in out], [0.0] * len(out), PORT, inside)
        leaves.update((edge, place) for (_wanted, edge), place in zip(out, places, strict=True))
    for name in drawn.boxes:
        inside = (x[name] - BOX / 2 + 12, x[name] + BOX / 2 - 12)
        routes = [(edge, route) for edge, route in drawn.placed.routes.items() if edge[1] == name]
        into = sorted((leaves[edge] if len(route) == 2 else x[route[-2]], edge) for edge, route in routes)
        places = spread([wanted for wanted, _edge in into], [0.0] * len(into), PORT, inside)
        arrives.update((edge, place) for (_wanted, edge), place in zip(into, places, strict=True))
    return leaves, arrives


def _cycle(source: Box, target: Box) -> str:
    """An import that leads back up or to the same floor: the gate refuses it, and the picture shows it."""
    y, below = source.bottom, target.bottom
    deep = max(y, below) + ROWS * 0.7
    path = f"M{_n(source.x)} {_n(y)} C{_n(source.x)} {_n(deep)} {_n(target.x)} {_n(deep)} {_n(target.x)} {_n(below)}"
    return f'<path d="{path}" fill="none" stroke="{CYCLE}" stroke-width="2.5" stroke-dasharray="6 4"/>'


def _box(box: Box) -> Iterator[str]:
    x, y = box.x - BOX / 2, box.y
    yield _rect(x, y, BOX, box.height, box.wing.fill, box.wing.line)
    yield (
        f'<text x="{_n(x + 12)}" y="{_n(y + 23)}" font-family="{MONO}" font-size="{TITLE}" font-weight="600">'
        f"{escape(_title(box.room))}</text>"
    )
    if box.chip:
        yield (
            f'<text x="{_n(x + BOX - 12)}" y="{_n(y + 23)}" text-anchor="end" font-family="{MONO}" '
            f'font-size="{CHIP}" fill="{box.wing.line}">{escape(box.chip)}</text>'
        )
    for row, line in enumerate(box.text):
        yield _text(x + 12, y + 44 + row * LINE, line, SMALL)


def _rect(x: float, y: float, width: float, height: float, fill: str, line: str, radius: int = 10) -> str:
    place = f'x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}"'
    return f'<rect {place} rx="{radius}" fill="{fill}" stroke="{line}" stroke-width="1.5"/>'


def _text(x: float, y: float, text: str, size: float, fill: str = INK, bold: bool = False) -> str:
    weight = ' font-weight="600"' if bold else ""
    return f'<text x="{_n(x)}" y="{_n(y)}" font-size="{size}" fill="{fill}"{weight}>{escape(text)}</text>'


def _n(number: float) -> str:
    """In tenths of a pixel."""
    return f"{round(number, 1):g}"
