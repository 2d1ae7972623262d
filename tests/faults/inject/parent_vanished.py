# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parent interface is removed, as when a USB adapter is pulled out or a driver is loaded again."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.lab import WEB1, NamespaceLab


def _remove(lab: NamespaceLab) -> None:
    lab.web1.ip("link", "delete", "eth0")


def _back(lab: NamespaceLab) -> None:
    lab.plug_again(WEB1)


FAULTS = [
    Fault("parent_vanished", _remove, _back, during=True, quick=True),
    Fault("parent_vanished/before", _remove, _back),
]
