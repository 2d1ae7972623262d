# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parent's broadcast queue has no room, and a machine on the LAN asks for the host's link again and again."""

from __future__ import annotations

import subprocess

from tests.faults.fault import Fault
from tests.faults.lab import FLEET, WEB1, NamespaceLab

#: The kernel's default (drivers/net/macvlan.c MACVLAN_DEFAULT_BC_QUEUE_LEN).
DEFAULT = 1000
#: Forgets the answers that it learns from the host's own broadcasts, and asks for at most 40 seconds.
ASKING = """
for number in $(seq 40); do
    ip neighbour flush to {address}
    ping -n -c 1 -W 1 {address}
    sleep 0.2
done
"""


def _room(lab: NamespaceLab, frames: int) -> None:
    """The largest value of all links on the parent counts, so all are set."""
    for place, link in ((lab.web1, "lan0"), (lab.c1, "eth0"), (lab.c2, "eth0")):
        place.ip("link", "set", link, "type", "macvlan", "bcqueuelen", str(frames))


def _no_room(lab: NamespaceLab) -> None:
    asking = ASKING.format(address=FLEET[WEB1].host_address)
    lab.station.start("sh", "-c", asking, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _room(lab, 0)


def _undo(lab: NamespaceLab) -> None:
    asking = lab.segment.processes.pop()
    asking.kill()
    asking.wait()
    _room(lab, DEFAULT)


FAULTS = [Fault("broadcast_queue_overflow", _no_room, _undo)]
