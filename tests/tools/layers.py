# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the nodes of a graph stand when it is drawn in rows (Sugiyama's method). The same graph gives the same drawing.

An edge that is longer than from one row to the next gets a bend in each row on its route: a node of its own, so that it
passes between the others. The order in each row is the one with the fewest crossings that local search finds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from math import fsum

#: What a crossing costs, and two nodes of a row in the wrong order; both weigh more than the sum of all lengths.
CROSSING, INVERSION = 1000, 4000
#: How strongly a node is drawn to its home, where each edge draws with 1; and edges between two bends.
HOME, STRAIGHT = 1.5, 100.0
ROUNDS = 300


@dataclass(frozen=True)
class Node:
    """A node as the layout sees it. A bend has no home."""

    width: float
    #: where it would stand for itself, from 0 (left) to 1 (right); nodes of a row stand in the order of their homes
    home: float | None = None


@dataclass
class Layout:
    """Rows from top to bottom, bends included; the way of each edge through them; and the middle of each node."""

    rows: list[list[str]]
    routes: dict[tuple[str, str], list[str]]
    nodes: dict[str, Node]
    gap: float
    width: float
    x: dict[str, float]

    def links(self, row: int) -> list[tuple[str, str]]:
        """The pieces of edges from this row to the next one."""
        here = set(self.rows[row])
        return [link for route in self.routes.values() for link in pairwise(route) if link[0] in here]


def layout(
    rows: Sequence[Sequence[str]],
    edges: Iterable[tuple[str, str]],
    nodes: Mapping[str, Node],
    *,
    width: float,
    gap: float,
    bend: float,
) -> Layout:
    """Every edge leads from an upper row to a lower one."""
    drawn = Layout([list(row) for row in rows], {}, dict(nodes), gap, width, {})
    level = {name: row for row, names in enumerate(rows) for name in names}
    for source, target in edges:
        bends = [f"{source} > {target} @ {row}" for row in range(level[source] + 1, level[target])]
        drawn.routes[source, target] = [source, *bends, target]
        for row, name in enumerate(bends, level[source] + 1):
            drawn.rows[row].append(name)
            drawn.nodes[name] = Node(bend)
    # a row that needs more gets it
    needed = [fsum(drawn.nodes[name].width + gap for name in row) - gap for row in drawn.rows]
    drawn.width = max([width, *needed])
    _order(drawn)
    _place(drawn)
    return drawn


def _order(drawn: Layout) -> None:
    """Move one node or the bends of one edge at a time to where it costs least, until a round of that gains nothing."""
    while True:
        before, rows = _cost(drawn), [list(names) for names in drawn.rows]
        for names in drawn.rows:
            for name in [name for name in names if drawn.nodes[name].home is not None]:
                _move(drawn, names, name)
        for route in drawn.routes.values():
            _reroute(drawn, route)
        if _cost(drawn) >= before:
            drawn.rows = rows
            return


def _move(drawn: Layout, names: list[str], name: str) -> None:
    others = [other for other in names if other != name]
    tried = []
    for index in range(len(names)):
        names[:] = [*others[:index], name, *others[index:]]
        tried.append((_cost(drawn), index))
    index = min(tried)[1]
    names[:] = [*others[:index], name, *others[index:]]


def _reroute(drawn: Layout, route: list[str]) -> None:
    """Take an edge out and lay it anew: a cheapest route through the places between the others of each row."""
    first = next(row for row, names in enumerate(drawn.rows) if route[0] in names)
    rows = drawn.rows[first : first + len(route)]
    for bend, names in zip(route[1:-1], rows[1:-1], strict=True):
        names.remove(bend)
    # by the place in the row that was reached: what it costs, and the places on the route
    reached: dict[float, tuple[float, list[int]]] = {_at(rows[0])[route[0]]: (0.0, [])}
    for step, (upper, lower) in enumerate(pairwise(rows)):
        above, below = _at(upper), _at(lower)
        links = [(a, b) for a, b in drawn.links(first + step) if a in above and b in below]
        others = [(above[a], below[b]) for a, b in links]
        last = step == len(rows) - 2
        ends = [below[route[-1]]] if last else [index - 0.5 - len(lower) / 2 for index in range(len(lower) + 1)]
        found = {}
        for index, end in enumerate(ends):
            costs = []
            for start, (cost, places) in reached.items():
                crossings = sum((a - start) * (b - end) < 0 for a, b in others)
                costs.append((cost + CROSSING * crossings + abs(start - end), [*places, index]))
            found[end] = min(costs)
        reached = found
    _total, places = min(reached.values())
    for bend, names, index in zip(route[1:-1], rows[1:-1], places, strict=False):
        names.insert(index, bend)


