# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host has no link of its own into the network, so it cannot reach its containers."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.lab import WEB1, NamespaceLab


def _remove_link(lab: NamespaceLab) -> None:
    lab.web1.ip("link", "delete", "lan0")


FAULTS = [Fault("host_isolation", _remove_link, lambda lab: lab.deploy(WEB1), quick=True)]
