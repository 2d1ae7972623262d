# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The switch has a static entry for the MAC address of a host's link, or a container's, on another machine's port."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.lab import NamespaceLab


def _pin(lab: NamespaceLab) -> None:
    _entry(lab, "replace", lab.web1.mac("lan0"), "static", "sticky")


def _clear(lab: NamespaceLab) -> None:
    _entry(lab, "delete", lab.web1.mac("lan0"))


def _pin_container(lab: NamespaceLab) -> None:
    _entry(lab, "replace", lab.c1.mac(), "static", "sticky")


def _clear_container(lab: NamespaceLab) -> None:
    _entry(lab, "delete", lab.c1.mac())


def _entry(lab: NamespaceLab, verb: str, mac: str, *kind: str) -> None:
    lab.switch.run("bridge", "fdb", verb, mac, "dev", lab.station.port, "master", *kind)


FAULTS = [
    Fault("sticky_mac_elsewhere", _pin, _clear),
    Fault("sticky_mac_elsewhere/of a container", _pin_container, _clear_container),
]
