# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import base64
import json
import random
import zlib

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.limits import RESULT_MAX
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


def test_the_largest_evidence_of_a_sick_host_fits_into_an_event() -> None:
    """Made of what compresses worst: addresses and moments by chance, up to the bound of a module's result."""
    chance = random.Random(1)
    events: list[dict] = []
    for dummy in range(RESULT_MAX // 90):
        mac = ":".join(f"{chance.randrange(256):02x}" for dummy in range(6))
        address = f"192.168.{chance.randrange(256)}.{chance.randrange(256)}"
        moment = round(chance.random() * 60, 3)
        events.append({"seconds": moment, "kind": "neighbour", "address": address, "mac": mac})
    assert len(json.dumps(events)) > RESULT_MAX
    assert len(_packed.packed({"watch": {"events": events}})) < 100_000
