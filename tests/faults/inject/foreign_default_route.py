# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A DHCP client takes the macvlan link for an uplink and gives it a default route."""

from __future__ import annotations

import sys

from tests.faults.fault import Fault
from tests.faults.lab import GATEWAY, NamespaceLab

PROGRAM = "dhcpclientd"
#: protocol 16: RTPROT_DHCP; scope 253: link (linux/rtnetlink.h)
CLIENT = f"""
import ctypes
from pyroute2 import IPRoute
ctypes.CDLL(None).prctl(15, b"{PROGRAM}", 0, 0, 0)
with IPRoute() as netlink:
    link = netlink.link_lookup(ifname="lan0")[0]
    netlink.route("add", dst="0.0.0.0/0", oif=link, priority=50, proto=16, scope=253)
"""


def _as_managers_do(lab: NamespaceLab) -> None:
    """The uplink's default route has a metric, like those of NetworkManager and systemd-networkd."""
    lab.web1.ip("route", "delete", "default")
    lab.web1.ip("route", "add", "default", "via", GATEWAY, "dev", "eth0", "metric", "100")


def _inject(lab: NamespaceLab) -> None:
    lab.web1.run(sys.executable, "-c", CLIENT)


def _undo(lab: NamespaceLab) -> None:
    lab.web1.ip("route", "delete", "default", "dev", "lan0")
    lab.web1.ip("route", "delete", "default")
    lab.web1.ip("route", "add", "default", "via", GATEWAY)


FAULTS = [
    Fault(
        "foreign_default_route",
        _inject,
        _undo,
        prepare=_as_managers_do,
        during=True,
        culprit=lambda culprit, lab: culprit.get("name") == PROGRAM,
    ),
]
