# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The switch has a static entry for the MAC address of a host's link on another machine's port."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.lab import NamespaceLab


def _pin(lab: NamespaceLab) -> None:
    lab.switch.run(
        "bridge", "fdb", "replace", lab.web1.mac("lan0"), "dev", lab.station.port, "master", "static", "sticky"
    )  # fmt: skip


def _clear(lab: NamespaceLab) -> None:
    lab.switch.run("bridge", "fdb", "delete", lab.web1.mac("lan0"), "dev", lab.station.port, "master")


FAULTS = [Fault("sticky_mac_elsewhere", _pin, _clear)]
