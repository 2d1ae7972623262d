# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands between a port of the switch and the switch, and changes or drops what passes. Needs no collection.

``relay_program.py PORT INNER trunk VLAN``: a trunk: frames leave by the port with a tag, and must not come without one.
``relay_program.py PORT INNER careless``: passes frames on as they are, with checksums that were never finished.
"""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import sys
from collections.abc import Callable

ETH_P_ALL = 3
#: linux/if_packet.h: whether the frame had a tag that the kernel took off.
SOL_PACKET, PACKET_AUXDATA, TP_STATUS_VLAN_VALID = 263, 8, 16
#: Longer than what the kernel puts together from several frames.
FRAME_MAX = 1 << 17

#: Frame, whether it came with a tag, and whether it goes out by the port; gives the frame to pass on, or None.
Change = Callable[[bytes, bool, bool], "bytes | None"]


def trunk(vlan: str) -> Change:
    tag = struct.pack("!HH", 0x8100, int(vlan))

    def change(frame: bytes, tagged: bool, out: bool) -> bytes | None:
        if out:
            return frame[:12] + tag + frame[12:]
        return frame if tagged else None

    return change


def careless() -> Change:
    return lambda frame, dummy_tagged, dummy_out: frame


def main() -> None:
    change = {"trunk": trunk, "careless": careless}[sys.argv[3]](*sys.argv[4:])
    port, inner = (socket.socket(socket.AF_PACKET, socket.SOCK_RAW) for dummy in range(2))
    for sock, name in ((port, sys.argv[1]), (inner, sys.argv[2])):
        sock.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        sock.bind((name, ETH_P_ALL))
    print("ready", flush=True)
    while True:
        for sock in select.select([port, inner], [], [])[0]:
            data, ancillary, dummy_flags, origin = sock.recvmsg(FRAME_MAX, socket.CMSG_SPACE(20))
            if origin[2] == socket.PACKET_OUTGOING:
                continue
            tagged = any(struct.unpack_from("=I", item[2])[0] & TP_STATUS_VLAN_VALID for item in ancillary)
            passed = change(data, tagged, sock is inner)
            if passed is None:
                continue
            with contextlib.suppress(OSError):
                (port if sock is inner else inner).send(passed)


if __name__ == "__main__":
    main()
