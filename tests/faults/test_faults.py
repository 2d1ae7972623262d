# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults of several kinds are found with their culprit, and nothing else is. `make test-faults` injects all faults."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.fault import Fault, all_faults
from tests.faults.healthy import CONDITIONS
from tests.faults.lab import NamespaceLab
from tests.faults.trial import Trial, make


@pytest.fixture(scope="module")
def lab() -> Iterator[NamespaceLab]:
    made = NamespaceLab()
    try:
        yield made
    finally:
        made.close()


#: Faults whose remedies are carried out too; `make test-faults ARGS="--remedies"` carries out all.
REMEDIED = ("filter_drops", "noarp", "link_down")


@pytest.mark.parametrize(
    "fault", [fault for fault in all_faults() if fault.quick or fault.name in REMEDIED], ids=lambda fault: fault.name
)
def test_fault_is_found(lab: NamespaceLab, fault: Fault) -> None:
    trial = make(lab, fault, remedy=fault.name in REMEDIED)
    assert not trial.wrong, f"{trial.wrong}\n{trial.diagnosis.text()}"


def test_a_healthy_network_raises_no_false_alarm(lab: NamespaceLab) -> None:
    trial = Trial.healthy(lab, CONDITIONS[-1])
    assert not trial.wrong, f"{trial.wrong}\n{trial.diagnosis.text()}"
