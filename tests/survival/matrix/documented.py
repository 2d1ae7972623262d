# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a form is known to be late: docs/survival.md says so, and `auto` never chooses such a form. Pure."""

from __future__ import annotations

from .results import Cell
from .rows import Row

#: Why, in words, by form, kind of host and event.
LATE = {
    ("networkmanager", "vm", "removed"): (
        "NetworkManager makes the link once the parent's profile is active, and duplicate address detection of IPv6"
        " follows: on a busy processor without KVM that was 2 s to 7.5 s"
    ),
}


def reason(row: Row, event: str, cell: Cell | None) -> str:
    """Why a cell need not be green; empty where it has to be: in forms that `auto` chooses, and where all is lost."""
    if row.auto or cell is None or cell.seconds is None:
        return ""
    return LATE.get((row.form, row.kind, event), "")
