# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import ipaddress
import math
import selectors
import socket
import time

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.asking import Asking
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.kinds import ECHO
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.probes import FAIL, PASS, Probe
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.soak import Soak, Times, times

TARGET = ipaddress.ip_address("192.0.2.1")
OTHER = ipaddress.ip_address("192.0.2.2")
PROBE, OTHER_PROBE = Probe(ECHO, TARGET), Probe(ECHO, OTHER)


class Script:
    """A transport with scripted answers: one character per probe, + answered, - lost, x refused, e ended before it."""

    def __init__(self, script: str, numbered: bool = True) -> None:
        self.script = script
        self.numbered = numbered
        self.sent: list[tuple] = []
        self.closed = False
        self._answers: list[tuple] = []
        self._here, self._there = socket.socketpair()
        self.sockets = [self._here]

    def _step(self) -> str:
        mine = [item for item in self.sent if item[0] == TARGET]
        return self.script[min(len(mine), len(self.script) - 1)]

    def send(self, target, sequence) -> None:
        step = self._step()
        self.sent.append((target, sequence))
        if step == "x":
            raise OSError(101, "Network is unreachable")
        if step == "+":
            self._answers.append((target, sequence if self.numbered else None))
            self._there.send(b"!")

    def receive(self):
        self._here.recv(64)
        answers, self._answers = self._answers, []
        return iter(answers)

    def ended(self) -> str:
        return "c1 ended" if self._step() == "e" else ""

    def close(self) -> None:
        self.closed = True
        self._here.close()
        self._there.close()


def run(script: str, rounds: int, numbered: bool = True):
    transport = Script(script, numbered)
    lost: list = []
    times = Times(soak=(rounds - 1) * 0.02, interval=0.02, timeout=0.03)
    series = Soak({PROBE: transport}, times, lost.extend).run()[PROBE]
    transport.close()
    return series, lost


@pytest.mark.parametrize("numbered", [True, False])
@pytest.mark.parametrize(
    ("script", "rounds", "sent", "received", "status"),
    [
        pytest.param("+", 1, 1, 1, PASS, id="once, answered"),
        pytest.param("+", 5, 5, 5, PASS, id="all answered"),
        pytest.param("-+", 1, 2, 1, PASS, id="once, lost, and answered when asked again"),
        pytest.param("-", 1, 2, 0, FAIL, id="once, never answered"),
        pytest.param("-", 4, 4, 0, FAIL, id="never answered"),
        pytest.param("++++-+", 5, 6, 5, PASS, id="the last one lost, and answered when asked again"),
        pytest.param("++++-", 5, 6, 4, FAIL, id="the last one lost, and the confirmation too"),
        pytest.param("++---", 5, 5, 2, FAIL, id="works, then breaks"),
    ],
)
def test_rounds_and_confirmation(script, rounds, sent, received, status, numbered):
    series, lost = run(script, rounds, numbered)
    assert (series.sent, series.received, series.status) == (sent, received, status)
    assert lost == ([PROBE] if "-" in script else []), "each probe is reported once"


def test_losses_that_are_noticed_at_once_are_reported_once():
    """As on a machine that was busy with something else for a while."""
    transport = Script("-")
    lost: list = []
    with selectors.DefaultSelector() as selector:
        asking = Asking({PROBE: transport}, 0.01, lost.extend, selector)
        for dummy in range(3):
            asking.send([PROBE])
        asking.expire(time.monotonic() + 1)
    transport.close()
    assert (lost, asking.waiting) == ([PROBE], False)


def test_a_single_loss_in_the_middle_passes_and_a_second_one_does_not():
    # With numbered answers a late round cannot answer for an earlier one.
    assert run("++-+++", 6)[0].status == PASS
    assert run("+-+-++", 6)[0].status == FAIL


def test_what_the_kernel_refuses_is_lost_at_once_with_its_reason():
    series, lost = run("+xx", 3)
    assert (series.sent, series.received, series.status) == (3, 1, FAIL)
    assert series.errors == "Network is unreachable"
    assert lost == [PROBE]


