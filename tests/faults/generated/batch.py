# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several scenarios at a time, and their figures."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from .compose import compose
from .figures import figures, line, text
from .run import Outcome, run
from .terms import Scenario


def scenarios(count: int, seed: int, index: int | None, seeds: int = 1) -> list[Scenario]:
    """As many of each seed from index 0 on, or that one and the next ones. The first ones of all seeds come first."""
    first = index or 0
    return [compose(seed + more, number) for number in range(first, first + count) for more in range(seeds)]


def play(items: Iterable[Scenario], jobs: int, keep: Path | None, until: float | None = None) -> list[Outcome]:
    """Run them, and print each. until: time.monotonic() after which none is started."""

    def one(scenario: Scenario) -> Outcome | None:
        return None if until is not None and time.monotonic() > until else run(scenario, keep)

    found: list[Outcome] = []
    with ThreadPoolExecutor(jobs) as pool:
        for done in as_completed([pool.submit(one, item) for item in items]):
            outcome = done.result()
            if outcome is not None:
                found.append(outcome)
                print(line(outcome), flush=True)
    return sorted(found, key=lambda item: (item.scenario.seed, item.scenario.index))


@dataclass(frozen=True)
class Batch:
    """What to run, and where to keep what. minutes: after which no more is started."""

    count: int
    seed: int
    index: int | None = None
    seeds: int = 1
    jobs: int | None = None
    minutes: float | None = None
    keep: str | None = None
    json: str | None = None

    @property
    def scenarios(self) -> list[Scenario]:
        return scenarios(self.count, self.seed, self.index, self.seeds)

    def run(self) -> int:
        """Print all and the figures; 1 where something is not as wanted."""
        until = time.monotonic() + 60 * self.minutes if self.minutes is not None else None
        jobs = self.jobs or max(2, os.cpu_count() or 1)
        outcomes = play(self.scenarios, jobs, Path(self.keep) if self.keep else None, until)
        summary = figures(outcomes)
        print(text(summary))
        if self.json:
            Path(self.json).write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
        return 0 if all(item.good for item in outcomes) else 1
