# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gateway dies, for all hosts of the segment in the same second."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.lab import NamespaceLab


def _die(lab: NamespaceLab) -> None:
    lab.switch.ip("link", "set", lab.gateway.port, "down")


def _live(lab: NamespaceLab) -> None:
    lab.switch.ip("link", "set", lab.gateway.port, "up")


FAULTS = [
    Fault("gateway_dead", _die, _live),
    Fault("gateway_dead/during", _die, _live, during=True),
    Fault("gateway_dead/on the other host", _die, _live, during=True, host="web2"),
]
