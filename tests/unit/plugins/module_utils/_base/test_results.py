# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No text leaves a module uncleaned."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import results as _results
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import InvalidInput, Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.results import failure, refusal, safe

MODULES = Path(_results.__file__).resolve().parents[2] / "modules"
CLEANING = {"safe", "refusal", "failure"}
#: With lone surrogates, of which `st.characters` gives none by itself.
TEXTS = st.text(st.one_of(st.characters(), st.integers(0xD800, 0xDFFF).map(chr), st.sampled_from("\x1b\u202e\n\t")))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


def assert_printable(result: dict) -> None:
    text = json.dumps(result, ensure_ascii=False)
    text.encode()
    assert all(char.isprintable() for char in text)


@given(st.dictionaries(TEXTS, VALUES, max_size=5))
def test_any_result_can_be_written_and_shown(value) -> None:
    result = safe(value)
    assert_printable(result)
    assert safe(result) == result


@given(TEXTS, TEXTS, VALUES)
def test_any_refusal_and_failure_too(key, message, value) -> None:
    problems = Problems(message)
    problems.add(key, value, message, message)
    assert_printable(refusal(InvalidInput(problems), found=value))
    assert_printable(failure(OSError(message), found=value))


def _uncleaned(tree: ast.AST) -> list[int]:
    """The lines of calls that return or warn, but for what is cleaned and what is no text."""
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        if node.func.attr not in ("exit_json", "fail_json", "warn", "deprecate"):
            continue
        names = CLEANING if node.func.attr.endswith("_json") else {"clean_lines"}
        for value in [*node.args, *(keyword.value for keyword in node.keywords)]:
            called = value.func.id if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) else ""
            if called not in names and not (isinstance(value, ast.Constant) and not isinstance(value.value, str)):
                found.append(node.lineno)
    return found


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("module.exit_json(**safe(result))", []),
        ("module.exit_json(changed=False, evidence=safe(result))", []),
        ("module.exit_json(**result)", [1]),
        ("module.fail_json(msg=text)", [1]),
        ("module.warn(clean_lines(text))", []),
        ("module.warn(text)", [1]),
    ],
)
def test_the_search_finds_them(code, expected) -> None:
    assert _uncleaned(ast.parse(code)) == expected


@pytest.mark.parametrize("path", [Path(_results.__file__), *sorted(MODULES.glob("*.py"))], ids=lambda path: path.stem)
def test_each_module_returns_this_way_alone(path) -> None:
    """Most of them by `end`."""
    assert _uncleaned(ast.parse(path.read_text(encoding="utf-8"))) == []
