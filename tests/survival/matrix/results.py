# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The results of the cells, saved to a file after each of them, so that a run can be resumed."""

from __future__ import annotations

import json
import os
import threading
from dataclasses import asdict, dataclass
from pathlib import Path

from .place import LIMIT


@dataclass(frozen=True)
class Cell:
    """seconds: until recovery, None where there was none. wrong: empty where the cell is green.

    date: YYYY-MM-DD, UTC. kernel: release of the host's kernel. accelerator: of its QEMU, empty if it has none.
    """

    seconds: float | None
    wrong: str = ""
    date: str = ""
    kernel: str = ""
    accelerator: str = ""

    @property
    def green(self) -> bool:
        return self.seconds is not None and self.seconds <= LIMIT

    def __str__(self) -> str:
        seconds = "-" if self.seconds is None else f"{self.seconds:.1f} s"
        return f"{'ok ' if self.green else 'RED'} {seconds:7} {'' if self.green else self.wrong}".rstrip()


class Results:
    """Cells by row and event."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        data = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        self.cells = {row: {event: Cell(**cell) for event, cell in cells.items()} for row, cells in data.items()}

    def get(self, row: str, event: str) -> Cell | None:
        return self.cells.get(row, {}).get(event)

    def has(self, row: str, event: str) -> bool:
        """Whether there is a green cell."""
        cell = self.get(row, event)
        return cell is not None and cell.green

    def forget(self, row: str, event: str) -> None:
        self.cells.get(row, {}).pop(event, None)

    def put(self, row: str, event: str, cell: Cell) -> None:
        with self._lock:
            self.cells.setdefault(row, {})[event] = cell
            self.path.parent.mkdir(parents=True, exist_ok=True)
            data = {name: {key: asdict(item) for key, item in cells.items()} for name, cells in self.cells.items()}
            new = self.path.with_suffix(".new")
            new.write_text(json.dumps(data, indent=1), encoding="utf-8")
            os.replace(new, self.path)
