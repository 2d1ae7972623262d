# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What YAML can contain, as the few types that declarations are made of. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .text import DEPTH_MAX, clean

#: A number with more bits is none that the kernel takes. Python refuses to write one of 4,300 digits, or takes very
#: long (CVE-2020-10735).
BITS_MAX = 64
#: Of the text of a value that is none of these types.
_TEXT_MAX = 200
_DEEPER = "…"
#: Exact types of which most values of a fleet are.
_AS_THEY_ARE = (str, bool, float)


def plain(value: Any, depth: int = DEPTH_MAX) -> Any:
    """None, booleans, numbers, texts, and lists and mappings of them, without Ansible's own types below.

    All else becomes a text that describes it: huge numbers, dates, sets, octets, and what is nested more deeply. So
    does a key that is no text. No error, and nothing of it has to be asked for its text again.
    """
    if value is None or type(value) in _AS_THEY_ARE:
        return value
    if isinstance(value, int):
        return int(value) if value.bit_length() <= BITS_MAX else f"a number of {value.bit_length()} bits"
    if isinstance(value, (str, float)):
        return str(value) if isinstance(value, str) else float(value)
    if not depth:
        return _DEEPER
    if isinstance(value, (dict, Mapping)):
        return {_key(key, depth): plain(item, depth - 1) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item, depth - 1) for item in value]
    return _described(value)


def _key(key: Any, depth: int) -> str:
    return str(key) if isinstance(key, str) else clean(plain(key, depth - 1), _TEXT_MAX)


def _described(value: Any) -> str:
    """Of what a vault has encrypted, the text that it has decrypted."""
    try:
        return str(value) if len(str(value)) <= _TEXT_MAX else clean(str(value), _TEXT_MAX)
    except Exception as error:  # noqa: BLE001  (any object has its own)
        return f"{type(value).__name__}: {clean(error, _TEXT_MAX)}"
