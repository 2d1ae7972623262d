# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host's link and its parent both answer for the host's address, as with the kernel's default ARP settings."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.lab import WEB1, NamespaceLab


def _flux(lab: NamespaceLab) -> None:
    for link in ("all", "eth0", "lan0"):
        lab.web1.sysctl(f"net/ipv4/conf/{link}/arp_filter", 0)
        lab.web1.sysctl(f"net/ipv4/conf/{link}/arp_ignore", 0)


FAULTS = [Fault("arp_flux", _flux, lambda lab: lab.deploy(WEB1))]
