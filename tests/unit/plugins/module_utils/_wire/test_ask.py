# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a vantage hears of the probes that it sends itself."""

from __future__ import annotations

import ipaddress
import socket
from typing import Any, cast

from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.ask import Vantage
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.frames import probe

MAC, OTHER = "02:00:00:00:00:01", "02:00:00:00:00:02"
ADDRESS = ipaddress.ip_address("192.168.100.9")


class Wire:
    """Stands for a packet socket: what is sent is kept, and what waits is given."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.waiting: list[tuple[bytes, int]] = []

    def send(self, data: bytes) -> None:
        self.sent.append(data)

    def recvfrom(self, _size: int) -> tuple[bytes, tuple[str, int, int]]:
        if not self.waiting:
            raise BlockingIOError
        data, kind = self.waiting.pop(0)
        return data, ("eth0", 0, kind)


def asked(sweeping: bool) -> tuple[Vantage, Wire]:
    wire = Wire()
    vantage = Vantage("parent", "eth0", MAC, cast(Any, wire))
    vantage.own_probes = set() if sweeping else None
    assert vantage.send(ADDRESS)
    return vantage, wire


def test_a_probe_is_made_once_and_sent_again() -> None:
    vantage, wire = asked(sweeping=True)
    assert vantage.send(ADDRESS)
    assert (len(wire.sent), len(set(wire.sent)), vantage.sent) == (2, 1, 2)


def test_in_a_sweep_what_goes_out_is_heard_only_if_someone_else_sent_it() -> None:
    vantage, wire = asked(sweeping=True)
    stranger = probe(OTHER, ADDRESS)
    wire.waiting = [(data, socket.PACKET_OUTGOING) for data in (wire.sent[0], stranger)]
    assert [frame.source for frame, dummy in vantage.waiting()] == [OTHER]


def test_an_own_probe_that_comes_back_is_heard() -> None:
    vantage, wire = asked(sweeping=True)
    wire.waiting = [(wire.sent[0], socket.PACKET_BROADCAST)]
    assert [(frame.own, outgoing) for frame, outgoing in vantage.waiting()] == [(True, False)]


def test_outside_of_a_sweep_all_is_heard() -> None:
    vantage, wire = asked(sweeping=False)
    wire.waiting = [(wire.sent[0], socket.PACKET_OUTGOING)]
    assert [outgoing for dummy, outgoing in vantage.waiting()] == [True]
