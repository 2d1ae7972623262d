# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The link and the containers are on the host's second interface, which is not in the network."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.lab import FLEET, GATEWAY, WEB1, NamespaceLab


def _plug(lab: NamespaceLab, connected: bool) -> None:
    """A second interface, connected to a switch of another network, or to nothing."""
    lab.switch.ip("link", "add", "other0", "type", "veth", "peer", "name", "eth1", "netns", lab.web1.netns)
    lab.web1.ip("link", "set", "eth1", "up")
    if connected:
        lab.switch.ip("link", "set", "other0", "up")
    _move(lab, "eth1")


def _move(lab: NamespaceLab, parent: str) -> None:
    """Move link and containers to another parent, as declared."""
    lab.web1.ip("link", "delete", "lan0")
    for inside, address in zip((lab.c1, lab.c2), FLEET[WEB1].containers, strict=True):
        inside.ip("link", "delete", "eth0")
        if parent == "eth0":
            lab.start_container(inside.name)
            continue
        lab.web1.ip(
            "link", "add", "link", parent, "name", "eth0", "netns", inside.netns, "type", "macvlan", "mode", "bridge"
        )
        inside.ip("link", "set", "eth0", "up")
        inside.ip("address", "add", f"{address}/24", "dev", "eth0")
        inside.ip("route", "add", "default", "via", GATEWAY)
    lab.declared[WEB1][0]["parent"] = parent
    lab.deploy(WEB1)


def _undo(lab: NamespaceLab) -> None:
    _move(lab, "eth0")
    lab.switch.ip("link", "delete", "other0")


FAULTS = [
    Fault("wrong_parent", lambda lab: _plug(lab, True), _undo),
    Fault("wrong_parent/unplugged", lambda lab: _plug(lab, False), _undo),
]
