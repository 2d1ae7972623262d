# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sending what clients ask, with the retransmissions of the RFC, and hearing what servers say. Takes nothing."""

from __future__ import annotations

import random
import selectors
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import field

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.reading import (
    PIECES_AT_ONCE,
    SECONDS_AT_ONCE,
    BoundedReading,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.packet_socket import Endpoint

#: Seconds before the first retransmission, doubled for each further one up to the longest, each randomised.
#: RFC 2131, 4.1: by up to a second in either direction.
FIRST_DELAY, LONGEST_DELAY, JITTER = 4.0, 64.0, 1.0
#: RFC 8415, 7.6 and 15: SOL_TIMEOUT and SOL_MAX_RT, and a tenth of the delay; the first only upwards (18.2.1).
FIRST_DELAY6, LONGEST_DELAY6, JITTER6 = 1.0, 3600.0, 0.1

#: Seconds between two discoveries of one parent, so that a server is not hit by all of them at once.
GAP = 0.02

#: Frames that are read after the end, and seconds for it: what came in time counts.
_LAST_FRAMES, _LAST_SECONDS = 4096, 1.0
#: Longer than any frame that the filter passes on Ethernet without jumbo frames, which these messages do not need.
_FRAME_MAX = 4096


class Port(Endpoint):
    """A place to send discoveries from, and to hear of them."""

    def send(self, frame: bytes) -> None:
        if self.problem:
            return
        try:
            self.socket.send(frame)
        except OSError as error:
            self.failed(error)
        else:
            self.sent += 1

    def receive(self) -> bytes | None:
        """The next frame that waits, None when none waits."""
        try:
            return self.socket.recv(_FRAME_MAX)
        except BlockingIOError:
            return None
        except OSError as error:
            self.failed(error)
            return None


@dataclass
class Transaction:
    """One discovery in flight.

    port: where it is sent; frame: its octets, given the seconds since it was first sent; due: when it is sent, in
    seconds since the start; it is not sent again once it is answered.
    """

    port: Port
    frame: Callable[[float], bytes]
    due: list[float]
    answered: bool = False
    first_sent: float | None = None


@dataclass
class DhcpLane:
    """One parent. heard: called with port, frame and seconds; it says whether that answers one of the transactions for
    the first time."""

    ports: Sequence[Port]
    heard: Callable[[Port, bytes, float], bool]
    transactions: Sequence[Transaction] = field(default_factory=list)


def transmissions(
    start: float, attempts: int, uniform: Callable[[float, float], float] = random.uniform
) -> list[float]:
    """When a message without an answer is sent again, in seconds."""
    result = [start]
    delay = FIRST_DELAY
    for dummy in range(attempts - 1):
        result.append(result[-1] + delay + uniform(-JITTER, JITTER))
        delay = min(2 * delay, LONGEST_DELAY)
    return result


def transmissions6(
    start: float, attempts: int, uniform: Callable[[float, float], float] = random.uniform
) -> list[float]:
    """The same for IPv6."""
    result = [start]
    delay = FIRST_DELAY6 * (1 + uniform(0, JITTER6))
    for dummy in range(attempts - 1):
        result.append(result[-1] + delay)
        delay = min(2 * delay, LONGEST_DELAY6) * (1 + uniform(-JITTER6, JITTER6))
    return result


def run(lanes: Sequence[DhcpLane], wait: float, listen: float, origin: float) -> None:
    """Send all transactions of all lanes, and hand over every frame that is heard meanwhile.

    wait: seconds of silence after the last message that was sent, or that answered a transaction while others were
    still open; listen: seconds to go on at least. origin: the moment (time.monotonic) from which the seconds given to
    ``heard`` count.
    """
    begin = time.monotonic()
    quiet = begin
    with selectors.DefaultSelector() as selector:
        for lane in lanes:
            for port in lane.ports:
                selector.register(port.socket, selectors.EVENT_READ, (lane, port))
        while True:
            now = time.monotonic()
            pending = [item for lane in lanes for item in lane.transactions if not item.answered and item.due]
            if _send_due(pending, now - begin):
                quiet = now
            dues = [begin + item.due[0] for item in pending if item.due]
            ends = max(quiet + wait, begin + listen)
            if not dues and now >= ends:
                break
            for key, dummy in selector.select(max(0.0, min(dues or [ends]) - now)):
                lane, port = key.data
                answered = _listen(lane, port, origin)
                if answered and not all(item.answered for item in lane.transactions):
                    quiet = time.monotonic()
                if port.problem:
                    selector.unregister(port.socket)
    for lane in lanes:
        for port in lane.ports:
            if not port.problem:
                _listen(lane, port, origin, _LAST_FRAMES, _LAST_SECONDS)
            port.finish()


def _send_due(pending: Iterable[Transaction], now: float) -> bool:
    """Send what is due, and say whether anything was."""
    sent = False
    for item in pending:
        if item.due[0] > now:
            continue
        item.first_sent = now if item.first_sent is None else item.first_sent
        item.port.send(item.frame(now - item.first_sent))
        item.due = [] if item.port.problem else item.due[1:]
        sent = True
    return sent


def _listen(
    lane: DhcpLane, port: Port, origin: float, frames: int = PIECES_AT_ONCE, seconds: float = SECONDS_AT_ONCE
) -> bool:
    """Hand over what waits; whether it answers a transaction for the first time."""
    answered = False
    reading = BoundedReading(port.receive, frames, seconds)
    for frame in reading:
        answered = lane.heard(port, frame, time.monotonic() - origin) or answered
    port.overrun = reading.overrun
    return answered
