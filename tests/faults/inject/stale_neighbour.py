# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A container is recreated with another MAC address, and does not announce it."""

from __future__ import annotations

from collections.abc import Mapping

from tests.faults.fault import Fault
from tests.faults.lab import FLEET, GATEWAY, WEB1, NamespaceLab

ADDRESS = FLEET[WEB1].containers[0]
OWN = (FLEET[WEB1].host_address, FLEET[WEB1].parent_address.split("/", maxsplit=1)[0])


def _again(lab: NamespaceLab) -> None:
    """It knows the host already, so that no request of its own reveals its new address."""
    lab.c1.ip("link", "delete", "eth0")
    lab.web1.ip(
        "link", "add", "link", "eth0", "name", "eth0", "netns", lab.c1.netns, "type", "macvlan", "mode", "bridge"
    )  # fmt: skip
    lab.c1.ip("link", "set", "eth0", "up")
    for address in OWN:
        lab.c1.ip("neighbour", "replace", address, "lladdr", lab.web1.mac("lan0"), "dev", "eth0", "nud", "permanent")
    lab.c1.ip("address", "add", f"{ADDRESS}/24", "dev", "eth0")
    lab.c1.ip("route", "add", "default", "via", GATEWAY)


def _forget(lab: NamespaceLab) -> None:
    for address in OWN:
        lab.c1.ip("neighbour", "delete", address, "dev", "eth0")
    for place in (*lab.hosts.values(), *lab.containers.values(), lab.gateway, lab.station):
        place.ip("neighbour", "flush", "all")


def _by_hand(lab: NamespaceLab) -> None:
    lab.web1.ip("neighbour", "replace", ADDRESS, "lladdr", "02:00:5e:10:00:02", "dev", "lan0", "nud", "permanent")


def _delete(lab: NamespaceLab) -> None:
    lab.web1.ip("neighbour", "delete", ADDRESS, "dev", "lan0")


def _by_gateway(lab: NamespaceLab) -> None:
    """A router on which somebody has entered the MAC address that the container had."""
    entry = ["lladdr", "02:00:5e:10:00:04", "dev", "eth0", "nud", "permanent"]
    lab.gateway.ip("neighbour", "replace", ADDRESS, *entry)


def _enter_no_more(lab: NamespaceLab) -> None:
    lab.gateway.ip("neighbour", "delete", ADDRESS, "dev", "eth0")


def _culprit(culprit: Mapping, lab: NamespaceLab) -> bool:
    return culprit["mac"] == lab.c1.mac()


FAULTS = [
    Fault("stale_neighbour", _again, _forget, during=True, culprit=_culprit),
    Fault("stale_neighbour/by_hand", _by_hand, _delete, culprit=_culprit),
    Fault("stale_neighbour/at the gateway", _by_gateway, _enter_no_more),
]
