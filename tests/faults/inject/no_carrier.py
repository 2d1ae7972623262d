# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cable of the parent is out for good."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.lab import NamespaceLab


def _unplug(lab: NamespaceLab) -> None:
    lab.switch.ip("link", "set", lab.web1.port, "down")


def _plug(lab: NamespaceLab) -> None:
    lab.switch.ip("link", "set", lab.web1.port, "up")


FAULTS = [
    Fault("no_carrier", _unplug, _plug),
    Fault("no_carrier/during", _unplug, _plug, during=True),
]
