# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Another engine created an ipvlan link on the parent while the host's own link was missing."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.lab import WEB1
from tests.faults.nspawn_lab import NspawnLab


def _inject(lab: NspawnLab) -> None:
    lab.remove_links(WEB1)
    lab.web1.shell("ip link add link eth0 name ipv0 type ipvlan mode l2; ip link set ipv0 up")


def _undo(lab: NspawnLab) -> None:
    lab.web1.ip("link", "delete", "ipv0")
    lab.make_links(WEB1)


FAULTS = [Fault("ipvlan_on_parent", _inject, _undo, lab="vm")]
