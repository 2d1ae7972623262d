# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON for people, of data as large as a fleet's. On the controller only.

With an indentation, Python's own encoder is not the one that is written in C; this one takes half of its time, and
gives the text piece by piece.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from json.encoder import encode_basestring as _quoted
from math import isfinite
from typing import Any

#: So many pieces are joined before they are given: a file is written in calls of some hundred kilobytes.
_TOGETHER = 10_000
_CONTAINERS = (dict, list)


def indented(data: Mapping[str, Any]) -> Iterator[str]:
    """The same text as ``json.dumps(data, indent=1, ensure_ascii=False)``, and the end of its last line.

    data: its items, and the items of lists in it, are written one by one.
    """
    pieces: list[str] = []
    start = "{"
    for key, value in data.items():
        pieces.append(f"{start}\n {_quoted(key)}: ")
        start = ","
        if isinstance(value, list) and value:
            between = "["
            for item in value:
                pieces.append(f"{between}\n  ")
                _add(item, "\n  ", pieces.append)
                between = ","
                if len(pieces) > _TOGETHER:
                    yield "".join(pieces)
                    pieces.clear()
            pieces.append("\n ]")
        else:
            _add(value, "\n ", pieces.append)
    pieces.append("\n}\n" if data else "{}\n")
    yield "".join(pieces)


def _add(value: Any, line: str, add: Callable[[str], None]) -> None:
    """line: the line feed and the indentation of the value's last line."""
    kind = type(value)
    if kind is str:
        add(_quoted(value))
    elif kind is dict and value:
        start, inner = "{", f"{line} "
        for key, item in value.items():
            # most items are texts
            kind_of_item = type(item)
            if kind_of_item is str:
                add(f"{start}{inner}{_quoted(key)}: {_quoted(item)}")
            else:
                add(f"{start}{inner}{_quoted(key)}: ")
                _add(item, inner, add)
            start = ","
        add(f"{line}}}")
    elif kind is list and value:
        start, inner = "[", f"{line} "
        for item in value:
            add(f"{start}{inner}")
            _add(item, inner, add)
            start = ","
        add(f"{line}]")
    elif value is None:
        add("null")
    elif kind is bool:
        add("true" if value else "false")
    elif kind is int or (kind is float and isfinite(value)) or (kind in _CONTAINERS and not value):
        add(repr(value))
    else:
        # subclasses of all these
        add(json.dumps(value, indent=1, ensure_ascii=False).replace("\n", line))
