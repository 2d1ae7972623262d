# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A container is started with an address of its host."""

from __future__ import annotations

from collections.abc import Mapping

from tests.faults.fault import Fault
from tests.faults.lab import FLEET, WEB1, NamespaceLab

OWN = FLEET[WEB1].parent_address


def _take(lab: NamespaceLab) -> None:
    lab.c2.ip("address", "add", OWN, "dev", "eth0")


def _give_back(lab: NamespaceLab) -> None:
    lab.c2.ip("address", "delete", OWN, "dev", "eth0")
    for place in (*lab.hosts.values(), *lab.containers.values(), lab.gateway, lab.station):
        place.ip("neighbour", "flush", "all")


def _culprit(culprit: Mapping, lab: NamespaceLab) -> bool:
    return culprit["mac"] == lab.c2.mac() and "web1-c2" in culprit["text"]


FAULTS = [
    Fault("address_belongs_to_host", _take, _give_back, culprit=_culprit),
    Fault("address_belongs_to_host/during", _take, _give_back, during=True, culprit=_culprit),
]
