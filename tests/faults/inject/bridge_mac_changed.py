# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parent is a bridge with the MAC address of a virtual machine's port, and the machine stops."""

from __future__ import annotations

from tests.faults import bridged
from tests.faults.fault import Fault
from tests.faults.lab import FLEET, WEB1, NamespaceLab

PARENT = FLEET[WEB1].parent_address
#: Lower than that of the host's own card, so that the bridge uses it.
MACHINE = "02:00:00:00:00:47"
CARD = "06:00:00:00:00:47"


def _bridge(lab: NamespaceLab) -> None:
    """The host's card and a machine become ports of a bridge."""
    bridged.make(lab, WEB1, CARD, {"machine0": MACHINE})
    assert lab.web1.mac() == MACHINE
    # a router with static entries does not learn of a change
    lab.gateway.ip(
        "neighbour", "replace", PARENT.split("/", maxsplit=1)[0], "lladdr", MACHINE, "dev", "eth0", "nud", "permanent"
    )  # fmt: skip
    lab.rest()


def _stop_machine(lab: NamespaceLab) -> None:
    lab.web1.ip("link", "delete", "machine0")


def _undo(lab: NamespaceLab) -> None:
    lab.gateway.ip("neighbour", "delete", PARENT.split("/", maxsplit=1)[0], "dev", "eth0")
    bridged.undo(lab, WEB1)


FAULTS = [Fault("bridge_mac_changed", _stop_machine, _undo, prepare=_bridge, during=True)]
