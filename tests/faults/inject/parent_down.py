# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parent is set down."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.lab import GATEWAY, WEB1, NamespaceLab


def _down(lab: NamespaceLab) -> None:
    lab.web1.ip("link", "set", "eth0", "down")


def _up(lab: NamespaceLab) -> None:
    lab.web1.ip("link", "set", "eth0", "up")
    lab.web1.ip("route", "replace", "default", "via", GATEWAY)
    lab.deploy(WEB1)


FAULTS = [
    Fault("parent_down", _down, _up),
    Fault("parent_down/during", _down, _up, during=True),
]