def _at(names: list[str]) -> dict[str, float]:
    """Places in a row, counted from its middle."""
    return {name: index - len(names) / 2 for index, name in enumerate(names)}


def _cost(drawn: Layout) -> float:
    cost = 0.0
    for row, names in enumerate(drawn.rows):
        homes = [home for name in names if (home := drawn.nodes[name].home) is not None]
        cost += INVERSION * sum(left > right for left, right in combinations(homes, 2))
        if row + 1 < len(drawn.rows):
            above, below = _at(names), _at(drawn.rows[row + 1])
            links = [(above[a], below[b]) for a, b in drawn.links(row)]
            cost += CROSSING * sum((a - c) * (b - d) < 0 for (a, b), (c, d) in combinations(links, 2))
            cost += sum(abs(a - b) for a, b in links)
    return cost


def _place(drawn: Layout) -> None:
    """Draw every node to its neighbours and to its home, row by row, until that has settled."""
    ties: dict[str, list[tuple[str, float]]] = {name: [] for name in drawn.nodes}
    for route in drawn.routes.values():
        bends = route[1:-1]
        for one, other in [*combinations(bends, 2), *pairwise(route)]:
            weight = STRAIGHT / len(bends) if one in bends and other in bends else 1.0
            ties[one].append((other, weight))
            ties[other].append((one, weight))
    homes = {name: node.home * drawn.width for name, node in drawn.nodes.items() if node.home is not None}
    drawn.x = {name: homes.get(name, drawn.width / 2) for name in drawn.nodes}
    for _round in range(ROUNDS):
        for row in (*drawn.rows, *reversed(drawn.rows)):
            wanted, weights = [], []
            for name in row:
                pulls = [(drawn.x[other], weight) for other, weight in ties[name]]
                pulls += [(homes[name], HOME)] if name in homes else []
                weights.append(fsum(weight for _x, weight in pulls))
                wanted.append(fsum(x * weight for x, weight in pulls) / weights[-1])
            widths = [drawn.nodes[name].width for name in row]
            places = spread(wanted, widths, drawn.gap, (0, drawn.width), weights)
            drawn.x.update(zip(row, places, strict=True))
    for route in drawn.routes.values():
        _straighten(drawn, route[1:-1])


def _straighten(drawn: Layout, bends: list[str]) -> None:
    """What is almost one straight line becomes one, where nothing is in between."""
    low, high = 0.0, drawn.width
    for bend in bends:
        row = next(names for names in drawn.rows if bend in names)
        index = row.index(bend)
        if index:
            low = max(low, drawn.x[row[index - 1]] + drawn.nodes[row[index - 1]].width / 2 + drawn.gap / 2)
        if index + 1 < len(row):
            high = min(high, drawn.x[row[index + 1]] - drawn.nodes[row[index + 1]].width / 2 - drawn.gap / 2)
    middle = fsum(drawn.x[bend] for bend in bends) / max(1, len(bends))
    if low <= high:
        drawn.x.update(dict.fromkeys(bends, max(low, min(high, middle))))


def spread(
    wanted: Sequence[float],
    widths: Sequence[float],
    gap: float,
    bounds: tuple[float, float],
    weights: Sequence[float] | None = None,
) -> list[float]:
    """The middles nearest to those that are wanted, in this order, without overlap (isotonic regression)."""
    if not wanted:
        return []
    offsets = [0.0]
    for left, right in pairwise(widths):
        offsets.append(offsets[-1] + (left + right) / 2 + gap)
    # blocks of nodes that touch each other: where the first one is, their weight, how many
    blocks: list[tuple[float, float, int]] = []
    for x, offset, weight in zip(wanted, offsets, weights or [1.0] * len(wanted), strict=True):
        block = (x - offset, weight, 1)
        while blocks and blocks[-1][0] > block[0]:
            start, heavy, count = blocks.pop()
            total = heavy + block[1]
            block = ((start * heavy + block[0] * block[1]) / total, total, count + block[2])
        blocks.append(block)
    low, high = bounds[0] + widths[0] / 2, bounds[1] - widths[-1] / 2 - offsets[-1]
    starts = [max(low, min(high, start)) for start, _weight, count in blocks for _node in range(count)]
    return [start + offset for start, offset in zip(starts, offsets, strict=True)]
