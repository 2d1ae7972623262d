# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Another program changes the MAC address of the link, as udev and network managers do."""

from __future__ import annotations

import json

from tests.faults.fault import Fault
from tests.faults.lab import FLEET, WEB1, NamespaceLab

OTHER = "02:00:5e:77:00:01"


def _keep_neighbour(lab: NamespaceLab) -> None:
    """Give a container a static neighbour entry, as a protection against ARP spoofing."""
    mac = json.loads(lab.web1.ip("-json", "link", "show", "lan0").stdout)[0]["address"]
    lab.c1.ip("neighbour", "replace", FLEET[WEB1].host_address, "lladdr", mac, "dev", "eth0", "nud", "permanent")


def _rewrite(lab: NamespaceLab) -> None:
    lab.web1.ip("link", "set", "lan0", "address", OTHER)


def _undo(lab: NamespaceLab) -> None:
    lab.deploy(WEB1)
    lab.c1.ip("neighbour", "flush", "dev", "eth0", "nud", "all")


FAULTS = [
    Fault("mac_rewritten", _rewrite, _undo, during=True),
    Fault("mac_rewritten/kept", _rewrite, _undo, prepare=_keep_neighbour),
]
