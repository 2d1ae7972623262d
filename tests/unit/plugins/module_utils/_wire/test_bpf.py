# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter runs in the kernel, on a pair of local datagram sockets: they take the same programs as packet sockets."""

from __future__ import annotations

import ipaddress
import socket

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire import bpf as probe_filter
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire import frames as packets

MAC = "02:00:00:00:00:01"
ADDRESS6 = ipaddress.IPv6Address("fd00::1")
SOLICITATION = packets.probe(MAC, ADDRESS6)
ADVERTISEMENT = packets.build(
    packets.Frame(MAC, "33:33:00:00:00:01", packets.Neighbour(False, ADDRESS6, packets.ALL_NODES, ADDRESS6, MAC))
)
REPLY = packets.build(
    packets.Frame(MAC, MAC, packets.Arp(2, MAC, ipaddress.IPv4Address(1), MAC, ipaddress.IPv4Address(2)))
)


def changed(data: bytes, offset: int, value: int) -> bytes:
    return data[:offset] + bytes((value,)) + data[offset + 1 :]


def passes(data: bytes, questions: bool = True) -> bool:
    sender, receiver = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with sender, receiver:
        probe_filter.attach(receiver, probe_filter.program(questions))
        receiver.setblocking(False)
        try:
            sender.send(data)
            return receiver.recv(2048) == data
        except (BlockingIOError, PermissionError):  # the kernel refuses a datagram that the peer's filter drops
            return False


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(packets.probe(MAC, ipaddress.IPv4Address("192.0.2.1")), True, id="arp request"),
        pytest.param(REPLY, True, id="arp reply"),
        pytest.param(SOLICITATION, True, id="neighbour solicitation"),
        pytest.param(ADVERTISEMENT, True, id="neighbour advertisement"),
        pytest.param(changed(SOLICITATION, 54, 134), False, id="router advertisement"),
        pytest.param(changed(SOLICITATION, 54, 137), False, id="redirect"),
        pytest.param(changed(SOLICITATION, 54, 128), False, id="ping over IPv6"),
        pytest.param(changed(SOLICITATION, 20, 17), False, id="UDP over IPv6"),
        pytest.param(changed(changed(REPLY, 12, 8), 13, 0), False, id="IPv4"),
        pytest.param(changed(REPLY, 12, 0x81), False, id="VLAN tag in the frame"),
        pytest.param(bytes(12), False, id="too short for an ethertype"),
        pytest.param(SOLICITATION[:30], False, id="too short for a type"),
    ],
)
def test_what_the_kernel_lets_through(data, expected):
    assert passes(data) is expected


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(packets.probe(MAC, ipaddress.IPv4Address("192.0.2.1")), False, id="arp request"),
        pytest.param(REPLY, True, id="arp reply"),
        pytest.param(SOLICITATION, False, id="neighbour solicitation"),
        pytest.param(ADVERTISEMENT, True, id="neighbour advertisement"),
        pytest.param(changed(changed(REPLY, 12, 8), 13, 0), False, id="IPv4"),
    ],
)
def test_who_asks_may_want_nothing_but_answers(data, expected):
    assert passes(data, questions=False) is expected
