# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the kernel's trace says of dropped probes. Pure.

``kfree_skb`` names neither device nor packet; ``netif_receive_skb`` and ``net_dev_queue`` name device, length and the
same address of the packet's buffer. Addresses are used again, so only what follows closely belongs together.

The trace is of the whole kernel, and other watches send probes of the same lengths through interfaces of the same
names: in other network namespaces, or for another host in this one. What another process sent is not ours, nor is what
follows from it.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterable
from typing import Tuple

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
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
#: Where it drops multicast that nobody has joined (net/ipv6/ip6_input.c): no probe is multicast.
_MULTICAST = "ip6_mc_input"

#: Thread, processor, flags, moment, event and its fields. The flags' third one is ``.`` in the context of a process,
#: and not in that of an interrupt (Documentation/trace/ftrace.rst).
_LINE = re.compile(r"^.{1,40}?-(\d+) +\[(\d+)\] +(\S+) +(\d+\.\d+): (\w+): (.*)$")
_PROCESS = "."
_DEVICE = re.compile(r"^dev=(.*) skbaddr=(\S+) len=(\d+)")
_DROP = re.compile(r"^skbaddr=(\S+)(?:.* protocol=(\d+))?.* location=(\S+)(?: reason: (\w+))?")
_VERSIONS = {0x0800: 4, 0x86DD: 6}

#: Moment, device, length, and whether another process sent it.
_Packet = Tuple[float, str, int, bool]


@dataclass(frozen=True)
class Drop:
    """moment: seconds, time.monotonic. length: of the IP packet. version: of IP, 0 where it is not known. answer:
    whether it is one to the packet that came in from the device."""

    moment: float
    device: str
    length: int
    reason: str
    location: str
    answer: bool = False
    version: int = 0


class DropJoiner:
    """Reads lines of the trace in their order, and keeps the drops of packets whose device and length are known.

    sender: the thread that sends the probes, as the trace names it; 0 where that is not known.
    """

    def __init__(self, sender: int = 0) -> None:
        self.drops: list[Drop] = []
        self.left_out = 0
        self._sender = sender
        self._packets: OrderedDict[str, _Packet] = OrderedDict()
        self._received: dict[str, _Packet] = {}

    def take(self, lines: Iterable[str]) -> None:
        for line in lines:
            found = _LINE.match(line)
            if found is None:
                continue
            thread, processor, flags, event, rest = int(found[1]), found[2], found[3], found[5], found[6]
            moment = float(found[4])
            if event == "kfree_skb":
                self._drop(processor, moment, rest)
            else:
                sent = thread if event == "net_dev_queue" and flags[2:3] == _PROCESS else None
                self._packet(processor, moment, event, rest, sent)

    def _packet(self, processor: str, moment: float, event: str, rest: str, sent: int | None) -> None:
        """sent: by which thread, None for what is forwarded, received or an answer of the kernel."""
        found = _DEVICE.match(rest)
        if found is None:
            return
        octets = int(found[3]) - (_HEADER if event == "net_dev_queue" else 0)
        packet = moment, clean(found[1]), octets, self._foreign(processor, moment, found[2], sent)
        self._packets[found[2]] = packet
        self._packets.move_to_end(found[2])
        if len(self._packets) > PACKETS_MAX:
            self._packets.popitem(last=False)
        if event == "netif_receive_skb":
            self._received[processor] = packet

    def _foreign(self, processor: str, moment: float, address: str, sent: int | None) -> bool:
        """Whether a packet is known to be another process's, or the answer to one."""
        if sent is not None:
            return bool(self._sender) and sent != self._sender
        known = self._packets.get(address)
        if known is not None and moment - known[0] <= SAME:
            return known[3]
        origin = self._received.get(processor)
        return origin is not None and moment - origin[0] <= ANSWERED and origin[3]

    def _drop(self, processor: str, moment: float, rest: str) -> None:
        found = _DROP.match(rest)
        if found is None or found[4] == _NO_LOSS:
            return
        location = clean(found[3].split("+")[0])
        if location == _MULTICAST:
            return
        known = self._packets.pop(found[1], None)
        answer = known is None or moment - known[0] > SAME
        if answer:
            known = self._received.get(processor)
            if known is None or moment - known[0] > ANSWERED:
                return
        if known is None or known[3]:
            return
        if len(self.drops) >= DROPS_MAX:
            self.left_out += 1
            return
        version = _VERSIONS.get(int(found[2] or 0), 0)
        reason = found[4] or "NOT_SPECIFIED"
        self.drops.append(Drop(moment, known[1], known[2], reason, location, answer, version))
