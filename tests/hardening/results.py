# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The figures of rows, saved to a file after each row."""

from __future__ import annotations

import json
import os
import platform
import time
import traceback
from dataclasses import asdict, dataclass
from pathlib import Path

from .row import Row, Tally


@dataclass(frozen=True)
class Figures:
    """What came of a row. not_run: the reason, empty where it was run. date: YYYY-MM-DD, UTC."""

    count: int = 0
    wanted: int = 0
    lost: int = 0
    let_in: int = 0
    failed: int = 0
    seconds: float = 0.0
    seed: int = 0
    measured: str = ""
    not_run: str = ""
    date: str = ""
    kernel: str = ""
    wrong: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether the law held in every case."""
        return not (self.lost or self.let_in or self.failed)


def run(row: Row, seed: int, minutes: float, wanted: int = 0) -> Figures:
    """Run a row. wanted: cases, instead of those of a whole run."""
    where = {"date": time.strftime("%Y-%m-%d", time.gmtime()), "kernel": platform.release(), "seed": seed}
    reason = row.unable()
    if reason:
        return Figures(not_run=reason, **where)
    tally = Tally(seed, wanted or row.wanted, minutes)
    began = time.monotonic()
    try:
        row.run(tally)
    except Exception:  # noqa: BLE001  (a row that breaks is a row that failed, and the others go on)
        tally.broke("failed", traceback.format_exc(limit=-3))
    return Figures(
        tally.count, tally.wanted, tally.lost, tally.let_in, tally.failed, time.monotonic() - began,
        measured=tally.measured, wrong=tuple(tally.wrong), **where,
    )  # fmt: skip


class Results:
    """Figures by row."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.figures = self._read()

    def _read(self) -> dict[str, Figures]:
        data = json.loads(self.path.read_text(encoding="utf-8")) if self.path.exists() else {}
        return {name: Figures(**{**item, "wrong": tuple(item["wrong"])}) for name, item in data.items()}

    def get(self, name: str) -> Figures | None:
        return self.figures.get(name)

    def put(self, name: str, figures: Figures) -> None:
        """Save one row's; those that another process has saved since stay."""
        self.figures = {**self.figures, **self._read(), name: figures}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        data = {key: asdict(item) for key, item in sorted(self.figures.items())}
        new = self.path.with_suffix(".new")
        new.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
        os.replace(new, self.path)
