# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A few of the hosts of ``make test-composed``: site.yml converges and teardown.yml restores, or site.yml refuses."""

from __future__ import annotations

import os

from tests.composed.grammar import compose
from tests.composed.trial import lab_of, run_round

#: One for each host of the lab.
SEEDS = os.environ.get("SEEDS", "12,7,15")


def test_a_few_composed_hosts():
    cases = [compose(int(seed)) for seed in SEEDS.split(",")]
    with lab_of(case.host for case in cases) as lab:
        outcomes = run_round(lab, cases)
    assert [f"{item.case}: {item.verdict}: {item.message}" for item in outcomes if not item.holds] == []
