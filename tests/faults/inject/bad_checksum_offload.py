# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host sends passes something that ignores that checksums still have to be completed (checksum offload).

It is a program between port and switch, like the user-space switch of a hypervisor, or a tunnel.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from tests.faults import relay
from tests.faults.fault import Fault
from tests.faults.lab import FLEET, WEB1, NamespaceLab

#: Nobody listens there: the answer to a correct checksum is an ICMP error.
PORT = 9
TALK = """
import socket, sys, time
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
    while True:
        sock.sendto(b"news", (sys.argv[1], int(sys.argv[2])))
        time.sleep(0.2)
"""


def _own(lab: NamespaceLab) -> None:
    relay.insert(lab, lab.web1.port, "careless")


def _undo_own(lab: NamespaceLab) -> None:
    relay.remove(lab, lab.web1.port)


def _talk(lab: NamespaceLab) -> None:
    """Station and gateway send datagrams to a container all the time."""
    for machine in (lab.station, lab.gateway):
        machine.start(sys.executable, "-c", TALK, FLEET[WEB1].containers[0], str(PORT))


def _others(lab: NamespaceLab) -> None:
    relay.insert(lab, lab.station.port, "careless")


def _undo_others(lab: NamespaceLab) -> None:
    relay.remove(lab, lab.station.port)
    for process in [item for item in lab.segment.processes if TALK in item.args]:
        lab.segment.end(process)


def _is_station(culprit: Mapping[str, Any], lab: NamespaceLab) -> bool:
    return culprit.get("mac") == lab.station.mac()


FAULTS = [
    Fault("bad_checksum_offload", _own, _undo_own),
    Fault(
        "bad_checksum_offload/of another", _others, _undo_others, prepare=_talk, during=True, culprit=_is_station,
        signature=1.0,
    ),
]  # fmt: skip
