# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asking many questions again and again for a time, all in one loop, and noting which were answered."""

from __future__ import annotations

import selectors
import socket
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from ansible_collections.linuxnet.macvlan.plugins.module_utils._addresses import Address
from ansible_collections.linuxnet.macvlan.plugins.module_utils._checks.model import (
    LOSSES_THAT_FAIL,
    Attempt,
    Probe,
    Series,
)

#: Sequence numbers have 16 bits (RFC 792), and one more round may follow to confirm losses.
ROUNDS_MAX = 0xFFFF

#: Seconds for which an ended namespace may be kept alive at most.
LINGER = 1.0


@dataclass(frozen=True)
class Times:
    """All in seconds. soak: from the first round to the last; interval: from one round to the next; timeout: after
    which a probe is lost."""

    soak: float = 10.0
    interval: float = 1.0
    timeout: float = 1.0

    @property
    def rounds(self) -> int:
        # A soak of 1 s in steps of 0.1 s has 11 rounds, whatever binary fractions make of that.
        return int(self.soak / self.interval + 1e-6) + 1


class Transport(Protocol):
    """What carries probes: sockets to wait on, and questions and answers that do not block."""

    @property
    def sockets(self) -> Sequence[socket.socket]:
        """Readable when there is something to receive."""

    def send(self, target: Address, sequence: int, /) -> None:
        """Errors: OSError."""

    def ended(self) -> str:
        """Why nothing more can be asked, empty as long as it can."""

    def close(self) -> None:
        """Give the sockets back."""

    def receive(self) -> Iterator[tuple[Address, int | None]]:
        """Target and sequence number of each answer that waits; None where answers carry no number."""


class Soak:
    """One run. lost: called with the probes that were lost for the first time, while the run goes on."""

    def __init__(
        self, transports: Mapping[Probe, Transport], times: Times, lost: Callable[[list[Probe]], None]
    ) -> None:
        self._transports = transports
        self._times = times
        self._lost = lost
        self._probes = {(id(transport), probe.target): probe for probe, transport in transports.items()}
        self._attempts: dict[Probe, list[Attempt]] = {probe: [] for probe in transports}
        #: The attempts that wait for an answer: until when, and since when.
        self._deadlines: deque[tuple[float, Probe, int]] = deque()
        self._waiting: dict[tuple[Probe, int], float] = {}
        self._known_lost: set[Probe] = set()
        self._ended: dict[Probe, str] = {}
        self._begin = 0.0

    def run(self) -> dict[Probe, Series]:
        """Takes the soak's time; when the last round is not answered, the timeout longer, and that again to confirm a
        loss that came last."""
        with selectors.DefaultSelector() as selector:
            for transport in {id(item): item for item in self._transports.values()}.values():
                for sock in transport.sockets:
                    selector.register(sock, selectors.EVENT_READ, transport)
            self._begin = time.monotonic()
            for number in range(self._times.rounds):
                self._rest(selector, self._begin + number * self._times.interval)
                self._send(self._live())
            self._listen(selector, None)
            self._drop_ended(selector)
            self._send([probe for probe in self._live() if self._doubtful(probe)])
            self._listen(selector, None)
        return {
            probe: Series(tuple(attempts), self._ended.get(probe, "")) for probe, attempts in self._attempts.items()
        }

    def _rest(self, selector: selectors.BaseSelector, until: float) -> None:
        """Until the next round."""
        while True:
            step = min(until, time.monotonic() + LINGER)
            self._listen(selector, step)
            self._drop_ended(selector)
            if step >= until:
                return

    def _drop_ended(self, selector: selectors.BaseSelector) -> None:
        """An open socket keeps its namespace alive, and in it a link and addresses that may be wanted elsewhere."""
        for transport in {id(self._transports[item]): self._transports[item] for item in self._live()}.values():
            reason = transport.ended()
            if not reason:
                continue
            for sock in transport.sockets:
                selector.unregister(sock)
            transport.close()
            for probe in [item for item in self._live() if self._transports[item] is transport]:
                self._ended[probe] = reason
                waiting = [number for owner, number in self._waiting if owner is probe]
                attempts = self._attempts[probe]
                # What was on its way then is not lost.
                self._attempts[probe] = [item for number, item in enumerate(attempts) if number not in waiting]
                for number in waiting:
                    del self._waiting[probe, number]

    def _live(self) -> list[Probe]:
        return [probe for probe in self._transports if probe not in self._ended]

    def _doubtful(self, probe: Probe) -> bool:
        """Whether the last attempt was lost and one more decides whether that is a failure."""
        attempts = self._attempts[probe]
        return attempts[-1].rtt is None and sum(1 for item in attempts if item.rtt is None) < LOSSES_THAT_FAIL

    def _send(self, probes: Iterable[Probe]) -> None:
        unsent = []
        for probe in probes:
            attempts = self._attempts[probe]
            now = time.monotonic()
            error = ""
            try:
                self._transports[probe].send(probe.target, len(attempts))
                self._waiting[probe, len(attempts)] = now
                self._deadlines.append((now + self._times.timeout, probe, len(attempts)))
            except OSError as failure:
                error = failure.strerror or str(failure)
                unsent.append(probe)
            attempts.append(Attempt(now - self._begin, None, error))
        self._tell(unsent)

    def _listen(self, selector: selectors.BaseSelector, until: float | None) -> None:
        """Take in answers until then; without a time until nothing is waited for any more."""
        while True:
            now = time.monotonic()
            # What came in time is taken before it is called lost, however late this process gets to it.
            self._receive(selector, 0)
            self._expire(now)
            if (not self._waiting) if until is None else now >= until:
                return
            wakes = [moment for moment in (until, self._deadlines[0][0] if self._deadlines else None) if moment]
            self._receive(selector, max(min(wakes) - now, 0))

    def _receive(self, selector: selectors.BaseSelector, timeout: float) -> None:
        for key, dummy in selector.select(timeout):
            for target, sequence in key.data.receive():
                probe = self._probes.get((id(key.data), target))
                if probe is not None:
                    self._answered(probe, sequence)

    def _answered(self, probe: Probe, sequence: int | None) -> None:
        """An answer without a number tells that the target is there now, so it answers whatever still waits."""
        attempts = self._attempts[probe]
        numbers = range(len(attempts)) if sequence is None else (sequence,)
        now = time.monotonic()
        for number in numbers:
            sent = self._waiting.pop((probe, number), None)
            if sent is not None:
                attempts[number] = Attempt(attempts[number].after, now - sent)

    def _expire(self, now: float) -> None:
        lost = []
        while self._deadlines and self._deadlines[0][0] <= now:
            dummy, probe, number = self._deadlines.popleft()
            if self._waiting.pop((probe, number), None) is not None:
                lost.append(probe)
        self._tell(lost)

    def _tell(self, probes: list[Probe]) -> None:
        new = [probe for probe in probes if probe not in self._known_lost]
        self._known_lost.update(new)
        if new:
            self._lost(new)
