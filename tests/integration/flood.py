# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An attacker that sends as fast as wanted: ``flood.py KIND DEVICE RATE SECONDS``.

RATE frames per second, 0 for as many as the machine gives. It prints an empty line once it sends, and at its end, which
SIGTERM brings too, one line with the number of frames sent. Kinds:

``arp``     answers for every address of 192.168.100.0/25, each with a new MAC address
``arp_one`` answers for 192.168.100.99 alone, each with a new MAC address
``nd``      neighbour advertisements to all nodes whose checksums are wrong
``na``      well-formed neighbour advertisements for fd00:100::1 to fd00:100::80, each with a new MAC address
``dhcp``    offers of servers with new identifiers
``dhcp6``   advertisements of servers with new identifiers
``lldp``    neighbours with new chassis and ports
``imitate`` probes and announcements that carry the text ``linuxnet.macvlan`` in all places where a check looks

The frames are made here and not by the code that is under attack. Use it inside a network namespace of a test only.
"""

from __future__ import annotations

import random
import signal
import socket
import struct
import sys
import time
from collections.abc import Callable, Iterator

ETH_P_ALL = 3
#: Different frames; they are sent over and over.
DIFFERENT = 20000
#: Frames between two looks at the clock.
BURST = 50
BROADCAST = b"\xff" * 6
TEXT = b"linuxnet.macvlan"


def mac(number: int) -> bytes:
    """A locally administered one."""
    return b"\x02\x66" + struct.pack("!I", number)


def _arp(number: int, sender: bytes, target: bytes, operation: int = 2, tail: bytes = b"") -> bytes:
    body = struct.pack("!HHBBH6s4s6s4s", 1, 0x0800, 6, 4, operation, mac(number), sender, bytes(6), target)
    return (BROADCAST + mac(number) + b"\x08\x06" + body + tail).ljust(60, b"\0")


def arp(number: int) -> bytes:
    return _arp(number, bytes((192, 168, 100, number % 128)), bytes(4))


def arp_one(number: int) -> bytes:
    return _arp(number, bytes((192, 168, 100, 99)), bytes(4))


def checksum(data: bytes) -> int:
    """RFC 1071."""
    total = sum(struct.unpack(f"!{len(data) // 2}H", data + b"\0" * (len(data) % 2)))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


def _ipv6(number: int, protocol: int, destination: bytes, payload: bytes, place: int, wrong: bool = False) -> bytes:
    """place: of the checksum in the payload."""
    source = b"\xfe\x80" + bytes(10) + struct.pack("!I", number)
    total = checksum(source + destination + struct.pack("!II", len(payload), protocol) + payload)
    total = total ^ 0x5555 if wrong else total
    payload = payload[:place] + struct.pack("!H", total) + payload[place + 2 :]
    group = b"\x33\x33" + destination[-4:]
    header = struct.pack("!IHBB", 6 << 28, len(payload), protocol, 255) + source + destination
    return group + mac(number) + b"\x86\xdd" + header + payload


def _advertisement(number: int, wrong: bool) -> bytes:
    target = b"\xfd\x00\x01" + bytes(12) + bytes((1 + number % 128,))
    body = b"\x88\0\0\0\x20\0\0\0" + target + b"\x02\x01" + mac(number)
    return _ipv6(number, 58, b"\xff\x02" + bytes(13) + b"\x01", body, 2, wrong)


def nd(number: int) -> bytes:
    return _advertisement(number, wrong=True)


def na(number: int) -> bytes:
    return _advertisement(number, wrong=False)


def _ipv4(number: int, payload: bytes) -> bytes:
    source = bytes((10, 66)) + struct.pack("!H", number & 0xFFFF)
    length = 20 + len(payload)
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, length, 0, 0, 64, 17, 0, source, b"\xff" * 4)
    header = header[:10] + struct.pack("!H", checksum(header)) + header[12:]
    return BROADCAST + mac(number) + b"\x08\x00" + header + payload


def dhcp(number: int) -> bytes:
    """RFC 2131, 2: an offer to a client that is nobody, with server identifier, lease time, mask and router."""
    server = b"\x0a\x42" + struct.pack("!H", number & 0xFFFF)
    offered = b"\xc0\xa8" + struct.pack("!H", 0x6400 + number % 256)
    head = struct.pack("!BBBBIHH4s4s4s4s", 2, 1, 6, 0, number, 0, 0x8000, bytes(4), offered, server, bytes(4))
    options = b"\x63\x82\x53\x63\x35\x01\x02\x36\x04" + server + b"\x33\x04\0\0\x0e\x10\x01\x04\xff\xff\xff\0"
    options += b"\x03\x04" + server + b"\xff"
    message = head + mac(number).ljust(16, b"\0") + bytes(192) + options
    return _ipv4(number, struct.pack("!HHHH", 67, 68, 8 + len(message), 0) + message)


def dhcp6(number: int) -> bytes:
    """RFC 8415, 8: an advertisement with client, server and one address, to all servers, which every check hears."""
    client = struct.pack("!HHHH6s", 1, 10, 3, 1, mac(number))
    server = struct.pack("!HHHH6s", 2, 10, 3, 1, mac(number + 1))
    lease = struct.pack("!HH", 5, 24) + b"\xfd\x00\x01" + bytes(9) + struct.pack("!I", number) + bytes(8)
    message = b"\x02" + struct.pack("!I", number)[1:] + client + server
    message += struct.pack("!HHIII", 3, 12 + len(lease), 1, 0, 0) + lease
    group = b"\xff\x02" + bytes(11) + b"\x01\x00\x02"
    return _ipv6(number, 17, group, struct.pack("!HHHH", 547, 546, 8 + len(message), 0) + message, 6)


def lldp(number: int) -> bytes:
    """IEEE 802.1AB, 8: chassis, port, time to live, and a name."""
    name = f"switch{number}".encode()
    frame = b"\x02\x07\x04" + mac(number) + b"\x04\x07\x03" + mac(number) + b"\x06\x02\0\x78"
    frame += bytes((0x0A, len(name))) + name + b"\0\0"
    return (b"\x01\x80\xc2\0\0\x0e" + mac(number) + b"\x88\xcc" + frame).ljust(60, b"\0")


def imitate(number: int) -> bytes:
    address = bytes((192, 168, 100, number % 128))
    sender = bytes(4) if number % 2 else address
    return _arp(number, sender, address, operation=1, tail=TEXT)


KINDS: dict[str, Callable[[int], bytes]] = {
    make.__name__: make for make in (arp, arp_one, nd, na, dhcp, dhcp6, lldp, imitate)
}


def send(device: str, frames: list[bytes], rate: float, seconds: float, ended: Callable[[], bool]) -> int:
    """The number of frames sent."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as sock:
        sock.bind((device, 0))
        sent, begin = 0, time.monotonic()
        for burst in _bursts(frames):
            for frame in burst:
                try:
                    sock.send(frame)
                except OSError:  # the queue is full
                    time.sleep(0.0005)
            sent += len(burst)
            now = time.monotonic() - begin
            if ended() or now >= seconds:
                break
            if rate and sent / rate > now:
                time.sleep(sent / rate - now)
    return sent


def _bursts(frames: list[bytes]) -> Iterator[list[bytes]]:
    while True:
        for start in range(0, len(frames), BURST):
            yield frames[start : start + BURST]


def main() -> None:
    kind, device, rate, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3]), float(sys.argv[4])
    stopped: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, dummy: stopped.append(number))
    first = random.randrange(1 << 24)
    frames = [KINDS[kind](first + number) for number in range(DIFFERENT)]
    print(flush=True)
    print(send(device, frames, rate, seconds, lambda: bool(stopped)), flush=True)


if __name__ == "__main__":
    main()
