# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The figures as JSON, as a Markdown table, and the page that holds it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import median

from .row import Figures, Row

HEAD = ("row", "work", "ours", "seconds", "compared with", "seconds", "ratio")
#: The table of the page is between these.
BEGIN, END = "<!-- figures: begin -->\n", "<!-- figures: end -->\n"


def load(path: Path) -> dict[str, Figures]:
    """The figures by row, none where there is no file."""
    if not path.exists():
        return {}
    return {name: Figures(**item) for name, item in json.loads(path.read_text(encoding="utf-8")).items()}


def save(path: Path, figures: Mapping[str, Figures]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    data = {name: asdict(item) for name, item in sorted(figures.items())}
    path.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")


def render(rows: Sequence[Row], figures: Mapping[str, Figures]) -> str:
    """A line for each row: medians, and between which figures they lie."""
    lines = [HEAD, tuple("---" for _word in HEAD)]
    lines += [(f"`{row.name}`", row.what, *_cells(figures.get(row.name))) for row in rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _cells(figures: Figures | None) -> tuple[str, ...]:
    if figures is None:
        return ("not measured yet", "", "", "", "")
    if figures.not_run:
        return (f"not run: {figures.not_run}", "", "", "", "")
    sides = [(name, _spread(times)) for name, times in figures.seconds.items()]
    ratio = figures.ratio
    return (*sides[0], *sides[1], "" if ratio is None else f"{ratio:.2f}")


def _spread(times: Sequence[float]) -> str:
    """``1.20 (1.10 to 1.40, 5 times)``"""
    return f"{median(times):.2f} ({min(times):.2f} to {max(times):.2f}, {len(times)} times)" if times else ""


def page(text: str, table: str) -> str:
    """The page with another table. Errors: ValueError if it has no place for one."""
    before, found, rest = text.partition(BEGIN)
    _old, ended, after = rest.partition(END)
    if not found or not ended:
        raise ValueError(f"the page lacks the lines {BEGIN.strip()} and {END.strip()}")
    return f"{before}{BEGIN}\n{table}\n{END}{after}"
