# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rows of the matrix: each persistent form on each manager of the parent and each operating system."""

from __future__ import annotations

from dataclasses import dataclass

#: Every form on every manager where it can work: form, who owns the parent. A new back end is a line here.
FORMS = (
    ("networkd", "networkd"),
    ("netplan", "netplan"),
    ("systemd", "networkmanager"),
    ("networkmanager", "networkmanager"),
    ("ifupdown", "ifupdown"),
    ("systemd", "none"),
    ("systemd", "networkd"),
)

#: What `auto` chooses for a manager of the parent.
AUTO = {
    "networkd": "networkd",
    "netplan": "netplan",
    "networkmanager": "systemd",
    "ifupdown": "ifupdown",
    "none": "systemd",
}

SYSTEMS = {"bookworm": "Debian 12", "trixie": "Debian 13"}

#: Names of hosts are short: ports of the switch are named after them.
SHORT = {
    "networkmanager": "nm",
    "networkd": "nd",
    "netplan": "np",
    "ifupdown": "ifup",
    "systemd": "unit",
    "none": "bare",
}


@dataclass(frozen=True)
class Row:
    """form: the value of ``persistence``. manager: of the parent. number: makes addresses of rows unique."""

    form: str
    manager: str
    system: str
    kind: str
    number: int

    @property
    def name(self) -> str:
        """Of the host in the lab, and of the row in results."""
        parts = [SHORT[self.manager], SHORT[self.form], self.system, self.kind]
        return "-".join(parts)

    @property
    def auto(self) -> bool:
        return AUTO[self.manager] == self.form


ROWS = tuple(
    Row(form, manager, system, kind, number)
    for kind in ("nspawn", "vm")
    for number, (form, manager, system) in enumerate(
        ((form, manager, system) for form, manager in FORMS for system in SYSTEMS), start=1
    )
)
