# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The link has no address, as after a tool that created it without one."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.lab import FLEET, WEB1, NamespaceLab


def _remove(lab: NamespaceLab) -> None:
    lab.web1.ip("address", "delete", f"{FLEET[WEB1].host_address}/32", "dev", "lan0")


FAULTS = [Fault("address_absent", _remove, lambda lab: lab.deploy(WEB1))]
