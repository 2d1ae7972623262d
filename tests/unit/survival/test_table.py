# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the table says of cells: in time, late, documented as late, not run; and on what they were measured."""

from __future__ import annotations

from pathlib import Path

import pytest
from matrix import documented, table
from matrix.events import EVENTS
from matrix.results import Cell, Results
from matrix.rows import FORMS, ROWS

CIRCUMSTANCES = {"date": "2026-01-02", "kernel": "6.1.0", "accelerator": "tcg"}


@pytest.fixture
def rendered(tmp_path: Path):
    """A function: cells by row and event -> the table of these rows."""

    def render(cells: dict[tuple[str, str], Cell]) -> str:
        results = Results(tmp_path / "results.json")
        for (row, event), cell in cells.items():
            results.put(row, event, cell)
        rows = [row for row in ROWS if row.name in {name for name, _event in cells}]
        events = [event for event in EVENTS if event.name in {name for _row, name in cells}]
        return table.render(rows, events, Results(results.path))

    return render


def test_in_time(rendered):
    text = rendered({
        ("nd-nd-bookworm-vm", "mtu"): Cell(0.4, **CIRCUMSTANCES),
        ("nd-nd-trixie-vm", "mtu"): Cell(5.0, **{**CIRCUMSTANCES, "kernel": "6.12.0", "date": "2026-01-03"}),
    })  # fmt: skip
    about = " ".join(text.partition(":\n")[0].split())
    assert about.endswith(
        "; Debian 12 (Linux 6.1.0) / Debian 13 (Linux 6.12.0); QEMU without KVM (emulation), 2026-01-02 to 2026-01-03"
    )
    assert "| parent's MTU 1400 and back | 0.4 / 5.0 |" in text


def test_late(rendered):
    text = rendered({("nd-nd-trixie-vm", "mtu"): Cell(5.1, "mtu is 1400, not 1500", **CIRCUMSTANCES)})
    assert "| parent's MTU 1400 and back | **5.1** |" in text
    assert "- nd-nd-trixie-vm, parent's MTU 1400 and back: mtu is 1400, not 1500\n" in text


def test_documented(rendered, monkeypatch):
    monkeypatch.setitem(documented.LATE, ("networkmanager", "vm", "mtu"), "it takes its time")
    late = Cell(7.0, "tentative", **CIRCUMSTANCES)
    text = rendered({("nm-nm-trixie-vm", "mtu"): late, ("nm-unit-trixie-vm", "mtu"): late})
    assert "| **7.0** | (7.0) |" in text
    assert "- ( ) `networkmanager`, parent's MTU 1400 and back: it takes its time\n" in text


def test_lost_is_not_late(rendered, monkeypatch):
    monkeypatch.setitem(documented.LATE, ("networkmanager", "vm", "mtu"), "it takes its time")
    text = rendered({("nm-nm-trixie-vm", "mtu"): Cell(None, "there is no lan0", **CIRCUMSTANCES)})
    assert "| **never** |" in text
    assert "- nm-nm-trixie-vm, parent's MTU 1400 and back: there is no lan0\n" in text


def test_not_run_and_not_there(rendered):
    text = rendered({
        ("bare-unit-bookworm-nspawn", "mtu"): Cell(0.0),
        ("nd-nd-bookworm-nspawn", "reload"): Cell(0.0),
    })  # fmt: skip
    assert "| manager reloaded | 0.0 | - |" in text
    assert "| parent's MTU 1400 and back | ? | 0.0 |" in text


def test_what_auto_takes_is_never_excused(monkeypatch):
    for form, _manager in FORMS:
        monkeypatch.setitem(documented.LATE, (form, "vm", "mtu"), "it takes its time")
    assert not [row.name for row in ROWS if row.auto and documented.reason(row, "mtu", Cell(7.0))]


def test_what_is_documented_exists():
    kinds = {(row.form, row.kind) for row in ROWS if not row.auto}
    events = {event.name for event in EVENTS}
    assert not [key for key in documented.LATE if key[:2] not in kinds or key[2] not in events]
