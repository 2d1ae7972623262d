# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import ipaddress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire import frames as packets
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.frames import Arp, Frame, Neighbour

IP4 = ipaddress.IPv4Address
IP6 = ipaddress.IPv6Address

macs = st.binary(min_size=6, max_size=6).map(packets.mac_text)
ipv4 = st.integers(0, 2**32 - 1).map(IP4)
ipv6 = st.integers(0, 2**128 - 1).map(IP6)
arps = st.builds(Arp, st.sampled_from([packets.ARP_REQUEST, packets.ARP_REPLY]), macs, ipv4, macs, ipv4)
solicitations = st.builds(Neighbour, st.just(True), ipv6, ipv6, ipv6, st.none() | macs)
advertisements = st.builds(
    Neighbour, st.just(False), ipv6, ipv6, ipv6, st.none() | macs, st.booleans(), st.booleans(), st.booleans()
)
frames = st.builds(Frame, macs, macs, arps | solicitations | advertisements, st.booleans())

#: Written out by hand, field by field as RFC 826 has them.
ARP_ANNOUNCEMENT = bytes.fromhex(
    "ffffffffffff 9e5c0a0b0c0d 0806 0001 0800 06 04 0002 9e5c0a0b0c0d c0a8640b ffffffffffff c0a8640b"
)
ARP_PROBE = bytes.fromhex(
    "ffffffffffff 9e5c0a0b0c0d 0806 0001 0800 06 04 0001 9e5c0a0b0c0d 00000000 000000000000 c0a8640b"
)


@given(frames)
def test_what_is_built_is_parsed_back(frame):
    data = packets.build(frame)
    assert len(data) >= packets.ETH_ZLEN
    assert packets.parse(data) == replace(frame, own=frame.signed)


@given(frames, st.binary(max_size=40))
def test_padding_changes_nothing_but_the_signature(frame, padding):
    parsed = packets.parse(packets.build(Frame(frame.source, frame.destination, frame.body)) + padding)
    assert (parsed.source, parsed.destination, parsed.body) == (frame.source, frame.destination, frame.body)


@given(st.binary(max_size=200))
def test_parsing_arbitrary_octets_never_raises(data):
    packets.parse(data)
    for version in (4, 6):
        packets.parse_echo_reply(version, data)


@given(frames, st.data())
def test_a_shortened_frame_is_never_misread(frame, data):
    whole = packets.build(Frame(frame.source, frame.destination, frame.body))
    size = 42 if isinstance(frame.body, Arp) else 14 + 40 + 24 + (8 if frame.body.link_layer else 0)
    assert packets.parse(whole[: data.draw(st.integers(0, size - 1))]) is None


