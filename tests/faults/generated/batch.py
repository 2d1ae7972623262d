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
from pathlib import Path

from .compose import compose
from .figures import figures, line, text
from .run import Outcome, run
from .terms import Scenario


def scenarios(count: int, seed: int, index: int | None) -> list[Scenario]:
    """As many from index 0 on, or that one and the next ones."""
    first = index or 0
    return [compose(seed, number) for number in range(first, first + count)]


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


def main(count: int, seed: int, index: int | None, jobs: int | None, keep: str | None, as_json: str | None) -> int:
    items = scenarios(count, seed, index)
    outcomes = play(items, jobs or max(2, os.cpu_count() or 1), Path(keep) if keep else None)
    summary = figures(outcomes)
    print(text(summary))
    if as_json:
        Path(as_json).write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
    return 0 if all(item.good for item in outcomes) else 1
