# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether evidence is what the types of its schema say. Pure.

The checks are made from the annotations, so that they cannot differ from what mypy checks writers and readers against.
Further keys are allowed: a release that adds an optional field leaves the version of the schema as it is.
"""

from __future__ import annotations

import functools
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.schema import SCHEMA_VERSION, HostEvidence

#: More than a host can collect within the bounds of the snapshot.
VALUES_MAX = 10_000_000
#: No number of a host is larger. What is larger, infinite or NaN would fail where it is computed with.
NUMBER_MAX = 1 << 64
#: Characters of a value that are quoted.
QUOTED_MAX = 60

#: A plain one is found to be one before the question whether it behaves like one.
_MAPPINGS = (dict, Mapping)


class NotUnderstood(Exception):
    """Why evidence cannot be judged, in one sentence for an operator that goes on after the host's name."""


class _Unlike(Exception):
    """path: the parts that lead to the value, the last one first."""

    def __init__(self, problem: str, *path: str) -> None:
        super().__init__(problem)
        self.path = list(path)


def understood(data: object) -> HostEvidence:
    """The evidence of one host, as the schema types it. Errors: NotUnderstood."""
    if not isinstance(data, Mapping):
        raise NotUnderstood(f"its evidence is {_quoted(data)} instead of a mapping")
    _check_version(data.get("schema"))
    found = fault(data, HostEvidence)
    if found:
        form = f"its evidence does not have the form of schema version {SCHEMA_VERSION}"
        raise NotUnderstood(f"{form}: {found}; collect it again with this release")
    return cast(HostEvidence, data)


def fault(data: object, shape: Any) -> str:
    """The first place where data is not what a type says, and what is there; empty where it is."""
    try:
        _check(shape).test(data, [VALUES_MAX])
    except _Unlike as error:
        where = "".join(reversed(error.path)).lstrip(".")
        return f"{where} {error}"
    return ""


def _check_version(version: object) -> None:
    if version == SCHEMA_VERSION and not isinstance(version, bool):
        return
    found = "no schema version" if version is None else f"schema version {_quoted(version)}"
    newer = isinstance(version, int) and version > SCHEMA_VERSION
    remedy = "judge it with the release that collected it" if newer else "collect it again with this release"
    raise NotUnderstood(f"its evidence has {found}, and this release reads version {SCHEMA_VERSION}: {remedy}")


# ---- from types to checks --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Check:
    """The check of one type.

    test: raises `_Unlike`; its list holds one number: how many values may still come. always: exact types of which
    every value passes: of thousands of hosts with thousands of values each, most are one of these, and none of them
    has to be called for.
    """

    test: Callable[[object, list[int]], None]
    always: frozenset[type] = frozenset()


@functools.cache
def _check(shape: Any) -> _Check:
    origin, arguments = typing.get_origin(shape), typing.get_args(shape)
    if typing.is_typeddict(shape):
        return _fields(shape)
    if origin is list:
        return _items(_check(arguments[0]))
    if origin is dict:
        return _entries(_check(arguments[1]))
    if origin in (typing.Union, types.UnionType):
        return _alternatives(shape, arguments)
    return _scalar(shape)


def _fields(shape: Any) -> _Check:
    checks = {name: _check(kind) for name, kind in typing.get_type_hints(shape).items()}
    required = sorted(shape.__required_keys__)

    def test(value: object, left: list[int]) -> None:
        if not isinstance(value, _MAPPINGS):
            raise _unlike(value, shape)
        for name in required:
            if name not in value:
                raise _Unlike("is missing", f".{name}")
        _count(value, left)
        for name, item in value.items():
            known = checks.get(name)
            if known is not None and type(item) not in known.always:
                try:
                    known.test(item, left)
                except _Unlike as error:
                    error.path.append(f".{name}")
                    raise

    return _Check(test)


def _items(each: _Check) -> _Check:
    def test(value: object, left: list[int]) -> None:
        if not isinstance(value, list):
            raise _unlike(value, list)
        _count(value, left)
        for number, item in enumerate(value):
            if type(item) not in each.always:
                try:
                    each.test(item, left)
                except _Unlike as error:
                    error.path.append(f"[{number}]")
                    raise

    return _Check(test)


