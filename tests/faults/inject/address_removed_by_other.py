# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Another program takes the address of the host's link, or the route to the containers, away."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping

from tests.faults.fault import Fault
from tests.faults.lab import FLEET, WEB1, NamespaceLab

#: Removes what it is told to, as a network manager that restarts; it ends at once, as `ip` called by a script would.
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


def _run(what: str, value: str) -> Callable[[NamespaceLab], None]:
    def inject(lab: NamespaceLab) -> None:
        name = f"import ctypes; ctypes.CDLL(None).prctl(15, b'{PROGRAM}', 0, 0, 0)"
        lab.web1.run(sys.executable, "-c", f"{name}\n{MANAGER}", what, value)

    return inject


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
]
