# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts of a segment make in turns what would disturb the others, and wait for a few seconds at most."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.experiments.turns import (
    TURNS_MAX,
    WIDTH,
    Turn,
    of_place,
)

MOMENTS = st.floats(min_value=1.7e9, max_value=1.9e9)


def test_a_host_that_is_alone_waits_for_nobody():
    assert of_place(0, 1) == Turn()
    assert Turn().wait(1_796_000_000.3) == 0.0


@given(MOMENTS, st.integers(2, TURNS_MAX), st.data())
def test_hosts_with_different_turns_do_not_begin_together(now, hosts, data):
    """Whenever each of them is ready."""
    later = [data.draw(st.floats(0.0, 30.0)) for dummy in range(hosts)]
    begun = [now + more + of_place(place, hosts).wait(now + more) for place, more in enumerate(later)]
    for one, other in itertools.combinations(begun, 2):
        apart = abs(one - other) % (hosts * WIDTH)
        assert min(apart, hosts * WIDTH - apart) >= WIDTH - 0.31


@given(MOMENTS, st.integers(0, 10_000), st.integers(1, 10_000))
def test_nobody_waits_longer_in_a_large_fleet(now, place, hosts):
    assert 0 <= of_place(place % hosts, hosts).wait(now) <= TURNS_MAX * WIDTH


@pytest.mark.parametrize("hosts", [20, 1000])
def test_turns_are_shared_evenly(hosts):
    numbers = [of_place(place, hosts).number for place in range(hosts)]
    assert {numbers.count(number) for number in range(TURNS_MAX)} == {hosts // TURNS_MAX}
