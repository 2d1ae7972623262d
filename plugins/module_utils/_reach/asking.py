# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Probes in flight, and which of them were answered. Never waits: the caller owns the event loop."""

from __future__ import annotations

import functools
import selectors
import socket
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple, Protocol

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address

from .probes import Attempt, Probe, Series


class Transport(Protocol):
    """Carries probes: sockets to wait on, and requests and answers that do not block."""

    @property
    def sockets(self) -> Sequence[socket.socket]:
        """Readable when there is something to receive."""

    def send(self, target: Address, sequence: int, /) -> None:
        """Errors: OSError."""

    def ended(self) -> str:
        """Why no more probes can be sent, empty as long as they can."""

    def close(self) -> None:
        """Close the sockets."""

    def receive(self) -> Iterator[tuple[Address, int | None]]:
        """Target and sequence number of each pending answer; None where answers carry no number."""


class Steady(NamedTuple):
    """answers: how many there were, in a row. slowest: seconds. since: when the first question of those that have been
    lost after them was sent, None where none has been."""

    answers: int
    slowest: float
    since: float | None


class Asking:
    """All attempts of some probes. timeout: seconds after which an attempt is lost.

    late: seconds for which a numbered answer to a lost attempt still counts; from then on attempts, also those under
    way, wait for twice as long as it took, as a slow path loses nothing. It does not count for a target that has
    answered in time before: that is what waited in a queue of the kernel while the path was down.

    Answers without a number cannot say which attempt they are for. What such a target lost before its first answer
    counts as answered where that came no later than the numbered answers of the same target take.

    lost: called with the probes that were lost for the first time. selector: a socket's data is the function to call
    when it is readable.
    """

    def __init__(
        self,
        transports: Mapping[Probe, Transport],
        timeout: float,
        lost: Callable[[list[Probe]], None],
        selector: selectors.BaseSelector,
        late: float = 0.0,
    ) -> None:
        self._patience = late
        #: Of each target that has answered, whether its first answer was late.
        self._slow: dict[Probe, bool] = {}
        self.begin = time.monotonic()
        self._transports = transports
        self._timeout = timeout
        self._lost = lost
        self._selector = selector
        self._probes = {(id(transport), probe.target): probe for probe, transport in transports.items()}
        self._attempts: dict[Probe, list[Attempt]] = {probe: [] for probe in transports}
        #: The attempts that may wait for an answer, in their order, and when each that does was sent.
        self._sent: deque[tuple[float, Probe, int]] = deque()
        self._waiting: dict[tuple[Probe, int], float] = {}
        #: Attempts that were lost in the last seconds, and when each was sent.
        self._late: dict[tuple[Probe, int], float] = {}
        self._known_lost: set[Probe] = set()
        #: The probes whose answers carry no number.
        self._numberless: set[Probe] = set()
        self._ended: dict[Probe, str] = {}
        for transport in {id(item): item for item in transports.values()}.values():
            for sock in transport.sockets:
                selector.register(sock, selectors.EVENT_READ, functools.partial(self._receive, transport))

    @property
    def live(self) -> list[Probe]:
        """The probes that can still be asked."""
        return [probe for probe in self._transports if probe not in self._ended]

    @property
    def waiting(self) -> bool:
        return bool(self._waiting)

    @property
    def next_deadline(self) -> float | None:
        """When the next attempt may be lost (time.monotonic)."""
        return self._sent[0][0] + self._timeout if self._sent else None

    @property
    def series(self) -> dict[Probe, Series]:
        ways = self._ways() if self._patience else {}
        return {
            probe: Series(
                _excused(attempts, ways.get(probe.target) if probe in self._numberless else None),
                self._ended.get(probe, ""),
            )
            for probe, attempts in self._attempts.items()
        }

    def _ways(self) -> dict[Address, float]:
        """How long the numbered answers of each target take, at least."""
        found: dict[Address, float] = {}
        for probe, attempts in self._attempts.items():
            took = [item.rtt for item in attempts if item.rtt is not None]
            if took and probe not in self._numberless:
                found[probe.target] = min([*took, found.get(probe.target, self._patience)])
        return found

    def sent(self, probe: Probe) -> int:
        """How many attempts a probe has had so far."""
        return len(self._attempts[probe])

    def answered(self, probe: Probe) -> bool:
        """Whether any attempt was."""
        return any(item.rtt is not None for item in self._attempts[probe])

    def doubtful(self, probe: Probe, enough: int) -> bool:
        """Whether the last attempt was lost, and fewer than enough in all."""
        attempts = self._attempts[probe]
        return attempts[-1].rtt is None and sum(1 for item in attempts if item.rtt is None) < enough

    def answers(self, probe: Probe) -> bool:
        """Whether the last attempt was answered, apart from those still waiting."""
        attempts = self._attempts[probe]
        numbers = range(len(attempts) - 1, -1, -1)
        last = next((number for number in numbers if (probe, number) not in self._waiting), None)
        return last is not None and attempts[last].rtt is not None

    def broken(self, probe: Probe, losses: int, never_counts: bool) -> bool:
        """Whether that many of the last attempts are lost, apart from those still waiting.

        never_counts: whether a target that never answered counts.
        """
        attempts = self._attempts[probe]
        found = 0
        for number in range(len(attempts) - 1, -1, -1):
            if attempts[number].rtt is not None:
                return False
            found += (probe, number) not in self._waiting
            if found >= losses:
                return never_counts or any(item.rtt is not None for item in attempts[:number])
        return False

    def steady(self, probe: Probe) -> Steady | None:
        """How a target has answered so far; None where it never has, or lost something before its last answer."""
        attempts = self._attempts[probe]
        took = [item.rtt for item in attempts if item.rtt is not None]
        first = len(took)
        if not took or any(item.rtt is None for item in attempts[:first]):
            return None
        lost = any((probe, number) not in self._waiting for number in range(first, len(attempts)))
        return Steady(first, max(took), attempts[first].after if lost else None)

    def send(self, probes: Iterable[Probe]) -> None:
        unsent = []
        for probe in probes:
            attempts = self._attempts[probe]
            now = time.monotonic()
            error = ""
            try:
                self._transports[probe].send(probe.target, len(attempts))
                self._waiting[probe, len(attempts)] = now
                self._sent.append((now, probe, len(attempts)))
            except OSError as failure:
                error = failure.strerror or str(failure)
                unsent.append(probe)
            attempts.append(Attempt(now - self.begin, None, error))
        self._report(unsent)

    def expire(self, now: float) -> bool:
        """Count attempts whose time is over as lost; whether any is."""
        lost = []
        while self._sent and self._sent[0][0] + self._timeout <= now:
            dummy, probe, number = self._sent.popleft()
            sent = self._waiting.pop((probe, number), None)
            if sent is not None:
                if self._patience:
                    self._late[probe, number] = sent
                lost.append(probe)
        # They are in the order of sending.
        while self._late and next(iter(self._late.values())) < now - self._patience:
            del self._late[next(iter(self._late))]
        self._report(lost)
        return bool(lost)

    def drop_ended(self) -> None:
        """Close the sockets of namespaces that ended.

        An open socket keeps its namespace alive, and in it a link and addresses that may be needed elsewhere.
        """
        for transport in {id(self._transports[item]): self._transports[item] for item in self.live}.values():
            reason = transport.ended()
            if not reason:
                continue
            for sock in transport.sockets:
                self._selector.unregister(sock)
            transport.close()
            for probe in [item for item in self.live if self._transports[item] is transport]:
                self._ended[probe] = reason
            self.forget_waiting(set(self._ended))

    def forget_waiting(self, probes: Collection[Probe] | None = None) -> None:
        """What is in flight when a watch or a namespace ends is not lost. probes: of these alone, default all."""
        forgotten: dict[Probe, set[int]] = {}
        for probe, number in self._waiting:
            if probes is None or probe in probes:
                forgotten.setdefault(probe, set()).add(number)
        for probe, numbers in forgotten.items():
            attempts = enumerate(self._attempts[probe])
            self._attempts[probe] = [item for number, item in attempts if number not in numbers]
            for number in numbers:
                del self._waiting[probe, number]

    def _receive(self, transport: Transport) -> None:
        for target, sequence in transport.receive():
            probe = self._probes.get((id(transport), target))
            if probe is not None:
                self._answered(probe, sequence)

    def _answered(self, probe: Probe, sequence: int | None) -> None:
        """An answer without a number shows that the target is present now, so it answers every waiting attempt."""
        attempts = self._attempts[probe]
        if sequence is None:
            self._numberless.add(probe)
        numbers = [number for owner, number in self._waiting if owner is probe] if sequence is None else [sequence]
        now = time.monotonic()
        for number in numbers:
            sent, late = self._waiting.pop((probe, number), None), self._late.pop((probe, number), None)
            if sent is None and late is not None and self._slow.setdefault(probe, True):
                sent = late
            if sent is None:
                continue
            self._slow.setdefault(probe, False)
            attempts[number] = Attempt(attempts[number].after, now - sent)
            self._timeout = max(self._timeout, min(2 * (now - sent), self._patience))

    def _report(self, probes: list[Probe]) -> None:
        new = [probe for probe in dict.fromkeys(probes) if probe not in self._known_lost]
        self._known_lost.update(new)
        if new:
            self._lost(new)


#: By this share, or these seconds, an answer may come later than the fastest one of the same target.
SLOWER, JITTER = 0.25, 0.1


def _excused(attempts: Sequence[Attempt], way: float | None) -> tuple[Attempt, ...]:
    """Attempts of a target whose answers carry no number, with those answered that were on their way when the first
    answer came. way: how long an answer takes."""
    first = next((number for number, item in enumerate(attempts) if item.rtt is not None), 0)
    if way is None or not first:
        return tuple(attempts)
    came = attempts[first].after + (attempts[first].rtt or 0.0)
    early = [
        replace(item, rtt=way) if not item.error and item.after + way * (1 + SLOWER) + JITTER >= came else item
        for item in attempts[:first]
    ]
    return (*early, *attempts[first:])