def test_the_time_of_an_attempt_counts_from_the_start():
    series, dummy = run("++--", 4)
    assert [attempt.after for attempt in series.attempts] == sorted(attempt.after for attempt in series.attempts)
    assert series.losses[0].after >= 0.04


def test_one_transport_serves_many_targets():
    transport = Script("+")
    series = Soak({PROBE: transport, OTHER_PROBE: transport}, Times(0, 1, 0.1), lambda probes: None).run()
    transport.close()
    assert {probe: made.received for probe, made in series.items()} == {PROBE: 1, OTHER_PROBE: 1}
    assert transport.sent == [(TARGET, 0), (OTHER, 0)]


def test_a_transport_that_ends_is_closed_at_once_and_loses_nothing():
    transport = Script("++-e")
    lost: list = []
    series = Soak({PROBE: transport}, Times(0.2, 0.02, 10.0), lost.extend).run()[PROBE]
    assert transport.closed
    assert (series.ended, series.sent, series.received, lost) == ("c1 ended", 2, 2, [])


@pytest.mark.parametrize(
    ("soak", "interval", "rounds"), [(0, 1, 1), (10, 1, 11), (1, 0.1, 11), (0.5, 1, 1), (0.3, 0.1, 4), (2.5, 1, 3)]
)
def test_number_of_rounds(soak, interval, rounds):
    assert Times(soak, interval).rounds == rounds


@pytest.mark.parametrize(
    ("soak", "interval", "timeout", "keys"),
    [
        (10.0, 1.0, 1.0, []),
        (0.0, 1.0, 1.0, []),
        (-1.0, 1.0, 1.0, ["soak_seconds"]),
        (math.inf, 0.0, math.nan, ["soak_seconds", "interval", "timeout"]),
        (10.0, 0.01, 1.0, ["interval"]),
        (86400.0, 0.1, 1.0, ["interval"]),
        (10.0, 1.0, 0.0, ["timeout"]),
    ],
)
def test_times(soak, interval, timeout, keys):
    problems = Problems()
    times(soak, interval, timeout, problems)
    assert [item.key for item in problems.items] == keys


@pytest.mark.parametrize(("late", "received"), [(5.0, 1), (0.0, 0)])
def test_an_answer_after_the_timeout_counts_where_that_is_wanted(late, received):
    with selectors.DefaultSelector() as selector:
        transport = Script("-")
        asking = Asking({PROBE: transport}, 0.001, lambda dummy: None, selector, late)
        asking.send([PROBE])
        asking.expire(time.monotonic() + 0.01)
        assert not asking.waiting
        transport._answers.append((TARGET, 0))
        transport._there.send(b"!")
        for key, dummy in selector.select(1):
            key.data()
        assert asking.series[PROBE].received == received
        transport.close()


def test_a_slow_path_is_waited_for_after_its_first_answer():
    with selectors.DefaultSelector() as selector:
        transport = Script("-")
        asking = Asking({PROBE: transport}, 0.001, lambda dummy: None, selector, 5.0)
        asking.send([PROBE])
        time.sleep(0.05)
        asking.expire(time.monotonic())
        transport._answers.append((TARGET, 0))
        transport._there.send(b"!")
        for key, dummy in selector.select(1):
            key.data()
        before = time.monotonic()
        asking.send([PROBE])
        assert asking.next_deadline >= before + 0.1
        transport.close()


def test_what_waited_in_a_queue_while_the_path_was_down_is_lost():
    """The target has answered in time before."""
    with selectors.DefaultSelector() as selector:
        transport = Script("-")
        asking = Asking({PROBE: transport}, 60.0, lambda dummy: None, selector, 5.0)

        def answer(number: int) -> None:
            transport._answers.append((TARGET, number))
            transport._there.send(b"!")
            for key, dummy in selector.select(1):
                key.data()

        asking.send([PROBE])
        answer(0)
        asking.send([PROBE])
        asking.expire(time.monotonic() + 61)
        answer(1)
        asking.send([PROBE])
        answer(2)
        assert [item.rtt is not None for item in asking.series[PROBE].attempts] == [True, False, True]
        transport.close()
