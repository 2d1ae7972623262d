# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ARP is turned off on the host's link, or on a container's."""

from __future__ import annotations

from collections.abc import Callable

from tests.faults.fault import Fault
from tests.faults.lab import NamespaceLab


def _link(state: str) -> Callable[[NamespaceLab], None]:
    return lambda lab: lab.web1.ip("link", "set", "lan0", "arp", state) and None


def _container(state: str) -> Callable[[NamespaceLab], None]:
    return lambda lab: lab.c1.ip("link", "set", "eth0", "arp", state) and None


FAULTS = [
    Fault("noarp", _link("off"), _link("on"), quick=True),
    Fault("noarp/container", _container("off"), _container("on"), during=True),
]
