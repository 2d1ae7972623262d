# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The MTU of the switch port is smaller than the host's."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.lab import NamespaceLab


def _port(lab: NamespaceLab, mtu: int) -> None:
    lab.switch.ip("link", "set", lab.web1.port, "mtu", str(mtu))


FAULTS = [Fault("mtu_mismatch", lambda lab: _port(lab, 1400), lambda lab: _port(lab, 1500))]
