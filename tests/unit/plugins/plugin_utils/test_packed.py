# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import base64
import zlib

import pytest

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils import _packed


@pytest.mark.parametrize("data", [{}, {"a": [1, None, {"b": "ü"}]}, {"text": "\ud800"}])
def test_what_was_packed_is_unpacked(data: dict) -> None:
    assert _packed.unpacked(_packed.packed(data)) == data


def test_events_are_a_tenth_of_their_size() -> None:
    data = {"events": [{"seconds": number, "what": "an address was added to eth0"} for number in range(1000)]}
    assert len(_packed.packed(data)) < len(str(data)) / 10


@pytest.mark.parametrize("text", [
    None, 7, "", "no base64", "YWJj", _packed.packed({"a": 1})[:-8],
    base64.b64encode(zlib.compress(b"[]")).decode(), base64.b64encode(zlib.compress(b"{")).decode(),
    base64.b64encode(zlib.compress(b"[" * 200_000)).decode(),
])  # fmt: skip
def test_anything_else_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        _packed.unpacked(text)


def test_a_bomb_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_packed, "UNPACKED_MAX", 1000)
    with pytest.raises(ValueError, match="larger than 1000"):
        _packed.unpacked(_packed.packed({"a": "a" * 2000}))
