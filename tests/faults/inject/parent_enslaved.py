# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parent became a port of a bridge, as for virtual machines."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.lab import FLEET, GATEWAY, WEB1, NamespaceLab


def _inject(lab: NamespaceLab) -> None:
    # a device with macvlan links cannot become a port
    lab.remove_links(WEB1)
    lab.web1.ip("link", "add", "br0", "type", "bridge")
    lab.web1.ip("link", "set", "br0", "up")
    lab.web1.ip("link", "set", "eth0", "master", "br0")


def _move_address(lab: NamespaceLab) -> None:
    """As the remedy asks what configures the bridge."""
    _hand_over(lab, "eth0", "br0")


def _hand_over(lab: NamespaceLab, old: str, new: str) -> None:
    lab.web1.ip("address", "flush", "dev", old, "scope", "global")
    lab.web1.ip("address", "replace", FLEET[WEB1].parent_address, "dev", new)
    lab.web1.ip("route", "replace", "default", "via", GATEWAY, "dev", new)


def _undo(lab: NamespaceLab) -> None:
    _hand_over(lab, "br0", "eth0")
    lab.web1.ip("link", "delete", "br0")
    lab.make_links(WEB1)


FAULTS = [Fault("parent_enslaved", _inject, _undo, asked=_move_address)]
