# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text from processes, containers, switches and daemons, made safe to show. Pure.

A character that a terminal would interpret, that is invisible, or that changes the direction of writing becomes a
visible escape: ESC is ``\\x1b``. A backslash stays as it is, so that cleaning is idempotent: text passes several
borders. Hence two texts can become equal (ESC, and the four characters ``\\x1b``). Names that are keys, such as the
path of a namespace or the name of an interface, are therefore never cleaned where they are used, only where they are
reported.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

#: Characters of a line, of a text in results, and levels of nesting. Longer texts are cut, deeper levels left out.
LINE_MAX, TEXT_MAX, DEPTH_MAX = 1000, 1 << 20, 40
_CUT = "…"

#: Invisible letters and marks: Default_Ignorable_Code_Point (Unicode Standard, 5.21), as far as it is assigned
#: and `str.isprintable` takes it for printable.
_BLANK = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")


def clean(text: object, limit: int = LINE_MAX) -> str:
    """One line of at most ``limit`` characters, all of them printable."""
    return _cleaned(str(text), limit, kept="")


def clean_lines(text: object, limit: int = TEXT_MAX) -> str:
    """The same for several lines: line feeds and tabs stay."""
    return _cleaned(str(text), limit, kept="\n\t")


def clean_data(value: Any) -> Any:
    """JSON whose texts are cleaned, keys too; what needs no cleaning is the same object."""
    return _data(value, DEPTH_MAX)


def _cleaned(text: str, limit: int, kept: str) -> str:
    text = text if len(text) <= limit else text[: limit + 1]
    if not (text.isascii() and text.isprintable()):
        text = "".join(char if char in kept else _visible(char) for char in text)
    return cut(text, limit)


def cut(text: str, limit: int = LINE_MAX) -> str:
    """At most ``limit`` characters of a text as it is."""
    return text if len(text) <= limit else text[: limit - 1] + _CUT


def _visible(char: str) -> str:
    """`str.isprintable` is False for Unicode's categories Other and Separator, but for the space: controls, formats
    (bidirectional ones, tags), surrogates, private use, unassigned, line and paragraph separators, odd spaces."""
    if char.isprintable() and not _BLANK.match(char):
        return char
    return char.encode("unicode_escape").decode("ascii")


def _data(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        text = clean_lines(value)
        return value if text == value else text
    if not isinstance(value, (Mapping, list, tuple)):
        return value
    if not depth:
        return _CUT
    if isinstance(value, Mapping):
        return _mapping(value, depth - 1)
    return [_data(item, depth - 1) for item in value]


def _mapping(value: Mapping[Any, Any], depth: int) -> Mapping[Any, Any]:
    """A number distinguishes two keys that become equal."""
    found: dict[Any, Any] = {}
    for key, item in value.items():
        name = _data(key, 0)
        while name != key and (name in value or name in found):
            name = f"{name}~{len(found)}"
        found[name] = _data(item, depth)
    return found
