# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a break on one host of a fleet to the printed verdict, beside a playbook with one task on the same hosts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from labkit.lab import Lab
from tests.bench import verdict
from tests.bench.row import Row, Work


@contextmanager
def beside(count: int, name: str) -> Iterator[dict[str, Work]]:
    with verdict.fleet(count) as lab:
        yield {
            "diagnose.yml, from the break": partial(seconds, lab, count, name),
            "a playbook with one task": partial(verdict.floor, lab, count),
        }


def seconds(lab: Lab, count: int, name: str) -> float:
    breaks, undo = verdict.BREAKS[name]
    run = verdict.diagnose(lab, count, breaks)
    undo(lab)
    return run.verdict - run.broken


ROWS = [
    Row(
        f"verdict/{count}/{name}",
        f"{count} namespace hosts are watched, and one breaks: {name.replace('-', ' ')}",
        partial(beside, count, name),
    )
    for count in (4, 20)
    for name in verdict.BREAKS
]
