# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The switch port of a host becomes a trunk: frames leave by it with a VLAN tag, and without one they are not taken.

The trunk is a program between port and switch, as not every kernel's bridge knows VLANs.
"""

from __future__ import annotations

import subprocess
import sys

from labkit.segment import SWITCH
from tests.faults.fault import Fault
from tests.faults.lab import NamespaceLab

VLAN = 10
#: Between switch and trunk.
INNER, OUTER = "trunk0", "trunk1"
TRUNK = """
import select, socket, struct, sys
port, inner = (socket.socket(socket.AF_PACKET, socket.SOCK_RAW) for dummy in range(2))
for sock, name in ((port, sys.argv[1]), (inner, sys.argv[2])):
    sock.setsockopt(263, 8, 1)  # SOL_PACKET, PACKET_AUXDATA
    sock.bind((name, 3))
tag = struct.pack("!HH", 0x8100, int(sys.argv[3]))
print("ready", flush=True)
while True:
    for sock in select.select([port, inner], [], [])[0]:
        data, ancillary, flags, origin = sock.recvmsg(65536, socket.CMSG_SPACE(20))
        if origin[2] == socket.PACKET_OUTGOING:
            continue
        try:
            if sock is inner:
                port.send(data[:12] + tag + data[12:])
            elif any(struct.unpack_from("=I", item[2])[0] & 16 for item in ancillary):
                inner.send(data)
        except OSError:
            pass
"""


def _inject(lab: NamespaceLab) -> None:
    switch, port = lab.switch, lab.web1.port
    switch.ip("link", "add", INNER, "type", "veth", "peer", "name", OUTER)
    switch.ip("link", "set", INNER, "up", "master", SWITCH)
    switch.ip("link", "set", OUTER, "up", "promisc", "on")
    switch.ip("link", "set", port, "nomaster")
    switch.ip("link", "set", port, "promisc", "on")
    trunk = switch.start(sys.executable, "-c", TRUNK, port, OUTER, str(VLAN), stdout=subprocess.PIPE)
    assert trunk.stdout is not None
    assert trunk.stdout.readline() == "ready\n"


def _heal(lab: NamespaceLab) -> None:
    trunk = lab.segment.processes.pop()
    trunk.kill()
    trunk.wait()
    lab.switch.ip("link", "delete", INNER)
    lab.switch.ip("link", "set", lab.web1.port, "promisc", "off", "master", SWITCH)


FAULTS = [
    Fault("vlan_mismatch", _inject, _heal),
    Fault("vlan_mismatch/during", _inject, _heal, during=True),
]
