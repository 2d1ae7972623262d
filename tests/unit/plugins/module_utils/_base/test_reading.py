# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import ast
import itertools
from pathlib import Path

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import reading as _reading
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.reading import BoundedReading

PLUGINS = Path(_reading.__file__).resolve().parents[2]
#: Names of methods and functions that take something from a queue that others fill.
RECEIVES = {"recv", "recvfrom", "recvmsg", "recv_into", "recvfrom_into", "recvmsg_into", "receive"}


class Clock:
    """Each look at it takes a tenth of a second."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        self.now += 0.1
        return self.now


def test_what_waits_is_read_and_no_more_is_said():
    pieces = iter([1, 2, 3, None, 4])
    reading = BoundedReading(lambda: next(pieces), 10, 1000)
    assert list(reading) == [1, 2, 3]
    assert not reading.overrun


@pytest.mark.parametrize("pieces", [1, 7, 300])
def test_a_queue_without_end_is_read_so_many_times(pieces):
    taken = itertools.count()
    reading = BoundedReading(lambda: next(taken), pieces, 1000)
    assert list(reading) == list(range(pieces))
    assert reading.overrun
    assert next(taken) == pieces, "nothing was taken out of the queue and dropped"


def test_a_queue_without_end_is_read_so_long():
    reading = BoundedReading(lambda: b"frame", 10**9, 2.0, Clock())
    assert 10 < sum(1 for dummy in reading) < 30
    assert reading.overrun


def test_empty_pieces_count_too():
    reading = BoundedReading(lambda: b"", 5, 1000)
    assert list(reading) == [b""] * 5
    assert reading.overrun


def _receives(node):
    """Whether a call takes something from a queue: a method of RECEIVES, or os.read."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return False
    name, owner = node.func.attr, node.func.value
    return name in RECEIVES or (name == "read" and isinstance(owner, ast.Name) and owner.id == "os")


def _in_loops(tree):
    """The lines on which something is received again and again by a loop or a comprehension of its own.

    What a loop iterates over is evaluated once; a function that is made inside does not run there.
    """
    found = set()
    for loop in ast.walk(tree):
        if isinstance(loop, (ast.For, ast.While)):
            parts = [*loop.body, *([loop.test] if isinstance(loop, ast.While) else [])]
        elif isinstance(loop, (ast.ListComp, ast.SetComp, ast.GeneratorExp)):
            parts = [loop.elt]
        else:
            continue
        todo = list(parts)
        while todo:
            node = todo.pop()
            if isinstance(node, (ast.Lambda, ast.FunctionDef)):
                continue
            if _receives(node):
                found.add(node.lineno)
            todo.extend(ast.iter_child_nodes(node))
    return found


def test_the_search_for_bare_loops_finds_them():
    assert _in_loops(ast.parse("while True:\n    data = sock.recv(1)")) == {2}
    assert _in_loops(ast.parse("for item in range(3):\n    os.read(handle, 1)")) == {2}
    assert _in_loops(ast.parse("for item in BoundedReading(lambda: sock.recv(1)):\n    pass")) == set()


#: `receive` is bounded itself and the loop has a deadline; the guard serves the orders of its own module as long as a
#: change is pending; the service that announces counts, and its looks have a deadline, in a file that is shipped alone;
#: a file ends at its limit.
BOUNDED = {
    "_evidence/experiments/announce.py", "_evidence/experiments/bridge_pass.py", "_evidence/experiments/full_size.py",
    "_confirm/guard.py", "_announce/look.py", "_announce/service.py", "_runtimes/host.py",
}  # fmt: skip


def test_nothing_receives_in_a_loop_of_its_own():
    """Who sends decides when such a loop ends. `BoundedReading` has a count and a deadline."""
    bare = {}
    for path in sorted(PLUGINS.rglob("*.py")):
        lines = _in_loops(ast.parse(path.read_text(encoding="utf-8")))
        if lines:
            bare[str(path.relative_to(PLUGINS / "module_utils"))] = sorted(lines)
    assert set(bare) <= BOUNDED, bare
