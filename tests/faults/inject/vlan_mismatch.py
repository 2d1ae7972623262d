# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The switch port of a host becomes a trunk: it sends frames with a VLAN tag, and drops those without.

The trunk is a program between port and switch, as not every kernel's bridge supports VLANs.
"""

from __future__ import annotations

import subprocess

from tests.faults import relay
from tests.faults.fault import Fault
from tests.faults.lab import NamespaceLab

VLAN = "10"
#: The station asks for this address all the time, so that the network has frames to receive; nobody has it.
NOBODY = "192.168.100.222"


def _inject(lab: NamespaceLab) -> None:
    lab.station.start("ping", "-n", "-q", NOBODY, stdout=subprocess.DEVNULL)
    relay.insert(lab, lab.web1.port, "trunk", VLAN)


def _undo(lab: NamespaceLab) -> None:
    relay.remove(lab, lab.web1.port)
    lab.segment.end(next(item for item in lab.segment.processes if NOBODY in item.args))


FAULTS = [
    Fault("vlan_mismatch", _inject, _undo),
    Fault("vlan_mismatch/during", _inject, _undo, during=True),
]
