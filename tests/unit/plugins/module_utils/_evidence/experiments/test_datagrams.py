# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Datagrams with and without a checksum, of which each answer counts once, also a late one."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.experiments import datagrams
from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.experiments.belief import Noise
from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.experiments.datagrams import ChecksumPair

TARGET = ipaddress.ip_address("192.0.2.1")


class Answering(ChecksumPair):
    """far: the other ends, with a checksum and without one. They answer with a datagram."""

    far: tuple[socket.socket, socket.socket]


@pytest.fixture
def pair() -> Iterator[Answering]:
    with contextlib.ExitStack() as stack:
        ends = [socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM) for dummy in range(2)]
        for end in (end for both in ends for end in both):
            stack.enter_context(end)
            end.setblocking(False)
        found = Answering("", TARGET, ends[0][0], ends[1][0])
        found.far = ends[0][1], ends[1][1]
        yield found


def test_an_answer_is_of_its_kind(pair):
    pair.sent = 1
    pair.far[1].send(b".")
    datagrams._ask([pair], True, 0.01)
    datagrams._ask([pair], False, 60.0)
    assert (pair.summed, pair.unsummed) == (0, 1)


def test_late_answers_are_waited_for_together(pair):
    for dummy in range(2):
        pair.sent += 1
        datagrams._ask([pair], False, 0.01)
    for dummy in range(3):
        pair.far[1].send(b".")
    datagrams._listen([pair], (False,), 60.0)
    assert (pair.summed, pair.unsummed) == (0, 2)


def test_silence_is_no_answer(pair):
    pair.sent = 1
    datagrams._listen([pair], (True, False), 0.05)
    assert (pair.summed, pair.unsummed) == (0, 0)


class Refusing:
    """The kernel reports the answer to the datagram before with the sending of the next one, which is not sent."""

    def __init__(self) -> None:
        self.answered, self.sent = True, 0

    def send(self, dummy_data: bytes) -> None:
        if self.answered:
            self.answered = False
            raise ConnectionRefusedError
        self.sent += 1


def test_an_answer_that_comes_with_the_next_question_counts(pair):
    refusing = Refusing()
    other = ChecksumPair("", TARGET, refusing, pair.without, 1)
    datagrams._ask([other], True, 60.0)
    assert (other.summed, refusing.sent) == (1, 1)


@pytest.mark.parametrize(("loss", "rtt", "made"), [(0.0, 2.0, True), (0.4, 0.01, True), (0.6, 2.0, False)])
def test_what_would_take_minutes_is_not_made(monkeypatch, loss, rtt, made):
    monkeypatch.setattr(datagrams, "_wanted", lambda dummy: [("", "", TARGET)])
    context = SimpleNamespace(scope=SimpleNamespace(parent="eth0"), noise=Noise(loss=loss, rtt=rtt))
    reason = datagrams.EXPERIMENT.why_not(context)
    assert (reason == "") is made, reason
