# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Probes whose answers carry no number, over a slow path and over one that was down."""

from __future__ import annotations

import ipaddress
import selectors
from collections.abc import Iterator

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach import asking as _asking
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.asking import Asking, Steady
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.kinds import ECHO, WHO_HAS
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.probes import Probe

GATEWAY = ipaddress.ip_address("192.168.100.1")
PING, ARP = Probe(ECHO, GATEWAY), Probe(WHO_HAS, GATEWAY, interface="eth0")


class Clock:
    now = 0.0

    def monotonic(self) -> float:
        return self.now


class Way:
    """Takes a while in both directions together; nothing passes before ``up``. numbered: whether answers are."""

    sockets = ()

    def __init__(self, clock: Clock, rtt: float, up: float, numbered: bool) -> None:
        self.clock, self.rtt, self.up, self.numbered = clock, rtt, up, numbered
        self.waiting: list[tuple[float, int]] = []

    def send(self, target: Address, sequence: int, /) -> None:
        if self.clock.now >= self.up:
            self.waiting.append((self.clock.now + self.rtt, sequence))

    def ended(self) -> str:
        return ""

    def close(self) -> None:
        pass

    def receive(self) -> Iterator[tuple[Address, int | None]]:
        while self.waiting and self.waiting[0][0] <= self.clock.now:
            dummy, sequence = self.waiting.pop(0)
            yield GATEWAY, sequence if self.numbered else None


def asked(clock: Clock, way: Way, steps: int, attempts: int = 10) -> tuple[Asking, Way]:
    """After so many steps of 1/20 s, with one attempt each half second."""
    asking = Asking({PING: way}, 1.0, lambda dummy: None, selectors.DefaultSelector(), 5.0)
    for step in range(steps):
        clock.now = step / 20
        asking._receive(way)
        asking.expire(clock.now)
        if step % 10 == 0 and step < 10 * attempts:
            asking.send([PING])
    return asking, way


def lost(monkeypatch: pytest.MonkeyPatch, rtt: float, up: float, pings: bool = True) -> dict[str, int]:
    """How many of 20 attempts, one each half second with a timeout of one, are lost by each method."""
    clock = Clock()
    monkeypatch.setattr(_asking, "time", clock)
    ways = {PING: Way(clock, rtt, up if pings else 1000.0, True), ARP: Way(clock, rtt, up, False)}
    asking = Asking(ways, 1.0, lambda dummy: None, selectors.DefaultSelector(), 5.0)
    for step in range(300):
        clock.now = step / 20
        for way in ways.values():
            asking._receive(way)
        asking.expire(clock.now)
        if step % 10 == 0 and step < 200:
            asking.send(ways)
    return {probe.method: sum(item.rtt is None for item in one.attempts) for probe, one in asking.series.items()}


@pytest.mark.parametrize("rtt", [0.001, 0.3, 1.0, 1.5, 2.0])
def test_a_slow_path_loses_nothing(monkeypatch, rtt):
    assert lost(monkeypatch, rtt, 0.0) == {ECHO: 0, WHO_HAS: 0}


@pytest.mark.parametrize("rtt", [0.001, 0.3])
def test_what_was_sent_before_the_path_was_up_is_lost(monkeypatch, rtt):
    assert lost(monkeypatch, rtt, 3.0)[WHO_HAS] in (4, 5, 6)


def test_without_pings_nobody_knows_how_long_an_answer_takes(monkeypatch):
    assert lost(monkeypatch, 2.0, 0.0, pings=False)[WHO_HAS] > 0


class Slower(Way):
    """The first answer comes just in time, and the others a little later."""

    def send(self, target: Address, sequence: int, /) -> None:
        self.rtt = 0.95 if sequence == 0 else 1.1
        super().send(target, sequence)


def test_an_answer_just_in_time_gives_time_to_those_under_way(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(_asking, "time", clock)
    asking, _way = asked(clock, Slower(clock, 0, 0.0, True), 200)
    assert [item.rtt is None for item in asking.series[PING].attempts] == [False] * 10


def test_what_is_in_flight_at_the_end_is_not_lost(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(_asking, "time", clock)
    asking, _way = asked(clock, Way(clock, 0.7, 0.0, True), 43)
    asking.forget_waiting()
    assert not asking.waiting
    assert [item.rtt is not None for item in asking.series[PING].attempts] == [True] * 3


class Ends(Way):
    """Nothing passes from a moment on."""

    down = 2.2

    def send(self, target: Address, sequence: int, /) -> None:
        if self.clock.now < self.down:
            super().send(target, sequence)


def steady(monkeypatch: pytest.MonkeyPatch, way: type[Way], steps: int, up: float = 0.0) -> Steady | None:
    clock = Clock()
    monkeypatch.setattr(_asking, "time", clock)
    asking, _way = asked(clock, way(clock, 0.05, up, True), steps)
    return asking.steady(PING)


def test_what_is_lost_after_the_last_answer_is_known_since_its_question(monkeypatch):
    # five are answered, one each half second; the sixth is lost a second after it was sent
    assert steady(monkeypatch, Ends, 65) == Steady(5, pytest.approx(0.05), None)
    assert steady(monkeypatch, Ends, 80) == Steady(5, pytest.approx(0.05), 2.5)


def test_who_never_answered_or_lost_something_before_is_not_steady(monkeypatch):
    assert steady(monkeypatch, Way, 80, up=100.0) is None
    assert steady(monkeypatch, Way, 80, up=1.0) is None