def _entries(each: _Check) -> _Check:
    def test(value: object, left: list[int]) -> None:
        if not isinstance(value, _MAPPINGS):
            raise _unlike(value, dict)
        _count(value, left)
        for name, item in value.items():
            if not isinstance(name, str):
                raise _Unlike(f"has the key {_quoted(name)} instead of a text")
            if type(item) not in each.always:
                try:
                    each.test(item, left)
                except _Unlike as error:
                    error.path.append(f"[{_quoted(name)}]")
                    raise

    return _Check(test)


def _alternatives(shape: Any, members: tuple[Any, ...]) -> _Check:
    """Of types that the kind of the value distinguishes, and of mappings with a field that is a Literal in each."""
    mappings = [item for item in members if typing.is_typeddict(item)]
    tagged = _tagged(mappings) if len(mappings) > 1 else None
    others = [(_kind(item), _check(item)) for item in members if tagged is None or item not in mappings]

    def test(value: object, left: list[int]) -> None:
        for fits, found in others:
            if fits(value):
                found.test(value, left)
                return
        if tagged is None or not isinstance(value, _MAPPINGS):
            raise _unlike(value, shape)
        tagged.test(value, left)

    return _Check(test, frozenset().union(*(found.always for dummy, found in others)))


def _tagged(shapes: list[Any]) -> _Check:
    hints = {shape: typing.get_type_hints(shape) for shape in shapes}
    tag = next(name for name, kind in hints[shapes[0]].items() if typing.get_origin(kind) is Literal)
    checks = {value: _check(shape) for shape in shapes for value in typing.get_args(hints[shape][tag])}

    def test(value: Any, left: list[int]) -> None:
        found = value.get(tag)
        if not isinstance(found, str) or found not in checks:
            raise _Unlike(f"is {_quoted(found)} instead of one of {', '.join(sorted(checks))}", f".{tag}")
        checks[found].test(value, left)

    return _Check(test)


def _scalar(shape: Any) -> _Check:
    fits = _kind(shape)

    def test(value: object, dummy_left: list[int]) -> None:
        if not fits(value):
            raise _unlike(value, shape)

    return _Check(test, frozenset({shape}) if shape in (str, bool, types.NoneType) else frozenset())


def _kind(shape: Any) -> Callable[[Any], bool]:
    """Whether a value is of a type, whatever its items are. As in JSON: true is no number, 1 is a float."""
    if shape is object:
        return lambda dummy_value: True
    origin = typing.get_origin(shape)
    if origin is Literal:
        return typing.get_args(shape).__contains__
    if shape in (int, float):
        numbers = int if shape is int else (int, float)
        return lambda value: isinstance(value, numbers) and not isinstance(value, bool) and abs(value) <= NUMBER_MAX
    if shape is bool:
        return lambda value: isinstance(value, bool)
    wanted: Any = _MAPPINGS if typing.is_typeddict(shape) or origin is dict else origin or shape
    return lambda value: isinstance(value, wanted) and not isinstance(value, bool)


# ---- words -----------------------------------------------------------------------------------------------------------

_KINDS = {str: "a text", int: "an integer", float: "a number", bool: "true or false", list: "a list", dict: "a mapping"}


def _count(values: Mapping[Any, object] | list[object], left: list[int]) -> None:
    left[0] -= len(values)
    if left[0] < 0:
        raise _Unlike(f"is too large: more than {VALUES_MAX} values")


def _unlike(value: object, shape: Any) -> _Unlike:
    return _Unlike(f"is {_quoted(value)} instead of {_named(shape)}")


def _named(shape: Any) -> str:
    origin, arguments = typing.get_origin(shape), typing.get_args(shape)
    if origin is Literal:
        return f"one of {', '.join(map(str, arguments))}"
    if origin in (typing.Union, types.UnionType):
        return " or ".join(dict.fromkeys(_named(item) for item in arguments))
    if shape is types.NoneType:
        return "null"
    return _KINDS.get(origin or shape, "a mapping")


def _quoted(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, (Mapping, list)):
        return "a mapping" if isinstance(value, Mapping) else "a list"
    text = repr(value)
    return text if len(text) <= QUOTED_MAX else f"{text[:QUOTED_MAX]}…"
