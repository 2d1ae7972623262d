# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A neighbour uses the link's MAC address for the host's address, and the reverse path filter is strict."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.lab import NamespaceLab

HOST = "192.168.100.11"


def _strict(lab: NamespaceLab) -> None:
    for link in ("eth0", "lan0"):
        lab.web1.sysctl(f"net/ipv4/conf/{link}/rp_filter", 1)
    lab.gateway.ip("neighbour", "replace", HOST, "lladdr", lab.web1.mac("lan0"), "dev", "eth0", "nud", "permanent")


def _loose(lab: NamespaceLab) -> None:
    for link in ("eth0", "lan0"):
        lab.web1.sysctl(f"net/ipv4/conf/{link}/rp_filter", 0)
    lab.gateway.ip("neighbour", "delete", HOST, "dev", "eth0")


FAULTS = [
    Fault("strict_rp_filter", _strict, _loose, quick=True),
    Fault("strict_rp_filter/during", _strict, _loose, during=True),
]
