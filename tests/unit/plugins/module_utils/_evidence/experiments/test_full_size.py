# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packets of the full size that the sender's own device drops (generated scenario 8/19)."""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
from collections.abc import Iterator

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address
from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.experiments import full_size
from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.experiments.belief import Repetition

GATEWAY = ipaddress.ip_address("2001:db8:100::1")


class NarrowPinger:
    """Answers what is no larger than 1400 octets; sending more fails with an error."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.answers: list[int] = []
        self.near, self.far = socket.socketpair()
        self.sockets = (self.near,)
        self.far.send(b".")

    def never_fragment(self) -> None:
        pass

    def send(self, dummy_target: Address, sequence: int, size: int) -> None:
        if size > 1400:
            raise OSError(self.number, os.strerror(self.number))
        self.answers.append(sequence)

    def receive(self) -> Iterator[tuple[Address, int]]:
        while self.answers:
            yield GATEWAY, self.answers.pop(0)

    def close(self) -> None:
        self.near.close()
        self.far.close()


@pytest.mark.parametrize(("number", "is_error"), [(errno.ENOBUFS, False), (errno.ENETUNREACH, True)])
def test_what_the_device_drops_is_lost_and_other_errors_are_errors(monkeypatch, number, is_error):
    monkeypatch.setattr(full_size, "open_pinger", lambda *dummy: NarrowPinger(number))
    (found,) = full_size._ask("", "", {GATEWAY: 1500}, Repetition(2, 0.01, 0.02))
    assert max(found["passed"]) == 1400
    assert min(found["lost"]) > 1400
    assert bool(found["error"]) is is_error


class LimitedPinger(NarrowPinger):
    """Answers the first three only, whatever their size, and later one."""

    def send(self, dummy_target: Address, sequence: int, size: int) -> None:
        self.number -= 1
        if self.number > 0 or sequence == full_size.CONTROL:
            self.answers.append(sequence)


def test_a_limit_of_answers_does_not_look_like_a_small_mtu(monkeypatch):
    monkeypatch.setattr(full_size, "open_pinger", lambda *dummy: LimitedPinger(4))
    (found,) = full_size._ask("", "", {GATEWAY: 1500}, Repetition(2, 0.01, 0.02))
    assert max(found["passed"]) > min(found["lost"])
