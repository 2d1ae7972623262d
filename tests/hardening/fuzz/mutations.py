# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mutations of kept inputs, where atheris is missing, and in `make test`. Pure."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

LONGEST = 4096


def mutated(kept: Sequence[bytes], choose: random.Random) -> bytes:
    """An input with some mutations."""
    data = bytearray(choose.choice(kept))
    for _number in range(choose.choice((1, 1, 2, 3, 8))):
        choose.choice(MUTATIONS)(data, kept, choose)
    return bytes(data[:LONGEST])


def _place(data: bytearray, choose: random.Random) -> int:
    return choose.randrange(len(data) + 1)


def _flip(data: bytearray, kept: Sequence[bytes], choose: random.Random) -> None:
    if data:
        data[choose.randrange(len(data))] ^= 1 << choose.randrange(8)


def _set(data: bytearray, kept: Sequence[bytes], choose: random.Random) -> None:
    if data:
        data[choose.randrange(len(data))] = choose.choice((0, 1, 127, 128, 255, *b'0/%:;\n[{"-'))


def _cut(data: bytearray, kept: Sequence[bytes], choose: random.Random) -> None:
    first, last = sorted((_place(data, choose), _place(data, choose)))
    del data[first:last]


def _insert(data: bytearray, kept: Sequence[bytes], choose: random.Random) -> None:
    place = _place(data, choose)
    data[place:place] = choose.randbytes(choose.choice((1, 2, 4, 40)))


def _repeat(data: bytearray, kept: Sequence[bytes], choose: random.Random) -> None:
    first, last = sorted((_place(data, choose), _place(data, choose)))
    data[first:first] = data[first:last] * choose.choice((1, 2, 50))


def _splice(data: bytearray, kept: Sequence[bytes], choose: random.Random) -> None:
    other = choose.choice(kept)
    data[_place(data, choose) :] = other[choose.randrange(len(other) + 1) :]


MUTATIONS: list[Callable[[bytearray, Sequence[bytes], random.Random], None]] = [
    _flip, _flip, _set, _set, _cut, _insert, _repeat, _splice,
]  # fmt: skip
