# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asking who holds addresses, for many addresses from several interfaces at once, and hearing what others say."""

from __future__ import annotations

import errno
import ipaddress
import selectors
import socket
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Optional, Tuple

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.reading import (
    PIECES_AT_ONCE,
    SECONDS_AT_ONCE,
    BoundedReading,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.names import ETH_P_ALL

from . import bpf as _probe_filter
from .frames import ALL_NODES, Frame, arp_request, mac_text, multicast_mac, parse, probe, solicitation, solicited_node
from .packet_socket import Endpoint, packet_socket
from .timing import FAST, RATE, Schedule, Timing

#: More groups than this are heard by hearing all of them: a driver keeps a list per group.
_GROUPS_MAX = 64
#: Octets. A whole /22 that answers at once takes 1024 frames of about 800 octets in the kernel's accounting.
_RECEIVE_BUFFER = 4 << 20
#: Longer than any frame that the filter passes.
_FRAME_MAX = 2048
#: Frames that are read after the end, and seconds for it: what came in time counts. As many as the buffer holds.
_LAST_FRAMES, _LAST_SECONDS = 8192, 1.0
#: Seconds after which a probe is sent again for which the transmit queue was full, and how often in a row.
_RETRY = 0.005
_RETRIES_MAX = 400


class Vantage(Endpoint):
    """A link to ask from.

    others: probes of other hosts' checks; reflected: frames of this host that came back to it; ignored: addresses that
    were heard of and not kept. source: the link-local address from which IPv6 addresses are asked for, None for none.
    own_probes: those that the vantages of one sweep have sent: their copies that go out are not heard; None outside.
    """

    def __init__(self, name: str, link: str, mac: str, sock: socket.socket) -> None:
        super().__init__(name, link, mac, sock)
        self.others = 0
        self.reflected = 0
        self.ignored = 0
        self.source: ipaddress.IPv6Address | None = None
        self.own_probes: set[bytes] | None = None
        self._probes: dict[Address, bytes] = {}
        self._refused = 0

    def send(self, address: Address, sender: ipaddress.IPv4Address | None = None) -> bool:
        """Ask for one address, without or with one of our own; false where the transmit queue is full at the moment."""
        if sender is not None and isinstance(address, ipaddress.IPv4Address):
            frame = arp_request(self.mac, sender, address)
        elif self.source is not None and isinstance(address, ipaddress.IPv6Address):
            frame = solicitation(self.mac, self.source, address)
        else:
            frame = self._probe(address)
        try:
            self.socket.send(frame)
        except OSError as error:
            self._refused += 1
            if error.errno in (errno.ENOBUFS, errno.EAGAIN) and self._refused < _RETRIES_MAX:
                return False
            self.failed(error)
            return True
        self._refused = 0
        self.sent += 1
        return True

    def _probe(self, address: Address) -> bytes:
        """Made and signed once: it is sent again and again."""
        if address not in self._probes:
            self._probes[address] = probe(self.mac, address)
            if self.own_probes is not None:
                self.own_probes.add(self._probes[address])
        return self._probes[address]

    def waiting(self, frames: int = PIECES_AT_ONCE, seconds: float = SECONDS_AT_ONCE) -> Iterator[tuple[Frame, bool]]:
        """The well-formed ones among so many frames that wait, and whether this host sent each.

        ``overrun`` says afterwards whether more may wait.
        """
        reading = BoundedReading(self._receive, frames, seconds)
        for data, outgoing in reading:
            # most frames of a large sweep, and to know them by their signature takes far longer
            if outgoing and self.own_probes and data in self.own_probes:
                continue
            frame = parse(data)
            if frame is not None:
                yield frame, outgoing
        self.overrun = reading.overrun

    def _receive(self) -> tuple[bytes, bool] | None:
        try:
            data, source = self.socket.recvfrom(_FRAME_MAX)
        except BlockingIOError:
            return None
        except OSError as error:
            self.failed(error)
            return None
        return data, source[2] == socket.PACKET_OUTGOING

    def rebind(self) -> None:
        """Bind to the interface that has the name now: a recreated one is another. Errors: OSError."""
        self.socket.bind((self.link, ETH_P_ALL))
        self.mac = mac_text(self.socket.getsockname()[4])
        self._probes.clear()


#: From where to ask, for which address, and with which address of the sender.
Question = Tuple[Vantage, Address, Optional[ipaddress.IPv4Address]]


@dataclass
class Lane:
    """What is asked on one parent: every address from every vantage.

    heard: called with vantage, frame, whether this host sent it, and seconds; gives questions to be asked in addition.
    listen: seconds from the start for which to listen at least.
    """

    vantages: Sequence[Vantage]
    addresses: Sequence[Address]
    heard: Callable[[Vantage, Frame, bool, float], Iterable[Question]]
    timing: Timing = FAST
    rate: int = RATE
    listen: float = 0.0


def open_socket(link: str, addresses: Iterable[Address] | None) -> tuple[socket.socket, str]:
    """A packet socket on an interface of this thread's namespace, and the interface's MAC address.

    It hears ARP and neighbour discovery, and the multicast groups that questions for these addresses need, all groups
    where it is None. Errors: OSError.
    """
    sock = packet_socket(link, _probe_filter.program(), _groups(addresses), _RECEIVE_BUFFER)
    return sock, mac_text(sock.getsockname()[4])


def _groups(addresses: Iterable[Address] | None) -> set[str] | None:
    """For answers to solicitations from ``::`` (sent to all nodes), and what other hosts ask for the same addresses."""
    groups = {multicast_mac(solicited_node(address)) for address in addresses or () if address.version == 6}
    if groups:
        groups.add(multicast_mac(ALL_NODES))
    return None if addresses is None or len(groups) > _GROUPS_MAX else groups


def sweep(lanes: Sequence[Lane], started: float | None = None) -> None:
    """Ask all questions of all lanes at the same time, and hand over every frame that is heard meanwhile.

    started: the moment (time.monotonic) from which the seconds given to ``heard`` count, now by default.
    """
    begin = time.monotonic()
    offset = begin - (begin if started is None else started)
    schedules: list[Schedule[Question]] = [
        Schedule(
            [(vantage, address, None) for address in lane.addresses for vantage in lane.vantages],
            lane.timing,
            lane.rate,
        )
        for lane in lanes
    ]
    for lane in lanes:
        own_probes: set[bytes] = set()
        for vantage in lane.vantages:
            vantage.own_probes = own_probes
    with selectors.DefaultSelector() as selector:
        for lane, schedule in zip(lanes, schedules):
            for vantage in lane.vantages:
                selector.register(vantage.socket, selectors.EVENT_READ, (lane, vantage, schedule))
        while True:
            now = time.monotonic() - begin
            wakes = [_ask(lane, schedule, now) for lane, schedule in zip(lanes, schedules)]
            if max(wakes, default=now) <= now:
                break
            pause = min(wake for wake in wakes if wake > now) - now
            for key, dummy in selector.select(pause):
                lane, vantage, schedule = key.data
                schedule.add(_listen(lane, vantage, begin - offset), time.monotonic() - begin)
                if vantage.problem:
                    selector.unregister(vantage.socket)
    for lane in lanes:
        for vantage in lane.vantages:
            if not vantage.problem:
                _listen(lane, vantage, begin - offset, _LAST_FRAMES, _LAST_SECONDS)
            vantage.finish()


def _ask(lane: Lane, schedule: Schedule[Question], now: float) -> float:
    """Send what is due, and say when there is something to do next; not later than now when all is done."""
    while True:
        due = schedule.next_due()
        if due is None:
            failed = all(vantage.problem for vantage in lane.vantages)
            return schedule.end if failed else max(schedule.end, lane.listen)
        if due > now:
            return due
        vantage, address, sender = schedule.pop(now)
        if vantage.problem:
            schedule.drop(lambda question: bool(question[0].problem))
        elif not vantage.send(address, sender):
            schedule.repeat((vantage, address, sender), now + _RETRY)


def _listen(
    lane: Lane, vantage: Vantage, origin: float, frames: int = PIECES_AT_ONCE, seconds: float = SECONDS_AT_ONCE
) -> list[Question]:
    """Hand over what waits, and collect what to ask because of it."""
    more: list[Question] = []
    for frame, outgoing in vantage.waiting(frames, seconds):
        more.extend(lane.heard(vantage, frame, outgoing, time.monotonic() - origin))
    return more
