# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The matrix as Markdown tables: an event in each line, a form in each column, seconds in the cells. Pure."""

from __future__ import annotations

import textwrap

from .documented import reason
from .events import Event
from .results import Cell, Results
from .rows import SYSTEMS, Row

NOT_RUN, NOT_THERE = "?", "-"

#: Of the words above a table.
WIDTH = 118

KINDS = {"nspawn": "Containers with systemd, without udev", "vm": "Virtual machines, with udev and kernel modules"}
ACCELERATORS = {"kvm": "QEMU with KVM", "tcg": "QEMU without KVM (emulation)"}
OWNERS = {"networkmanager": "NetworkManager", "networkd": "systemd-networkd", "none": "nothing"}


def render(rows: list[Row], events: list[Event], results: Results) -> str:
    """A table for each kind of host that has results, then what was wrong in red cells, and what is documented."""
    parts = []
    for kind, title in KINDS.items():
        shown = [row for row in rows if row.kind == kind]
        known = [cell for row in shown for event in events if (cell := results.get(row.name, event.name))]
        if known:
            about = "; ".join(filter(None, [title, _systems(shown, events, results), _circumstances(known)]))
            parts.append(f"{textwrap.fill(about, WIDTH)}:\n\n{_table(shown, events, results)}")
    return "\n".join([*parts, _notes(rows, events, results)])


def _systems(rows: list[Row], events: list[Event], results: Results) -> str:
    """The systems, in the order of a cell's figures, with the kernels of virtual machines."""
    said = []
    for system, name in SYSTEMS.items():
        group = [row for row in rows if row.system == system]
        cells = [results.get(row.name, event.name) for row in group if row.kind == "vm" for event in events]
        kernels = sorted({cell.kernel for cell in cells if cell and cell.kernel})
        if group:
            said.append(f"{name} (Linux {', '.join(kernels)})" if kernels else name)
    return " / ".join(said)


def _circumstances(cells: list[Cell]) -> str:
    """The days and accelerators of these cells, and the kernel where it is one for all: that of the machine."""
    words = []
    if not any(cell.accelerator for cell in cells):
        words += sorted({f"Linux {cell.kernel}" for cell in cells if cell.kernel})
    words += sorted({ACCELERATORS[cell.accelerator] for cell in cells if cell.accelerator})
    dates = sorted({cell.date for cell in cells if cell.date})
    return ", ".join([*words, " to ".join(dict.fromkeys([*dates[:1], *dates[-1:]]))]).strip(", ")


def _table(rows: list[Row], events: list[Event], results: Results) -> str:
    columns: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        columns.setdefault((row.manager, row.form), []).append(row)
    lines = [
        ["parent's manager", *(OWNERS.get(manager, manager) for manager, _form in columns)],
        ["---", *["---"] * len(columns)],
        ["`persistence`", *(f"`{key[1]}`" + (", auto" if group[0].auto else "") for key, group in columns.items())],
    ]
    for event in events:
        cells = [" / ".join(_cell(row, event, results) for row in group) for group in columns.values()]
        cells = [NOT_THERE if set(cell) <= {*NOT_THERE, *" /"} else cell for cell in cells]
        if any(cell != NOT_THERE for cell in cells):
            lines.append([event.title, *cells])
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _cell(row: Row, event: Event, results: Results) -> str:
    if event.missing(row):
        return NOT_THERE
    cell = results.get(row.name, event.name)
    if cell is None:
        return NOT_RUN
    seconds = "never" if cell.seconds is None else f"{cell.seconds:.1f}"
    if cell.green:
        return seconds
    return f"({seconds})" if reason(row, event.name, cell) else f"**{seconds}**"


def _notes(rows: list[Row], events: list[Event], results: Results) -> str:
    """What was wrong where, and what is documented."""
    found = [(row, event, results.get(row.name, event.name)) for row in rows for event in events]
    missed = [(row, event, cell) for row, event, cell in found if cell and not cell.green]
    red, known = [], []
    for row, event, cell in missed:
        why = reason(row, event.name, cell)
        if why:
            known.append(f"- ( ) `{row.form}`, {event.title}: {why}")
        else:
            red.append(f"- {row.name}, {event.title}: {cell.wrong}")
    return "".join(f"{line}\n" for line in [*red, *dict.fromkeys(known)])
