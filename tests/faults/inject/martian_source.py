# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A container has an address that is a broadcast address of the host, or that the host routes to itself."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.lab import FLEET, GATEWAY, WEB1, NamespaceLab

OWN = "192.168.100.142/28"
LAST, USUAL = "192.168.100.143/24", f"{FLEET[WEB1].containers[1]}/24"


def _move(lab: NamespaceLab, old: str, new: str) -> None:
    lab.c2.ip("address", "delete", old, "dev", "eth0")
    lab.c2.ip("address", "add", new, "dev", "eth0")
    lab.c2.ip("route", "replace", "default", "via", GATEWAY)


def _narrow(lab: NamespaceLab) -> None:
    _move(lab, USUAL, LAST)
    lab.web1.ip("address", "add", OWN, "dev", "lan0")


def _undo(lab: NamespaceLab) -> None:
    lab.web1.ip("address", "delete", OWN, "dev", "lan0")
    _move(lab, LAST, USUAL)


def _claim(lab: NamespaceLab) -> None:
    """As ipvs and transparent proxies do, for addresses that are nobody's elsewhere."""
    lab.web1.ip("route", "add", "local", f"{FLEET[WEB1].containers[0]}/32", "dev", "lo")


def _release(lab: NamespaceLab) -> None:
    lab.web1.ip("route", "delete", "local", f"{FLEET[WEB1].containers[0]}/32", "dev", "lo")
    for place in (*lab.hosts.values(), lab.gateway, lab.station):
        place.ip("neighbour", "flush", "all")


FAULTS = [Fault("martian_source", _narrow, _undo), Fault("martian_source/local", _claim, _release)]
