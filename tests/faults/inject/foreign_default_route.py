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


#: What a timer starts; its process lives for some milliseconds.
UNIT = "uplink-route"
SERVICE = """
[Service]
Type=oneshot
ExecStart=/bin/ip route add default dev lan0 metric 50
"""
TIMER = """
[Timer]
OnActiveSec=0
AccuracySec=10ms
"""


def _make_timer(lab: NamespaceLab) -> None:
    for kind, text in (("service", SERVICE), ("timer", TIMER)):
        lab.web1.run("tee", f"/run/systemd/system/{UNIT}.{kind}", input=text)
    lab.web1.run("systemctl", "daemon-reload")


def _start_timer(lab: NamespaceLab) -> None:
    lab.web1.run("systemctl", "start", f"{UNIT}.timer")


def _stop_timer(lab: NamespaceLab) -> None:
    lab.web1.run("systemctl", "stop", f"{UNIT}.timer")
    lab.web1.run("rm", "-f", f"/run/systemd/system/{UNIT}.service", f"/run/systemd/system/{UNIT}.timer")
    lab.web1.run("systemctl", "daemon-reload")
    lab.web1.ip("route", "delete", "default", "dev", "lan0", check=False)


FAULTS = [
    Fault(
        "foreign_default_route/timer",
        _start_timer,
        _stop_timer,
        prepare=_make_timer,
        during=True,
        lasts=12.0,
        culprit=lambda culprit, lab: culprit.get("unit") == f"{UNIT}.service",
        lab="nspawn",
    ),
    Fault(
        "foreign_default_route",
        _inject,
        _undo,
        prepare=_as_managers_do,
        during=True,
        culprit=lambda culprit, lab: culprit.get("name") == PROGRAM,
    ),
]
