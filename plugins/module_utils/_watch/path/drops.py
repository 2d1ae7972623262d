# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the kernel's trace says of dropped probes. Pure.

``kfree_skb`` names neither device nor packet; ``netif_receive_skb`` and ``net_dev_queue`` name device, length and the
same address of the packet's buffer. Addresses are used again, so only what follows closely belongs together.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.text import clean

#: Seconds for which a buffer's address stands for the packet that was seen in it, and within which an answer that is
#: dropped on the same processor is one to the packet that was received there.
SAME, ANSWERED = 0.1, 0.0005
#: Packets in flight, and drops, that are remembered.
PACKETS_MAX, DROPS_MAX = 2048, 2000
#: octets of an Ethernet header, which the length of a packet to be sent has and that of a received one has not.
_HEADER = 14

#: What the kernel notes of every echo reply, as it also looks for a datagram socket for it (net/ipv4/ping.c ping_rcv):
#: the raw socket has its copy.
_NO_LOSS = "NO_SOCKET"

_LINE = re.compile(r"^.{1,40}?-\d+ +\[(\d+)\] +\S+ +(\d+\.\d+): (\w+): (.*)$")
_DEVICE = re.compile(r"^dev=(.*) skbaddr=(\S+) len=(\d+)")
_DROP = re.compile(r"^skbaddr=(\S+).* location=(\S+)(?: reason: (\w+))?")


@dataclass(frozen=True)
class Drop:
    """moment: seconds, time.monotonic. length: of the IP packet. answer: whether it is one to the packet that came in
    from the device."""

    moment: float
    device: str
    length: int
    reason: str
    location: str
    answer: bool = False


class DropJoiner:
    """Reads lines of the trace in their order, and keeps the drops of packets whose device and length are known."""

    def __init__(self) -> None:
        self.drops: list[Drop] = []
        self.left_out = 0
        self._packets: OrderedDict[str, tuple[float, str, int]] = OrderedDict()
        self._received: dict[str, tuple[float, str, int]] = {}

    def take(self, lines: Iterable[str]) -> None:
        for line in lines:
            found = _LINE.match(line)
            if found is None:
                continue
            processor, moment, event, rest = found[1], float(found[2]), found[3], found[4]
            if event == "kfree_skb":
                self._drop(processor, moment, rest)
            else:
                self._packet(processor, moment, event, rest)

    def _packet(self, processor: str, moment: float, event: str, rest: str) -> None:
        found = _DEVICE.match(rest)
        if found is None:
            return
        octets = int(found[3]) - (_HEADER if event == "net_dev_queue" else 0)
        packet = moment, clean(found[1]), octets
        self._packets[found[2]] = packet
        self._packets.move_to_end(found[2])
        if len(self._packets) > PACKETS_MAX:
            self._packets.popitem(last=False)
        if event == "netif_receive_skb":
            self._received[processor] = packet

    def _drop(self, processor: str, moment: float, rest: str) -> None:
        found = _DROP.match(rest)
        if found is None or found[3] == _NO_LOSS:
            return
        known = self._packets.pop(found[1], None)
        answer = known is None or moment - known[0] > SAME
        if answer:
            known = self._received.get(processor)
            if known is None or moment - known[0] > ANSWERED:
                return
        if known is None:
            return
        if len(self.drops) >= DROPS_MAX:
            self.left_out += 1
            return
        location = clean(found[2].split("+")[0])
        self.drops.append(Drop(moment, known[1], known[2], found[3] or "NOT_SPECIFIED", location, answer))
