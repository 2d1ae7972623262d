# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parent's port goes down for a while: once, and again and again."""

from __future__ import annotations

import time
from collections.abc import Callable

from tests.faults.fault import Fault
from tests.faults.lab import NamespaceLab

#: Seconds; longer than two rounds of probes, and all of it within the watch, which ends soon after a loss.
OUT, UP = 1.0, 0.3


def _flap(times: int) -> Callable[[NamespaceLab], None]:
    def inject(lab: NamespaceLab) -> None:
        for _number in range(times):
            lab.switch.ip("link", "set", lab.web1.port, "down")
            time.sleep(OUT)
            lab.switch.ip("link", "set", lab.web1.port, "up")
            time.sleep(UP)

    return inject


def _undo(lab: NamespaceLab) -> None:
    lab.switch.ip("link", "set", lab.web1.port, "up")


FAULTS = [
    Fault("port_flaps", _flap(1), _undo, during=True),
    Fault("port_flaps/twice", _flap(2), _undo, during=True),
]
