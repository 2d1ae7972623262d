# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A container of one host has the MAC address of another host's container."""

from __future__ import annotations

from collections.abc import Mapping

from tests.faults.fault import Fault
from tests.faults.lab import NamespaceLab

#: Of web1's first container, which gets its own again.
OWN = "02:00:5e:10:00:01"


def _prepare(lab: NamespaceLab) -> None:
    lab.c1.ip("link", "set", "eth0", "address", OWN)
    _forget(lab)


def _clone(lab: NamespaceLab) -> None:
    lab.c1.ip("link", "set", "eth0", "address", lab.containers["web2-c1"].mac())


def _undo(lab: NamespaceLab) -> None:
    lab.c1.ip("link", "set", "eth0", "address", OWN)
    _forget(lab)


def _forget(lab: NamespaceLab) -> None:
    """Delete the neighbour entries with the other MAC address."""
    for place in (*lab.hosts.values(), *lab.containers.values(), lab.gateway, lab.station):
        place.ip("neighbour", "flush", "all")


def _culprit(culprit: Mapping, lab: NamespaceLab) -> bool:
    return culprit["host"] == "web2" and culprit["mac"] == lab.containers["web2-c1"].mac()


FAULTS = [
    Fault("duplicate_mac_in_fleet", _clone, _undo, culprit=_culprit),
    Fault("duplicate_mac_in_fleet/during", _clone, _undo, prepare=_prepare, during=True, culprit=_culprit),
]
