# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a module's result shows of text that others chose."""

from __future__ import annotations

import json
from collections.abc import Iterator

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils import _packed


def texts(value: object) -> Iterator[str]:
    """All texts of a result, keys too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)


def assert_clean(result: dict, *shown: str) -> None:
    """Everything is printable, and escaped text is shown. The input is the operator's own."""
    if _packed.PACKED in result:
        result = {**result, _packed.PACKED: _packed.unpacked(result[_packed.PACKED])}
    found = list(texts({key: value for key, value in result.items() if key != "invocation"}))
    assert [text for text in found if not text.replace("\n", "").replace("\t", "").isprintable()] == []
    everything = json.dumps(found)
    assert [text for text in shown if json.dumps(text)[1:-1] not in everything] == []
