# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a form is known not to do in time. The README says so, and `auto` never takes such a form. Pure."""

from __future__ import annotations

from .rows import Row

#: Why, in words, by form, kind of host and event.
LATE = {
    ("networkmanager", "vm", "removed"): (
        "NetworkManager activates its profile again after its parent's, and duplicate address detection of IPv6 comes"
        " on top of that"
    ),
}


def reason(row: Row, event: str) -> str:
    """Why a cell need not be green; empty where it has to be, as in every form that `auto` takes."""
    return "" if row.auto else LATE.get((row.form, row.kind, event), "")
