# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Some generated scenarios, through the playbook. `make test-faults ARGS="--generated 200 --seed N"` runs many."""

from __future__ import annotations

import os

from tests.faults.generated.batch import play
from tests.faults.generated.compose import compose
from tests.faults.generated.figures import line

#: Seeds and indices: a daemon that deletes an address at a moment, a slow network, and both links in mode private.
QUICK = ((1, 19), (1, 4), (2, 26))
SEEDS = [int(seed) for seed in os.environ.get("SEEDS", "").split()]


def test_generated_scenarios_get_their_answers():
    items = [compose(*numbers) for numbers in QUICK]
    items += [compose(seed, index) for seed in SEEDS for index in range(20)]
    outcomes = play(items, 3, None)
    assert all(item.good for item in outcomes), "\n".join(line(item) for item in outcomes if not item.good)
