# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire import timing as probe_timing
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.timing import FAST, RFC5227, Schedule


def play(schedule):
    """Run a schedule on a clock that is always on time: when each question was asked, and the end."""
    asked: dict[object, list[float]] = {}
    while (due := schedule.next_due()) is not None:
        asked.setdefault(schedule.pop(due), []).append(due)
    return asked, schedule.end


def test_one_address_in_fast_mode_takes_a_second():
    asked, end = play(Schedule(["a"], FAST))
    assert asked == {"a": [0.0, 0.25, 0.5]}
    assert end == 1.0


@given(st.integers(1, 40), st.integers(0, 2**32))
def test_rfc_5227_intervals(addresses, seed):
    asked, end = play(Schedule(range(addresses), RFC5227, uniform=random.Random(seed).uniform))
    assert set(asked) == set(range(addresses))
    for times in asked.values():
        assert len(times) == probe_timing.PROBE_NUM
        assert times[0] <= probe_timing.PROBE_WAIT + addresses * 3 / probe_timing.RATE
        for before, after in itertools.pairwise(times):
            late = addresses * 3 / probe_timing.RATE
            assert probe_timing.PROBE_MIN <= after - before <= probe_timing.PROBE_MAX + late
    assert end == max(max(times) for times in asked.values()) + probe_timing.ANNOUNCE_WAIT


@given(st.integers(1, 300), st.integers(1, 2000), st.sampled_from([FAST, RFC5227]))
def test_the_rate_is_kept_over_all_questions(addresses, rate, timing):
    asked, end = play(Schedule(range(addresses), timing, rate, random.Random(1).uniform))
    moments = sorted(moment for times in asked.values() for moment in times)
    assert len(moments) == addresses * timing.number
    # What the schedule may catch up is at most ten milliseconds' worth.
    for first in range(0, len(moments), 50):
        for last in range(first, len(moments), 37):
            assert last - first <= (moments[last] - moments[first] + 0.01) * rate + 1 + 1e-6
    packets, seconds = timing.cost(addresses, 1, rate)
    assert packets == len(moments)
    assert end <= seconds + timing.longest * timing.number + 0.1


@pytest.mark.parametrize(
    ("timing", "addresses", "packets", "seconds"),
    [
        (FAST, 1, 6, 1.0),
        (FAST, 256, 1536, 2.036),
        (FAST, 1024, 6144, 6.644),
        (RFC5227, 1, 6, 7.0),
        (RFC5227, 1024, 6144, 8.144),
    ],
)
def test_what_a_sweep_from_two_vantages_costs(timing, addresses, packets, seconds):
    assert timing.cost(addresses, 2, 1000) == (packets, pytest.approx(seconds))


def test_a_late_clock_is_caught_up_with_by_a_few_probes_alone():
    schedule = Schedule(range(100), FAST, 1000)
    schedule.pop(0.0)
    burst = 0
    while schedule.next_due() <= 1.0:
        schedule.pop(1.0)
        burst += 1
    assert burst <= 12


def test_a_question_that_could_not_be_asked_is_asked_again():
    schedule = Schedule(["a"], FAST)
    schedule.pop(0.0)
    schedule.repeat("a", 0.005)
    asked, dummy = play(schedule)
    assert asked == {"a": [0.005, 0.25, 0.5]}


def test_questions_that_come_up_later_are_asked_as_often():
    schedule = Schedule(["a"], FAST)
    asked = {"a": [schedule.next_due()]}
    schedule.pop(0.0)
    schedule.add(["b"], 0.1)
    more, end = play(schedule)
    asked["a"] += more["a"]
    assert asked == {"a": [0.0, 0.25, 0.5]}
    assert more["b"] == pytest.approx([0.1, 0.35, 0.6])
    assert end == pytest.approx(1.1)


def test_questions_that_cannot_be_asked_any_more_are_forgotten():
    schedule = Schedule(["a", "b"], FAST)
    schedule.drop(lambda question: question == "a")
    asked, dummy = play(schedule)
    assert set(asked) == {"b"}


def test_nothing_to_ask():
    assert Schedule([], FAST).next_due() is None
