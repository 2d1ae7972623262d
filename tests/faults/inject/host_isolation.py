# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A routing rule sends the host's packets for its containers out of their parent."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.lab import FLEET, SUBNET, WEB1, NamespaceLab

RULE = ("to", FLEET[WEB1].container_range, "lookup", "100")


def _divert(lab: NamespaceLab) -> None:
    lab.web1.ip("route", "add", SUBNET, "dev", "eth0", "table", "100")
    lab.web1.ip("rule", "add", *RULE)


def _undo(lab: NamespaceLab) -> None:
    lab.web1.ip("rule", "delete", *RULE)
    lab.web1.ip("route", "flush", "table", "100")


FAULTS = [Fault("host_isolation", _divert, _undo, quick=True)]