@given(solicitations | advertisements, st.data())
def test_a_flipped_bit_in_a_neighbour_message_is_noticed(message, data):
    frame = bytearray(packets.build(Frame("02:00:00:00:00:01", "33:33:00:00:00:01", message)))
    bit = data.draw(st.integers((14 + 40) * 8, (14 + 40 + 24) * 8 - 1))
    frame[bit // 8] ^= 1 << bit % 8
    assert packets.parse(bytes(frame)) is None


def test_frames_written_by_hand():
    mac = "9e:5c:0a:0b:0c:0d"
    announcement = packets.parse(ARP_ANNOUNCEMENT)
    assert announcement.body == Arp(2, mac, IP4("192.168.100.11"), packets.BROADCAST, IP4("192.168.100.11"))
    assert not announcement.signed
    assert packets.parse(ARP_PROBE).body == Arp(1, mac, IP4("0.0.0.0"), packets.NO_MAC, IP4("192.168.100.11"))


def test_an_arp_probe_is_what_rfc_5227_says_and_signed():
    data = packets.probe("9e:5c:0a:0b:0c:0d", IP4("192.168.100.11"))
    assert data[:42] == ARP_PROBE
    assert any(data[42:56])
    assert data[56:] == bytes(4)
    assert b"macvlan" not in data
    assert packets.parse(data).signed


def test_an_announcement_is_what_rfc_5227_and_rfc_4861_say():
    mac, ip4, ip6 = "02:00:5e:10:00:01", IP4("192.0.2.1"), IP6("2001:db8::1")
    assert packets.parse(packets.announcement(mac, ip4)) == Frame(
        mac, packets.BROADCAST, Arp(packets.ARP_REQUEST, mac, ip4, packets.NO_MAC, ip4)
    )
    assert packets.parse(packets.announcement(mac, ip6)) == Frame(
        mac, "33:33:00:00:00:01", Neighbour(False, ip6, packets.ALL_NODES, ip6, link_layer=mac, override=True)
    )


def test_an_ipv6_probe_is_what_rfc_4862_says_and_signed():
    frame = packets.parse(packets.probe("9e:5c:0a:0b:0c:0d", IP6("fd00::12:3456")))
    assert frame.destination == "33:33:ff:12:34:56"
    assert frame.body == Neighbour(True, IP6("::"), IP6("ff02::1:ff12:3456"), IP6("fd00::12:3456"))
    assert frame.signed


@pytest.mark.parametrize(
    ("where", "value"),
    [(15, 2), (16, 0x86), (18, 5), (19, 3), (21, 3), (12, 9)],
    ids=["hardware", "protocol", "hlen", "plen", "operation", "ethertype"],
)
def test_arp_for_anything_but_ethernet_and_ipv4_is_none(where, value):
    data = bytearray(ARP_PROBE)
    data[where] = value
    assert packets.parse(bytes(data)) is None


@pytest.mark.parametrize("hops", [0, 64, 254])
def test_a_neighbour_message_that_crossed_a_router_is_none(hops):
    data = bytearray(packets.probe("02:00:00:00:00:01", IP6("fd00::1")))
    data[14 + 7] = hops
    assert packets.parse(bytes(data)) is None


def test_an_option_without_length_makes_the_message_none():
    message = Neighbour(False, IP6("fe80::1"), packets.ALL_NODES, IP6("fd00::1"), "02:00:00:00:00:02")
    data = bytearray(packets.build(Frame("02:00:00:00:00:01", "33:33:00:00:00:01", message)))
    data[14 + 40 + 25] = 0
    # one octet less in the sum: put it back into the checksum, so that only the option is wrong
    total = int.from_bytes(data[56:58], "big") + 1
    data[56:58] = (total & 0xFFFF).to_bytes(2, "big")
    assert packets.checksum(bytes(data[22:54]) + b"\0\0\0\x20\0\0\0\x3a" + bytes(data[54:86])) == 0
    assert packets.parse(bytes(data)) is None


@given(st.integers(0, 65535), st.integers(0, 65535), st.binary(max_size=64))
def test_echo_requests_and_replies(identifier, sequence, payload):
    request = packets.build_echo(4, identifier, sequence, payload)
    assert packets.checksum(request) == 0
    assert packets.parse_echo_reply(4, b"\x45" + bytes(19) + request) is None, "a request is no reply"
    body = b"\0\0\0\0" + request[4:]
    reply = body[:2] + packets.checksum(body).to_bytes(2, "big") + body[4:]
    assert packets.parse_echo_reply(4, b"\x45" + bytes(19) + reply) == packets.Echo(identifier, sequence, payload)
    six = b"\x81" + packets.build_echo(6, identifier, sequence, payload)[1:]
    assert packets.parse_echo_reply(6, six) == packets.Echo(identifier, sequence, payload)


def test_an_echo_reply_with_a_wrong_checksum_is_none():
    assert packets.parse_echo_reply(4, b"\x45" + bytes(19) + b"\0\0\0\1\0\0\0\0") is None


def test_a_question_with_a_sender_is_an_ordinary_request():
    sender, target = ipaddress.ip_address("192.168.100.11"), ipaddress.ip_address("192.168.100.50")
    frame = packets.parse(packets.arp_request("52:54:00:00:00:01", sender, target))
    assert frame == packets.Frame(
        "52:54:00:00:00:01",
        packets.BROADCAST,
        packets.Arp(packets.ARP_REQUEST, "52:54:00:00:00:01", sender, packets.NO_MAC, target),
        signed=True,
        own=True,
    )
