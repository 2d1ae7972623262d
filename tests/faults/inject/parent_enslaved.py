# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parent became a port of a bridge, as for virtual machines."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.lab import WEB1, NamespaceLab


def _inject(lab: NamespaceLab) -> None:
    # a device with macvlan links cannot become a port
    lab.remove_links(WEB1)
    lab.web1.ip("link", "add", "br0", "type", "bridge")
    lab.web1.ip("link", "set", "br0", "up")
    lab.web1.ip("link", "set", "eth0", "master", "br0")


def _undo(lab: NamespaceLab) -> None:
    lab.web1.ip("link", "delete", "br0")
    lab.make_links(WEB1)


FAULTS = [Fault("parent_enslaved", _inject, _undo)]
