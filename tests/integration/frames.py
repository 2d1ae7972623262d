# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A station that says what it is told, or writes down what it hears.

``frames.py say DEVICE HEX…`` sends these frames twenty times a second until it is ended.
``frames.py hear DEVICE`` prints every frame of the device, in both directions, as a line of hex.
Each prints an empty line as soon as it has begun.
"""

from __future__ import annotations

import itertools
import socket
import sys
import time

ETH_P_ALL = 3


def main() -> None:
    verb, device, *frames = sys.argv[1:]
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL)) as sock:
        sock.bind((device, ETH_P_ALL))
        if verb == "hear":
            print(flush=True)
            while True:
                print(sock.recv(2048).hex(), flush=True)
        for number in itertools.count():
            for frame in frames:
                sock.send(bytes.fromhex(frame))
            if number == 0:
                print(flush=True)
            time.sleep(0.05)


if __name__ == "__main__":
    main()
