# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host's link has its address and no route to the containers."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.lab import FLEET, WEB1, NamespaceLab


def _remove(lab: NamespaceLab) -> None:
    lab.web1.ip("route", "delete", FLEET[WEB1].container_range, "dev", "lan0")


FAULTS = [Fault("route_absent", _remove, lambda lab: lab.deploy(WEB1))]
