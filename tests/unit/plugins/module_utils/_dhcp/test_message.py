# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import ipaddress
import socket
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.linuxnet.macvlan.plugins.module_utils._dhcp import datagram as datagrams
from ansible_collections.linuxnet.macvlan.plugins.module_utils._dhcp import message as messages
from ansible_collections.linuxnet.macvlan.plugins.module_utils._dhcp.datagram import Datagram
from ansible_collections.linuxnet.macvlan.plugins.module_utils._dhcp.message import DhcpMessage
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire import bpf as probe_filter
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire import frames as packets

IP4 = ipaddress.IPv4Address
MAC = "02:6c:6e:00:00:01"

macs = st.binary(min_size=6, max_size=6).map(packets.mac_text)
addresses = st.integers(0, 2**32 - 1).map(IP4)
numbers = st.integers(1, 254).filter(lambda number: number != messages.OVERLOAD)
options = st.dictionaries(numbers, st.binary(max_size=600), max_size=8)
made = st.builds(
    DhcpMessage,
    st.sampled_from([messages.BOOTREQUEST, messages.BOOTREPLY]), st.integers(0, 2**32 - 1), macs, options,
    st.integers(0, 2**16 - 1), st.booleans(), st.integers(0, 16), addresses, addresses, addresses, addresses,
)  # fmt: skip
ports = st.integers(0, 2**16 - 1)
carried = st.builds(Datagram, macs, macs, addresses, addresses, ports, ports, st.binary(max_size=1400))

#: Written out by hand, field by field as RFC 2131, figure 1 has them: an offer of 192.168.100.150 by 192.168.100.1.
OFFER = bytes.fromhex(
    "02 01 06 00 12345678 0000 8000 00000000 c0a86496 c0a86401 c0a864fe 026c6e000001 00000000000000000000"
) + bytes(64 + 128) + bytes.fromhex(
    "63825363 35 01 02 36 04 c0a86401 33 04 00000e10 01 04 ffffff00 03 08 c0a86401 c0a864fd 06 04 08080808 ff"
)  # fmt: skip


def offer(*extra: tuple[int, bytes], sname: bytes = b"", file: bytes = b"") -> bytes:
    """A bare offer with these options, and with what else the two fields hold."""
    head = OFFER[:44] + sname.ljust(64, b"\0") + file.ljust(128, b"\0") + OFFER[236:240]
    body = b"".join(bytes((number, len(octets))) + octets for number, octets in ((53, b"\x02"), *extra))
    return head + body + b"\xff"


@given(made)
def test_what_is_built_is_parsed_back(message):
    data = messages.build(message)
    assert len(data) >= 300
    assert messages.parse(data) == message


@given(st.binary(max_size=700))
def test_parsing_arbitrary_octets_never_raises(data):
    for octets in (data, OFFER[:240] + data, offer(sname=data[:64], file=data[:128])):
        message = messages.parse(octets)
        if message is not None:
            assert isinstance((message.kind, message.network, message.routers, message.server_id), tuple)
    datagrams.parse(data)


@given(made, st.data())
def test_a_shortened_message_never_gains_an_option(message, data):
    whole = messages.build(message)
    short = messages.parse(whole[: data.draw(st.integers(0, len(whole)))])
    for number, octets in (short.options if short else {}).items():
        assert message.options[number].startswith(octets)


def test_an_offer_written_by_hand():
    message = messages.parse(OFFER)
    assert (message.op, message.kind, message.xid, message.chaddr) == (2, messages.OFFER, 0x12345678, MAC)
    assert (message.broadcast, message.secs, message.hops) == (True, 0, 0)
    assert [str(item) for item in (message.ciaddr, message.yiaddr, message.siaddr, message.giaddr)] == [
        "0.0.0.0", "192.168.100.150", "192.168.100.1", "192.168.100.254",
    ]  # fmt: skip
    assert message.server_id == IP4("192.168.100.1")
    assert message.lease_seconds == 3600
    assert message.network == ipaddress.ip_network("192.168.100.0/24")
    assert message.routers == (IP4("192.168.100.1"), IP4("192.168.100.253"))
    assert message.dns_servers == (IP4("8.8.8.8"),)


@pytest.mark.parametrize(("overload", "expected"), [(0, b""), (1, b"F"), (2, b"S"), (3, b"FS"), (4, b"")])
def test_overloaded_fields_are_read_file_first(overload, expected):
    data = offer((52, bytes((overload,))), sname=b"\x0f\x01S\xff", file=b"\x0f\x01F\xff")
    assert messages.parse(data).options.get(15, b"") == expected


def test_an_option_in_parts_is_joined_across_fields():
    data = offer((3, bytes(3)), (52, b"\x01"), (3, b"\x09"), file=b"\x03\x04\x01\x02\x03\x04")
    assert messages.parse(data).routers == (IP4("0.0.0.9"), IP4("1.2.3.4"))


@pytest.mark.parametrize(
    ("number", "octets", "name", "nothing"),
    [
        (messages.SERVER_ID, b"\x01\x02\x03", "server_id", None),
        (messages.LEASE_TIME, b"", "lease_seconds", None),
        (messages.SUBNET_MASK, b"\xff\xff\xff\x00\x00", "network", None),
        (messages.SUBNET_MASK, b"\xff\x00\xff\x00", "network", None),
        (messages.ROUTER, b"\x01\x02\x03\x04\x05", "routers", ()),
        (messages.REQUESTED_ADDRESS, b"\x01", "requested_address", None),
    ],
)
def test_an_option_that_makes_no_sense_is_as_good_as_absent(number, octets, name, nothing):
    assert getattr(messages.parse(offer((number, octets))), name) == nothing


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(OFFER[:239], id="cut in the cookie"),
        pytest.param(OFFER[:236] + b"\x63\x82\x53\x64" + OFFER[240:], id="another cookie"),
        pytest.param(b"\x03" + OFFER[1:], id="neither request nor reply"),
        pytest.param(b"\x02\x20" + OFFER[2:], id="InfiniBand"),
        pytest.param(OFFER[:2] + b"\x10" + OFFER[3:], id="address of 16 octets"),
        pytest.param(OFFER[:-2], id="cut in an option"),
        pytest.param(offer((52, b"\x01"), file=b"\x03" * 128), id="cut in the overloaded field"),
    ],
)
def test_what_is_no_message(data):
    assert messages.parse(data) is None


