# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections import Counter

from tests.composed.grammar import ANYWHERE, BY_MANAGER, HOSTS, compose

CASES = [compose(seed) for seed in range(300)]


def test_a_seed_is_always_the_same_host():
    assert [str(compose(seed)) for seed in range(300)] == [str(case) for case in CASES]


def test_each_host_gets_its_share_and_every_piece_is_used():
    assert set(Counter(case.host for case in CASES).values()) == {300 // len(HOSTS)}
    makers = {*ANYWHERE, *(maker for kind in BY_MANAGER.values() for maker in kind)}
    used = {path for case in CASES for piece in case.pieces for path in (*piece.files, *piece.commands)}
    assert len(used) > len(makers)


def test_every_piece_has_a_name_for_a_refusal_and_a_way_back():
    for case in CASES:
        for piece in case.pieces:
            assert piece.names
            assert piece.files or piece.undo
