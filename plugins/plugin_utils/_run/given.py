# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The values of options as they come: typed from an inventory, as text from a survey of AWX. Pure.

A survey answers with text, an integer, a float, or a list of text (multiple select); nothing in it is a bool.
"""

from __future__ import annotations

from typing import Any

import yaml

#: Longer text is no list of names, and PyYAML is slow.
TEXT_MAX = 65_536


def unpadded(value: object) -> Any:
    """Text without the white space around it; anything else as it is."""
    return value.strip() if isinstance(value, str) else value


def listed(value: object) -> list[Any]:
    """A list out of a list, the YAML or JSON text of one, lines, or text with commas; nothing at all is an empty list.

    Its items are without white space around them. Text that is no list of text is one item, for the check of the option
    to refuse.
    """
    if value is None:
        return []
    if isinstance(value, str):
        return _of_text(value.strip())
    if isinstance(value, (list, tuple)):
        return [unpadded(item) for item in value]
    return [value]


def _of_text(text: str) -> list[Any]:
    if text.startswith(("[", "- ")):
        found = _yaml(text)
        if isinstance(found, list) and all(isinstance(item, (str, int, float)) for item in found):
            return [unpadded(item) for item in found]
        return [text]
    return [word for line in text.splitlines() for word in map(str.strip, line.split(",")) if word]


def _yaml(text: str) -> object:
    """None where it is none."""
    try:
        return yaml.safe_load(text) if len(text) <= TEXT_MAX else None
    # as `_declared.as_list`: PyYAML itself fails at long numbers, dates that are none, and deep nesting
    except (yaml.YAMLError, ValueError, RecursionError):
        return None
