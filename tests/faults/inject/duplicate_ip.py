# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine on the LAN has the address of a container, of the host's own link, or of the gateway."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tests.faults.fault import Fault
from tests.faults.lab import FLEET, GATEWAY, WEB1, NamespaceLab

CONTAINER, LINK = FLEET[WEB1].containers[0], FLEET[WEB1].host_address


def _add(address: str) -> Callable[[NamespaceLab], None]:
    return lambda lab: lab.station.ip("address", "add", f"{address}/24", "dev", "eth0") and None


def _remove(address: str) -> Callable[[NamespaceLab], None]:
    def undo(lab: NamespaceLab) -> None:
        lab.station.ip("address", "delete", f"{address}/24", "dev", "eth0")
        for host in (lab.gateway, lab.web1, lab.web2, *lab.containers.values()):
            host.ip("neighbour", "flush", "all")

    return undo


def _culprit(culprit: Mapping, lab: NamespaceLab) -> bool:
    return culprit["mac"] == lab.station.mac()


FAULTS = [
    Fault("duplicate_ip", _add(CONTAINER), _remove(CONTAINER), culprit=_culprit, quick=True),
    Fault("duplicate_ip/gateway", _add(GATEWAY), _remove(GATEWAY), during=True, lasts=10.0),
    Fault("duplicate_ip/link", _add(LINK), _remove(LINK), culprit=_culprit),
]