def test_options_may_end_without_an_end():
    assert messages.parse(OFFER[:-1]).dns_servers == (IP4("8.8.8.8"),)


def test_bootp_has_no_kind():
    assert messages.parse(OFFER[:240] + b"\xff").kind is None


@pytest.mark.parametrize(("mask", "network"), [(0, "0.0.0.0/0"), (0xFFFFFFFF, "192.168.100.150/32")])
def test_the_widest_and_the_narrowest_subnet(mask, network):
    message = messages.parse(offer((messages.SUBNET_MASK, mask.to_bytes(4, "big"))))
    assert message.network == ipaddress.ip_network(network)


def test_a_discover_asks_for_a_broadcast_and_for_no_binding():
    message = messages.discover(7, MAC, b"\0id", b"us", IP4("192.168.100.150"), secs=4)
    assert messages.parse(messages.build(message)) == message
    assert (message.op, message.kind, message.broadcast, message.secs) == (1, messages.DISCOVER, True, 4)
    assert message.requested_address == IP4("192.168.100.150")
    assert message.options[messages.CLIENT_ID] == b"\0id"
    # rapid commit (RFC 4039) would let a server lease at once
    assert set(message.options) == {53, 61, 60, 50, 55}
    assert 50 not in messages.discover(7, MAC, b"\0id", b"us").options


@given(carried)
def test_a_datagram_is_parsed_back_with_right_checksums(datagram):
    data = datagrams.build(datagram)
    assert datagrams.parse(data) == datagram
    assert packets.checksum(data[14:34]) == 0
    pseudo = data[26:34] + struct.pack("!HH", 17, len(data) - 34)
    assert packets.checksum(pseudo + data[34:]) == 0


@given(carried, st.binary(max_size=40), st.data())
def test_padding_changes_nothing_and_cutting_is_noticed(datagram, padding, data):
    whole = datagrams.build(datagram)
    assert datagrams.parse(whole + padding) == datagram
    assert datagrams.parse(whole[: data.draw(st.integers(0, len(whole) - 1))]) is None


def test_a_client_without_an_address_sends_to_everybody():
    datagram = datagrams.from_client(MAC, b"x")
    assert (datagram.destination_mac, str(datagram.source), str(datagram.destination)) == (
        packets.BROADCAST, "0.0.0.0", "255.255.255.255",
    )  # fmt: skip
    assert (datagram.source_port, datagram.destination_port) == (68, 67)


def changed(data: bytes, offset: int, *octets: int) -> bytes:
    return data[:offset] + bytes(octets) + data[offset + len(octets) :]


def passes(data: bytes) -> bool:
    """Whether the kernel lets it through: datagram sockets take the same programs as packet sockets."""
    sender, receiver = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with sender, receiver:
        probe_filter.attach(receiver, datagrams.program())
        receiver.setblocking(False)
        try:
            sender.send(data)
            return receiver.recv(2048) == data
        except (BlockingIOError, PermissionError):  # the kernel refuses a datagram that the peer's filter drops
            return False


FRAME = datagrams.build(datagrams.from_client(MAC, bytes(300)))
FRAME6 = datagrams.build(datagrams.from_client6(MAC, ipaddress.IPv6Address("fe80::1"), bytes(60)))
SOLICITATION = packets.probe(MAC, ipaddress.IPv6Address("fe80::2"))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(FRAME, True, id="to servers"),
        pytest.param(changed(FRAME, 36, 0, 68), True, id="to clients"),
        pytest.param(changed(FRAME, 34, 0, 67, 0, 67), True, id="between relay and server"),
        pytest.param(changed(FRAME[:34] + bytes(8) + FRAME[34:], 14, 0x47), True, id="behind IP options"),
        pytest.param(changed(FRAME, 36, 0, 53), False, id="to another port"),
        pytest.param(changed(FRAME, 23, 6), False, id="TCP"),
        pytest.param(changed(FRAME, 20, 0x20, 0), False, id="first fragment"),
        pytest.param(changed(FRAME, 20, 0, 9), False, id="further fragment"),
        pytest.param(FRAME6, True, id="to DHCPv6 servers"),
        pytest.param(changed(FRAME6, 56, 546 >> 8, 546 & 255), True, id="to DHCPv6 clients"),
        pytest.param(changed(FRAME6, 56, 0, 67), False, id="over IPv6 to another port"),
        pytest.param(changed(FRAME6, 20, 6), False, id="TCP over IPv6"),
        pytest.param(SOLICITATION, True, id="neighbour solicitation"),
        pytest.param(changed(SOLICITATION, 54, 136), False, id="neighbour advertisement"),
        pytest.param(changed(FRAME, 12, 0x08, 0x06), False, id="ARP"),
        pytest.param(changed(FRAME, 12, 0x81, 0), False, id="VLAN tag in the frame"),
        pytest.param(FRAME[:36], False, id="too short for a port"),
    ],
)
def test_what_the_kernel_lets_through(data, expected):
    assert passes(data) is expected
