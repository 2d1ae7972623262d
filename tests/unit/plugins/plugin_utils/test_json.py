# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Indented JSON is, to the letter, what Python writes."""

from __future__ import annotations

import json
from collections import OrderedDict
from typing import Any

import pytest

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils import _json


class Text(str):
    """As Ansible's texts are."""

    __slots__ = ()


VALUES: list[Any] = [
    {},
    {"none": None, "true": True, "false": False, "number": 12, "share": 0.1, "large": 1e300, "empty": [[], {}, ""]},
    {"text": "ü \"'\\ \n\t\x1b \ud800 \u2028", "ключ": ["a", 1, [2, [3, {"b": [{}]}]]]},
    {"list": [], "deep": {"a": {"b": {"c": [{"d": 1}, {"e": [1, 2]}]}}}},
    {"subclasses": [OrderedDict(a=[1, {"b": 2}]), (1, (2,)), Text("x")], Text("key"): Text("y")},
    {"odd": [float("nan"), float("inf"), -1, 1 << 70, True]},
]


@pytest.mark.parametrize("value", VALUES)
def test_the_text_is_the_same(value: dict[str, Any]) -> None:
    assert "".join(_json.indented(value)) == json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def test_long_lists_come_in_pieces() -> None:
    value = {"hosts": [{"host": f"h{number}", "links": [number]} for number in range(20_000)], "end": 1}
    pieces = list(_json.indented(value))
    assert len(pieces) > 5
    assert "".join(pieces) == json.dumps(value, indent=1) + "\n"
