# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parent becomes a bond that balances by MAC addresses, and gets no link."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.lab import FLEET, GATEWAY, WEB1
from tests.faults.nspawn_lab import NspawnLab

#: The parent's address and route, which are lost with its last address and when it goes down.
CONFIGURE = f"ip address add {FLEET[WEB1].parent_address} dev $device; ip route add default via {GATEWAY}"
BOND = f"""ip address flush dev eth0
ip link add bond0 type bond mode balance-alb miimon 100
for port in eth0 eth1; do ip link set $port down; ip link set $port master bond0; done
ip link set bond0 up
device=bond0; {CONFIGURE}
"""
NO_BOND = f"ip link delete bond0; ip link set eth1 down; ip link set eth0 up; device=eth0; {CONFIGURE}"


def _inject(lab: NspawnLab) -> None:
    lab.remove_links(WEB1)
    lab.web1.shell(BOND)
    lab.declared[WEB1] = [{**network, "parent": "bond0"} for network in FLEET[WEB1].networks]


def _undo(lab: NspawnLab) -> None:
    lab.declared[WEB1] = FLEET[WEB1].networks
    lab.web1.shell(NO_BOND)
    lab.make_links(WEB1)


FAULTS = [Fault("bond_mode_unsupported", _inject, _undo, lab="vm")]
