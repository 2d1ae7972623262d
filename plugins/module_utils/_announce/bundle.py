# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The service as one file of Python, made from the sources that the tests import. Pure.

A host keeps that file when the collection is gone, so it cannot import from the collection. The sources stand in it
one after the other, without what they import from each other; no two of them define the same name. Classes among them
are made by the standard library's `dataclass`, as a host has no other.
"""

from __future__ import annotations

import ast
import inspect
import json
from types import ModuleType

from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel import names, netlink
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire import bpf, claims, frames, signature

from . import decode, look, schedule, service

#: In the order in which they need each other.
PARTS: tuple[ModuleType, ...] = (names, netlink, signature, frames, bpf, claims, decode, schedule, look, service)

_OWN = "ansible_collections."
_START = """
if __name__ == "__main__":
    main({parent}, {targets})
"""


def script(parent: str, targets: list[str]) -> str:
    """The file without its first lines, which say whose it is."""
    body = "\n\n".join(part(inspect.getsource(module)) for module in PARTS)
    start = _START.format(parent=json.dumps(parent), targets=json.dumps(targets))
    return f'"""{inspect.getdoc(service)}"""\n\nfrom __future__ import annotations\n\n{body}\n{start}'


def part(source: str) -> str:
    """A source without its first comment, its docstring and what it imports from the collection.

    Errors: ValueError for an import from there under another name, which nothing would define.
    """
    lines = source.splitlines()
    tree = ast.parse(source)
    drop: set[int] = set()
    for number, node in enumerate(tree.body):
        docstring = number == 0 and isinstance(node, ast.Expr)
        if docstring or _ours(node):
            drop.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    kept = [line for number, line in enumerate(lines, start=1) if number not in drop and not _licence(number, line)]
    return "\n".join(kept).strip()


def _licence(number: int, line: str) -> bool:
    return number <= 3 and line.startswith("# ")


def _ours(node: ast.stmt) -> bool:
    if not isinstance(node, ast.ImportFrom):
        return False
    ours = node.level > 0 or node.module == "__future__" or str(node.module).startswith(_OWN)
    if ours and any(alias.asname for alias in node.names):
        raise ValueError(f"line {node.lineno} imports under another name")
    return ours
