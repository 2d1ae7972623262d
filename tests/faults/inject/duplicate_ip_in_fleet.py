# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A container gets an address that a container of another host has, as with two equal ranges."""

from __future__ import annotations

from collections.abc import Mapping

from tests.faults.fault import Fault
from tests.faults.lab import FLEET, WEB2, NamespaceLab

TAKEN = f"{FLEET[WEB2].containers[0]}/24"


def _add(lab: NamespaceLab) -> None:
    lab.c1.ip("address", "add", TAKEN, "dev", "eth0")


def _remove(lab: NamespaceLab) -> None:
    lab.c1.ip("address", "delete", TAKEN, "dev", "eth0")
    for place in (*lab.hosts.values(), *lab.containers.values(), lab.gateway, lab.station):
        place.ip("neighbour", "flush", "all")


def _culprit(culprit: Mapping, lab: NamespaceLab) -> bool:
    return culprit["host"] == WEB2 and culprit["mac"] == lab.containers["web2-c1"].mac()


FAULTS = [
    Fault("duplicate_ip_in_fleet", _add, _remove, culprit=_culprit),
    Fault("duplicate_ip_in_fleet/during", _add, _remove, during=True, culprit=_culprit),
]
