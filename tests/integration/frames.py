# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A station that sends or prints frames.

``frames.py say DEVICE HEX…`` sends these frames twenty times a second until it is killed.
``frames.py answer DEVICE`` answers every ARP request with the device's own MAC address, as some routers do.
``frames.py hear DEVICE`` prints every frame of the device, in both directions, as a line of hex.
Each prints an empty line when it is ready.
"""

from __future__ import annotations

import itertools
import socket
import sys
import time

ETH_P_ALL = 3


def answer(sock: socket.socket) -> None:
    """Wait for a frame; answer an ARP request from another machine with our MAC address (RFC 826)."""
    frame, source = sock.recvfrom(2048)
    own = sock.getsockname()[4]
    if source[2] == socket.PACKET_OUTGOING or frame[12:14] != b"\x08\x06" or frame[20:22] != b"\x00\x01":
        return
    asker, sender, target = frame[22:28], frame[28:32], frame[38:42]
    if sender != target:
        sock.send(asker + own + frame[12:20] + b"\x00\x02" + own + target + asker + sender)


def main() -> None:
    verb, device, *frames = sys.argv[1:]
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL)) as sock:
        sock.bind((device, ETH_P_ALL))
        if verb == "hear":
            print(flush=True)
            while True:
                print(sock.recv(2048).hex(), flush=True)
        if verb == "answer":
            print(flush=True)
            while True:
                answer(sock)
        for number in itertools.count():
            for frame in frames:
                sock.send(bytes.fromhex(frame))
            if number == 0:
                print(flush=True)
            time.sleep(0.05)


if __name__ == "__main__":
    main()
