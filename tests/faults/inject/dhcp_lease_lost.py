# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A container's lease ends in three seconds, and no client renews it."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.lab import FLEET, GATEWAY, WEB1, NamespaceLab

ADDRESS = f"{FLEET[WEB1].containers[0]}/24"
SECONDS = 3


def _lease(lab: NamespaceLab) -> None:
    lifetime = ("valid_lft", str(SECONDS), "preferred_lft", str(SECONDS))
    lab.c1.ip("address", "change", ADDRESS, "dev", "eth0", *lifetime)


def _renew(lab: NamespaceLab) -> None:
    lab.c1.ip("address", "replace", ADDRESS, "dev", "eth0")
    lab.c1.ip("route", "replace", "default", "via", GATEWAY)


FAULTS = [Fault("dhcp_lease_lost", _lease, _renew, during=True, signature=SECONDS, lasts=12.0)]
