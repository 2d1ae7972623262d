# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands between a port and the switch, and changes or drops frames. Needs no collection.

``relay_program.py PORT INNER trunk VLAN``: a trunk: frames leave by the port with a tag, and must not come without one.
``relay_program.py PORT INNER careless``: passes frames on as they are, with checksums that were never finished.
``relay_program.py PORT INNER card NAMESPACE LINK``: a card with a filter that knows its own MAC address alone.
``relay_program.py PORT INNER slow SECONDS``: a long way: every frame takes that long in each direction.
"""

from __future__ import annotations

import collections
import contextlib
import json
import select
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable

ETH_P_ALL = 3
#: linux/if_packet.h. PACKET_VNET_HDR: a header before each frame says what of its checksum has to be finished.
SOL_PACKET, PACKET_AUXDATA, PACKET_VNET_HDR = 263, 8, 15
#: Whether the frame had a tag that the kernel took off.
TP_STATUS_VLAN_VALID = 16
#: linux/virtio_net.h struct virtio_net_hdr: flags, gso_type, hdr_len, gso_size, csum_start, csum_offset.
HEADER = struct.Struct("=BBHHHH")
NEEDS_CHECKSUM = 1
#: Longer than any frame that the kernel merges from several (GRO).
FRAME_MAX = 1 << 17

#: Takes a frame, whether it was tagged, and whether it goes to the host; returns the frame to pass on, or None.
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


def card(namespace: str, link: str) -> Change:
    """Frames for another unicast MAC address pass in promiscuous mode only.

    The kernel counts the users of that mode. It is one itself on a device without a filter, such as a veth link, once
    macvlan links are on it: a card has a filter, so one user does not count.
    """

    def state() -> dict:
        shown = subprocess.run(
            ["ip", "-n", namespace, "-d", "-j", "link", "show", "dev", link], check=True, capture_output=True
        )
        return json.loads(shown.stdout)[0]

    own = bytes.fromhex(state()["address"].replace(":", ""))

    def change(frame: bytes, dummy_tagged: bool, out: bool) -> bytes | None:
        if not out or frame[0] & 1 or frame[:6] == own:
            return frame
        return frame if state()["promiscuity"] > 1 else None

    return change


def slow(dummy_seconds: str) -> Change:
    return lambda frame, dummy_tagged, dummy_out: frame


def moved(header: bytes, octets: int) -> bytes:
    """The header of a frame to which that many octets were added in front of its checksum."""
    flags, kind, length, size, start, offset = HEADER.unpack(header)
    if flags & NEEDS_CHECKSUM:
        length, start = length + octets, start + octets
    return HEADER.pack(flags, kind, length, size, start, offset)


def main() -> None:
    change = {"trunk": trunk, "careless": careless, "card": card, "slow": slow}[sys.argv[3]](*sys.argv[4:])
    header = 0 if sys.argv[3] == "careless" else HEADER.size
    port, inner = (socket.socket(socket.AF_PACKET, socket.SOCK_RAW) for dummy in range(2))
    for sock, name in ((port, sys.argv[1]), (inner, sys.argv[2])):
        sock.setsockopt(SOL_PACKET, PACKET_VNET_HDR, int(header > 0))
        sock.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        sock.bind((name, ETH_P_ALL))
    delay = float(sys.argv[4]) if sys.argv[3] == "slow" else 0.0
    waiting: collections.deque[tuple[float, socket.socket, bytes]] = collections.deque()
    print("ready", flush=True)
    while True:
        patience = max(waiting[0][0] - time.monotonic(), 0.0) if waiting else None
        for sock in select.select([port, inner], [], [], patience)[0]:
            data, ancillary, dummy_flags, origin = sock.recvmsg(FRAME_MAX, socket.CMSG_SPACE(20))
            if origin[2] == socket.PACKET_OUTGOING:
                continue
            tagged = any(struct.unpack_from("=I", item[2])[0] & TP_STATUS_VLAN_VALID for item in ancillary)
            head, frame = data[:header], data[header:]
            passed = change(frame, tagged, sock is inner)
            if passed is None:
                continue
            if head:
                head = moved(head, len(passed) - len(frame))
            waiting.append((time.monotonic() + delay, port if sock is inner else inner, head + passed))
        while waiting and waiting[0][0] <= time.monotonic():
            dummy_due, out, data = waiting.popleft()
            with contextlib.suppress(OSError):
                out.send(data)


if __name__ == "__main__":
    main()
