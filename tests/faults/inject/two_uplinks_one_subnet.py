# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host gets a second uplink into the same subnet, whose route comes first."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.lab import FLEET, GATEWAY, WEB1, NamespaceLab

PARENT = FLEET[WEB1].parent_address


def _inject(lab: NamespaceLab) -> None:
    lab.segment.plug(lab.web1, "eth1")
    lab.web1.ip("address", "add", "192.168.100.21/24", "dev", "eth1")
    # the parent's address is added again, as by a DHCP client: of two equal routes the older one counts
    lab.web1.ip("address", "delete", PARENT, "dev", "eth0")
    lab.web1.ip("address", "add", PARENT, "dev", "eth0")
    lab.web1.ip("route", "replace", "default", "via", GATEWAY)


def _undo(lab: NamespaceLab) -> None:
    lab.web1.ip("link", "delete", "eth1")
    lab.web1.ip("route", "replace", "default", "via", GATEWAY)


FAULTS = [Fault("two_uplinks_one_subnet", _inject, _undo)]
