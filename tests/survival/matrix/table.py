# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The matrix as a Markdown table: a line for each row, a column for each event, seconds in the cells. Pure."""

from __future__ import annotations

from .events import Event
from .results import Results
from .rows import SYSTEMS, Row

NOT_RUN, NOT_THERE = "", "-"

KINDS = {"nspawn": "container", "vm": "machine"}
OWNERS = {"networkmanager": "NetworkManager", "networkd": "systemd-networkd", "none": "nothing"}


def render(rows: list[Row], events: list[Event], results: Results) -> str:
    head = ["`persistence`", "parent's manager", "system", "host", *(event.title for event in events)]
    lines = [head, ["---"] * 4 + ["--:"] * len(events)]
    lines += [_line(row, events, results) for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n\n" + _notes(rows, events, results)


def _line(row: Row, events: list[Event], results: Results) -> list[str]:
    form = f"`{row.form}`" + (" (auto)" if row.auto else "")
    owner = OWNERS.get(row.manager, row.manager)
    return [form, owner, SYSTEMS[row.system], KINDS[row.kind], *(_cell(row, event, results) for event in events)]


def _cell(row: Row, event: Event, results: Results) -> str:
    if event.missing(row):
        return NOT_THERE
    cell = results.get(row.name, event.name)
    if cell is None:
        return NOT_RUN
    seconds = "never" if cell.seconds is None else f"{cell.seconds:.1f}"
    return seconds if cell.green else f"**{seconds}**"


def _notes(rows: list[Row], events: list[Event], results: Results) -> str:
    """What was wrong where."""
    found = [(row, event, results.get(row.name, event.name)) for row in rows for event in events]
    red = [f"- {row.name}, {event.title}: {cell.wrong}" for row, event, cell in found if cell and not cell.green]
    return "".join(f"{line}\n" for line in red)
