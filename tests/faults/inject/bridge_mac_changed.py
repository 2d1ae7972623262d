# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parent is a bridge with the MAC address of a virtual machine's port, and the machine stops."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.lab import FLEET, GATEWAY, WEB1, NamespaceLab

PARENT = FLEET[WEB1].parent_address
#: Lower than that of the host's own card, so that the bridge takes it.
MACHINE = "02:00:00:00:00:47"
CARD = "06:00:00:00:00:47"


def _bridge(lab: NamespaceLab) -> None:
    """The host's card becomes a port of a bridge that has its name, and a machine's port joins."""
    lab.remove_links(WEB1)
    web1 = lab.web1
    web1.ip("address", "flush", "dev", "eth0")
    web1.ip("link", "set", "eth0", "down")
    web1.ip("link", "set", "eth0", "name", "card0", "address", CARD)
    web1.ip("link", "add", "eth0", "type", "bridge", "mcast_snooping", "0")
    web1.ip("link", "add", "machine0", "address", MACHINE, "type", "veth", "peer", "name", "machine1")
    for port in ("card0", "machine0"):
        web1.ip("link", "set", port, "master", "eth0", "up")
    web1.ip("link", "set", "eth0", "up")
    web1.ip("address", "add", PARENT, "dev", "eth0")
    web1.ip("route", "add", "default", "via", GATEWAY)
    lab.make_links(WEB1)
    assert web1.mac() == MACHINE
    # a router with fixed entries does not hear of a change
    lab.gateway.ip(
        "neighbour", "replace", PARENT.split("/", maxsplit=1)[0], "lladdr", MACHINE, "dev", "eth0", "nud", "permanent"
    )  # fmt: skip
    lab.rest()


def _stop_machine(lab: NamespaceLab) -> None:
    lab.web1.ip("link", "delete", "machine0")


def _heal(lab: NamespaceLab) -> None:
    lab.gateway.ip("neighbour", "delete", PARENT.split("/", maxsplit=1)[0], "dev", "eth0")
    for link in ("eth0", "card0"):
        lab.web1.ip("link", "delete", link)
    lab.plug_again(WEB1)
    for place in (*lab.hosts.values(), *lab.containers.values(), lab.gateway, lab.station):
        place.ip("neighbour", "flush", "all")


FAULTS = [Fault("bridge_mac_changed", _stop_machine, _heal, prepare=_bridge, during=True)]
