# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host's link has the subnet's prefix, which works until its route follows the parent's."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.lab import FLEET, WEB1, NamespaceLab

LINK, PARENT = f"{FLEET[WEB1].host_address}/24", FLEET[WEB1].parent_address


def _by_hand(lab: NamespaceLab) -> None:
    """As common scripts do: an address with the subnet's prefix, and nothing else."""
    lab.web1.ip("address", "flush", "dev", "lan0")
    lab.web1.ip("route", "flush", "dev", "lan0", check=False)
    lab.web1.ip("address", "add", LINK, "dev", "lan0")


def _works(lab: NamespaceLab) -> None:
    """The same with the link's route first."""
    _by_hand(lab)
    lab.web1.ip("address", "delete", PARENT, "dev", "eth0")
    lab.web1.ip("address", "add", PARENT, "dev", "eth0")
    lab.web1.ip("route", "replace", "default", "via", "192.168.100.1")


def _bounce(lab: NamespaceLab) -> None:
    lab.web1.ip("link", "set", "lan0", "down")
    lab.web1.ip("link", "set", "lan0", "up")


FAULTS = [
    Fault("route_order", _by_hand, lambda lab: lab.deploy(WEB1), quick=True),
    Fault("route_order/works_then_breaks", _bounce, lambda lab: lab.deploy(WEB1), prepare=_works, during=True),
]
