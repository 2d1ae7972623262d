# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A virtual machine's link in mode passthru occupies the parent."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.lab import WEB1, NamespaceLab


def _inject(lab: NamespaceLab) -> None:
    lab.remove_links(WEB1)
    lab.web1.ip("link", "add", "link", "eth0", "name", "vm0", "type", "macvlan", "mode", "passthru")
    lab.web1.ip("link", "set", "vm0", "up")


def _undo(lab: NamespaceLab) -> None:
    lab.web1.ip("link", "delete", "vm0")
    lab.make_links(WEB1)


FAULTS = [Fault("passthru_exclusive", _inject, _undo)]
