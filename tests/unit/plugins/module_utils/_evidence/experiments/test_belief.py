# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How often and how patiently experiments ask, by what the watch measured of the paths."""

from __future__ import annotations

import random

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.experiments.belief import (
    CHANCE,
    NUMBER_MAX,
    PATIENCE_MAX,
    PATIENCE_MIN,
    SPAN_MAX,
    Noise,
    doubt,
    measured,
    repetition,
    to_gateways,
)

INTERVAL = 0.5


def _target(answers, rtt_ms=(0.1, 0.2, 0.3)):
    """A target as the watch reports it; answers: whether each question was answered."""
    losses = []
    for number, answered in enumerate(answers):
        if not answered and (not number or answers[number - 1]):
            losses.append([number * INTERVAL, len(answers) * INTERVAL])
        elif answered and number and not answers[number - 1]:
            losses[-1][1] = number * INTERVAL
    least, mean, most = rtt_ms
    return {
        "sent": len(answers),
        "received": sum(answers),
        "losses": losses,
        "rtt_ms": {"min": least, "avg": mean, "max": most} if any(answers) else None,
    }


def _measured(*targets):
    return measured(targets, INTERVAL, max(item["sent"] for item in targets) * INTERVAL)


def test_a_path_without_losses_needs_no_more_than_the_least():
    noise = _measured(_target([True] * 60))
    assert repetition(noise, 3, 0.1).number == 3
    assert not doubt(noise, 3, 0.1)


@pytest.mark.parametrize("answers", [[False] * 60, [True] * 20 + [False] * 40])
def test_the_fault_itself_is_no_noise(answers):
    noise = _measured(_target(answers), _target([True] * 60))
    assert noise == _measured(_target([True] * 60))


def test_a_third_of_losses_needs_as_many_questions_as_exclude_coincidence():
    noise = Noise(loss=0.3)
    assert 0.3 ** repetition(noise, 2, 0.1).number <= CHANCE < 0.3 ** (repetition(noise, 2, 0.1).number - 1)


def test_more_answers_that_may_be_missing_need_more_questions():
    noise = Noise(loss=0.2)
    assert repetition(noise, 2, 0.1, of=128).number > repetition(noise, 2, 0.1).number


def test_a_path_that_recovers_by_itself_is_asked_for_longer_than_its_silence_or_not_at_all():
    short, long = _measured(_target(([True] * 6 + [False] * 6) * 5)), _measured(_target([True, *[False] * 20, True]))
    wanted = repetition(short, 3, 0.1)
    assert (wanted.number - 1) * wanted.gap >= 2 * short.burst
    assert "answered again by themselves" in doubt(long, 3, 0.1)


def test_a_container_that_comes_and_goes_is_no_noise_of_the_way_to_a_gateway():
    container = {**_target([True, *[False] * 20, True]), "kind": "host_to_container"}
    gateway = {**_target([True] * 6 + [False] * 16), "kind": "gateway_from_link"}
    assert not doubt(_measured(*to_gateways([container, gateway])), 3, 0.1)
    # Where no gateway answers, others may tell what the network loses.
    mute = {**_target([False] * 22), "kind": "gateway_from_link"}
    assert doubt(_measured(*to_gateways([container, mute])), 3, 0.1)


def test_slow_answers_are_waited_for():
    noise = _measured(_target([True] * 10, rtt_ms=(900, 950, 1000)))
    assert noise.patience >= 1.9
    assert Noise(rtt=60.0).patience == PATIENCE_MAX


def test_nearly_total_loss_proves_nothing():
    assert "were lost while targets answered" in doubt(Noise(loss=0.9), 3, 0.1)


def test_properties_hold_for_any_noise():
    draw = random.Random(1)
    for dummy in range(2000):
        noise = Noise(draw.random(), draw.choice([0.0, draw.random() * 10]), draw.random() * 4, draw.random())
        least, gap, of = draw.randint(1, 5), draw.choice([0.0, 0.1, 0.25]), draw.randint(1, 144)
        wanted = repetition(noise, least, gap, of)
        assert wanted.number >= least
        assert wanted.gap >= gap
        assert PATIENCE_MIN <= wanted.patience <= PATIENCE_MAX
        assert max(noise.loss, 0.001) ** wanted.number * of <= CHANCE * 1.000001 or noise.loss > 0.999
        if not doubt(noise, least, gap, of):
            assert wanted.number <= NUMBER_MAX
            assert wanted.seconds <= 2 * SPAN_MAX + PATIENCE_MAX


def test_measured_loss_of_random_paths_is_near_the_real_one_and_burst_is_what_ended():
    draw = random.Random(2)
    for dummy in range(200):
        share = draw.random() * 0.6
        answers = [draw.random() > share for dummy in range(400)]
        noise = _measured(_target(answers))
        assert share - 0.12 < noise.loss < share + 0.12
        assert noise.burst <= 400 * INTERVAL
