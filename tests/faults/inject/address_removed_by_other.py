# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Another program removes the address of the host's link, or the route to the containers."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping

from tests.faults.culprits import by_networkd, by_networkmanager
from tests.faults.fault import Fault
from tests.faults.inject.carrier_loss_drops_config import hand_made_route, restore
from tests.faults.lab import FLEET, WEB1, WEB2, NamespaceLab
from tests.faults.nspawn_lab import NspawnLab

#: Removes what its arguments name, like a network manager that restarts; it ends at once, like `ip` in a script.
MANAGER = """
import sys
from pyroute2 import IPRoute
with IPRoute() as netlink:
    link = netlink.link_lookup(ifname="lan0")[0]
    if sys.argv[1] == "address":
        netlink.addr("delete", index=link, address=sys.argv[2], prefixlen=32)
    else:
        netlink.route("delete", dst=sys.argv[2], oif=link, scope=253)
"""
PROGRAM = "linkmanagerd"
#: An additional address of a parent that is in no network manager's files: keepalived's, or one added by hand.
FOREIGN = "192.168.100.20/24"


def _run(what: str, value: str) -> Callable[[NamespaceLab], None]:
    def inject(lab: NamespaceLab) -> None:
        name = f"import ctypes; ctypes.CDLL(None).prctl(15, b'{PROGRAM}', 0, 0, 0)"
        lab.web1.run(sys.executable, "-c", f"{name}\n{MANAGER}", what, value)

    return inject


def _add(host: str) -> Callable[[NspawnLab], None]:
    return lambda lab: lab.hosts[host].ip("address", "add", FOREIGN, "dev", "eth0")


def _drop(host: str) -> Callable[[NspawnLab], None]:
    return lambda lab: lab.hosts[host].ip("address", "delete", FOREIGN, "dev", "eth0", check=False)


def _there(host: str) -> Callable[[NspawnLab], bool]:
    return lambda lab: FOREIGN in lab.hosts[host].ip("address", "show", "dev", "eth0").stdout


def _culprit(culprit: Mapping, lab: NamespaceLab) -> bool:
    return culprit.get("name") == PROGRAM


FAULTS = [
    Fault(
        "address_removed_by_other",
        _run("address", FLEET[WEB1].host_address),
        lambda lab: lab.deploy(WEB1),
        during=True,
        culprit=_culprit,
        quick=True,
    ),
    Fault(
        "address_removed_by_other/route",
        _run("route", FLEET[WEB1].container_range),
        lambda lab: lab.deploy(WEB1),
        during=True,
        culprit=_culprit,
    ),
    Fault(
        "address_removed_by_other/networkmanager",
        lambda lab: lab.web1.run("nmcli", "connection", "up", "eth0"),
        _drop(WEB1),
        prepare=_add(WEB1),
        during=True,
        culprit=by_networkmanager,
        restored=_there(WEB1),
        lab="nspawn",
    ),
    Fault(
        "address_removed_by_other/reconfigure",
        lambda lab: lab.web2.run("networkctl", "reconfigure", "eth0"),
        _drop(WEB2),
        prepare=_add(WEB2),
        during=True,
        host=WEB2,
        culprit=by_networkd,
        restored=_there(WEB2),
        lab="nspawn",
    ),
    Fault(
        "address_removed_by_other/restart",
        lambda lab: lab.web2.run("systemctl", "restart", "systemd-networkd.service"),
        restore,
        prepare=hand_made_route,
        during=True,
        host=WEB2,
        culprit=by_networkd,
        lab="nspawn",
    ),
]
