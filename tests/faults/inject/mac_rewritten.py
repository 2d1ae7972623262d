# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Somebody gives the link another MAC address, as udev and network managers do."""

from __future__ import annotations

import json

from tests.faults.fault import Fault
from tests.faults.lab import FLEET, WEB1, NamespaceLab

OTHER = "02:00:5e:77:00:01"


def _keep_neighbour(lab: NamespaceLab) -> None:
    """A container that has the MAC address from its configuration, as with protection against forged ARP."""
    mac = json.loads(lab.web1.ip("-json", "link", "show", "lan0").stdout)[0]["address"]
    lab.c1.ip("neighbour", "replace", FLEET[WEB1].host_address, "lladdr", mac, "dev", "eth0", "nud", "permanent")


def _rewrite(lab: NamespaceLab) -> None:
    lab.web1.ip("link", "set", "lan0", "address", OTHER)


def _heal(lab: NamespaceLab) -> None:
    lab.deploy(WEB1)
    lab.c1.ip("neighbour", "flush", "dev", "eth0", "nud", "all")


FAULTS = [
    Fault("mac_rewritten", _rewrite, _heal, during=True),
    Fault("mac_rewritten/kept", _rewrite, _heal, prepare=_keep_neighbour),
]
