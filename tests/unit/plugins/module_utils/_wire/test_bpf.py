# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter runs in the kernel, on a pair of local datagram sockets: they take the same programs as packet sockets."""

from __future__ import annotations

import ipaddress
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

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


def behind(data: bytes, kind: int, header: bytes) -> bytes:
    """With an extension header between the IPv6 header and the message (RFC 8200, 4)."""
    length = int.from_bytes(data[18:20], "big") + len(header)
    return data[:18] + length.to_bytes(2, "big") + bytes((kind,)) + data[21:54] + header + data[54:]


#: Next header is ICMPv6, 8 octets long, padded (PadN).
PADDED = bytes((58, 0, 1, 4, 0, 0, 0, 0))
#: Of a fragment: the first of a message that has no other.
FRAGMENT = bytes((58, 0, 0, 0, 0, 0, 0, 1))
TAG, OUTER_TAG = bytes.fromhex("81000005"), bytes.fromhex("88a80005")


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(behind(SOLICITATION, 0, PADDED), id="hop-by-hop options"),
        pytest.param(behind(ADVERTISEMENT, 43, PADDED), id="routing header"),
        pytest.param(behind(ADVERTISEMENT, 60, PADDED), id="destination options"),
        pytest.param(behind(ADVERTISEMENT, 44, FRAGMENT), id="fragment (RFC 6980)"),
        pytest.param(behind(ADVERTISEMENT, 0, bytes((0, 0, 1, 4, 0, 0, 0, 0)) + PADDED), id="two of them"),
        pytest.param(REPLY[:12] + TAG + REPLY[12:], id="VLAN tag"),
        pytest.param(ADVERTISEMENT[:12] + TAG + ADVERTISEMENT[12:], id="VLAN tag of a neighbour advertisement"),
        pytest.param(REPLY[:12] + OUTER_TAG + TAG + REPLY[12:], id="two VLAN tags"),
        pytest.param(REPLY[:12] + (len(REPLY) - 14).to_bytes(2, "big") + REPLY[14:], id="IEEE 802.3 length"),
        *(pytest.param(ADVERTISEMENT[:size], id=f"{size} octets of IPv6") for size in (0, 1, 13, 14, 20, 54)),
        *(pytest.param(REPLY[:size], id=f"{size} octets of ARP") for size in (12, 13)),
    ],
)
@pytest.mark.parametrize("questions", [True, False])
def test_what_no_host_of_this_segment_sends_stays_in_the_kernel(data, questions):
    assert not passes(data, questions)
    assert packets.parse(data) is None


WHOLE = [REPLY, SOLICITATION, ADVERTISEMENT, packets.probe(MAC, ipaddress.IPv4Address("192.0.2.1"))]


@pytest.mark.parametrize("data", WHOLE, ids=["arp reply", "solicitation", "advertisement", "arp request"])
def test_a_frame_that_is_cut_anywhere_is_no_claim(data):
    """The filter looks at the first octets alone: what it passes has to be whole, too."""
    needed = 42 if data[12:14] == b"\x08\x06" else len(data)
    for size in range(needed):
        assert packets.parse(data[:size]) is None, size
    assert packets.parse(data[:needed]) is not None


@pytest.mark.parametrize("data", WHOLE[1:3], ids=["solicitation", "advertisement"])
@pytest.mark.parametrize("said", [0, 1, 8, 23, 25, 0xFFFF])
def test_a_length_that_is_another_is_no_claim(data, said):
    assert packets.parse(data[:18] + said.to_bytes(2, "big") + data[20:]) is None


@given(st.sampled_from(WHOLE), st.data())
def test_the_parser_takes_no_more_than_the_filter(data, draw):
    """Where the filter is missing or older, nothing else becomes a claim."""
    place = draw.draw(st.integers(0, len(data) - 1))
    other = changed(data, place, draw.draw(st.integers(0, 255)))
    other = other[: draw.draw(st.integers(0, len(other)))]
    if packets.parse(other) is not None:
        assert passes(other)


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
    if passes(data):
        assert probe_filter.passes_without_questions(data, outgoing=False) is expected
