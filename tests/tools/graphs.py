# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Directed graphs of names: each node and its successors."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence

Graph = Mapping[str, Sequence[str]]


def reachable(graph: Graph, start: str) -> set[str]:
    """All nodes reachable from a node; itself only if it is on a cycle."""
    seen: set[str] = set()
    waiting = list(graph[start])
    while waiting:
        node = waiting.pop()
        if node not in seen:
            seen.add(node)
            waiting += graph[node]
    return seen


def components(graph: Graph) -> list[tuple[str, ...]]:
    """The strongly connected components that have a cycle, sorted."""
    leads = {node: reachable(graph, node) for node in graph}
    found = {tuple(sorted(other for other in leads[node] if node in leads[other])) for node in graph}
    return sorted(found - {()})


def cycle(graph: Graph, start: str) -> list[str]:
    """A shortest path from a node back to itself; empty if there is none."""
    waiting = deque([[start]])
    seen: set[str] = set()
    while waiting:
        path = waiting.popleft()
        for node in sorted(graph[path[-1]]):
            if node == start:
                return [*path, node]
            if node not in seen:
                seen.add(node)
                waiting.append([*path, node])
    return []


def floors(graph: Graph) -> dict[str, int]:
    """The length of the longest path down from each node. The nodes of a cycle share one floor."""
    leads = {node: reachable(graph, node) for node in graph}
    below = {node: {other for other in leads[node] if node not in leads[other]} for node in graph}
    found: dict[str, int] = {}
    # what is below a node has less below it
    for node in sorted(graph, key=lambda node: (len(below[node]), node)):
        found[node] = 1 + max((found[other] for other in below[node]), default=-1)
    return found


def reduced(graph: Graph) -> dict[str, list[str]]:
    """The transitive reduction: without edges that a longer path makes redundant. Those of a cycle all stay."""
    leads = {node: reachable(graph, node) for node in graph}

    def between(node: str, other: str, target: str) -> bool:
        return target in leads[other] and other not in leads[target] and node not in leads[other]

    return {
        node: [target for target in targets if not any(between(node, other, target) for other in targets)]
        for node, targets in graph.items()
    }
