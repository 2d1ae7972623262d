# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a watch ends early."""

from __future__ import annotations

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.asking import Steady
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.progress import (
    ANSWERS,
    COMES_AND_GOES,
    QUICK,
    Progress,
    calm_since,
)


@pytest.mark.parametrize(
    ("broken", "returned", "after_break", "expected"),
    [
        (None, False, 3.0, None),
        (5.0, False, None, None),
        (5.0, False, 3.0, 8.0),
        (5.0, True, 3.0, 5.0 + COMES_AND_GOES * 3.0),
    ],
)
def test_what_comes_and_goes_is_watched_for_longer(broken, returned, after_break, expected) -> None:
    assert Progress(broken=broken, returned=returned).ends(after_break) == expected


def test_on_a_calm_path_the_seconds_count_from_the_first_loss() -> None:
    assert Progress(broken=5.0, since=3.5).ends(3.0) == 6.5
    assert Progress(broken=5.0, since=3.5, returned=True).ends(3.0) == 5.0 + COMES_AND_GOES * 3.0


@pytest.mark.parametrize(
    ("targets", "after_break", "expected"),
    [
        pytest.param([Steady(ANSWERS, 0.001, None), Steady(6, 0.001, 3.5)], 3.0, 3.5, id="calm"),
        pytest.param([Steady(ANSWERS, 0.001, 4.0), Steady(6, 0.001, 3.5)], 3.0, 4.0, id="the last one counts"),
        pytest.param([Steady(ANSWERS, 0.001, 5.5), Steady(6, 0.001, 3.5)], 3.0, 5.0, id="no later than it was found"),
        pytest.param([Steady(ANSWERS, 0.001, 1.0)], 3.0, 3.0, id="it goes on for a second"),
        pytest.param([Steady(ANSWERS, 0.001, 3.5)], 0.5, 5.0, id="for a shorter time where that is wanted"),
        pytest.param([Steady(ANSWERS, 2 * QUICK, None), Steady(6, 0.001, 3.5)], 3.0, None, id="a slow path"),
        pytest.param([Steady(ANSWERS - 1, 0.001, 3.5)], 3.0, None, id="too few answers"),
        pytest.param([Steady(ANSWERS, 0.001, None)], 3.0, None, id="nothing that had answered is lost"),
        pytest.param([Steady(ANSWERS, 0.001, 3.5)], None, None, id="it does not end early"),
        pytest.param([], 3.0, None, id="no targets"),
    ],
)
def test_a_watch_is_calm(targets, after_break, expected) -> None:
    assert calm_since(targets, 5.0, after_break) == expected
