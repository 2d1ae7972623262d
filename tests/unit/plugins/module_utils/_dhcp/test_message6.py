# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import ipaddress
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._conflicts import targets as probe_targets
from ansible_collections.linuxnet.macvlan.plugins.module_utils._dhcp import datagram as datagrams
from ansible_collections.linuxnet.macvlan.plugins.module_utils._dhcp import exchange, verdict
from ansible_collections.linuxnet.macvlan.plugins.module_utils._dhcp import message6 as messages
from ansible_collections.linuxnet.macvlan.plugins.module_utils._dhcp.message6 import Dhcp6Message, Lease
from ansible_collections.linuxnet.macvlan.plugins.module_utils._dhcp.questions import questions, worth_asking
from ansible_collections.linuxnet.macvlan.plugins.module_utils._dhcp.segment import DhcpSegment
from ansible_collections.linuxnet.macvlan.plugins.module_utils._dhcp.verdict import Declared
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.facts import Link
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire import frames as packets

IP6 = ipaddress.IPv6Address
PARENT_MAC, SERVER_MAC = "52:54:00:00:00:11", "52:54:00:00:00:01"
SERVER, SERVER_LOCAL = messages.duid(SERVER_MAC), IP6("fe80::5054:ff:fe00:1")
SUBNET = ipaddress.ip_network("fd00:100::/64")

addresses = st.integers(0, 2**128 - 1).map(IP6)
leases = st.lists(st.builds(Lease, addresses, st.integers(0, 2**32 - 1)), max_size=4).map(tuple)
made = st.builds(
    Dhcp6Message, st.integers(1, 11), st.integers(0, 2**24 - 1), st.binary(max_size=130), st.binary(max_size=130),
    leases,
    st.lists(addresses, max_size=4).map(tuple),
)  # fmt: skip

#: Written out by hand as RFC 8415, 8 and 21 have it: an advertisement of fd00:100::150 and of a name server.
ADVERTISE = bytes.fromhex(
    "02 123456"
    "0001 000a 00030001 026c6e000001"
    "0002 000a 00030001 525400000001"
    "0003 002e 00000007 00000708 00000b40"
    "  0005 0018 fd000100000000000000000000000150 00000e10 00001c20"
    "  000d 0002 0000"
    "0017 0010 fd000100000000000000000000000053"
)


@given(made)
def test_what_is_built_is_parsed_back(message):
    assert messages.parse(messages.build(message)) == message


@given(st.binary(max_size=400))
def test_parsing_arbitrary_octets_never_raises(data):
    for octets in (data, b"\x02abc" + data, ADVERTISE[:40] + data):
        messages.parse(octets)


@given(made, st.data())
def test_a_shortened_message_never_gains_anything(message, data):
    whole = messages.build(message)
    short = messages.parse(whole[: data.draw(st.integers(0, len(whole)))])
    if short is not None:
        assert set(short.leases) <= set(message.leases)
        assert short.server in (b"", message.server)


def test_an_advertisement_written_by_hand():
    message = messages.parse(ADVERTISE)
    assert (message.kind, message.xid) == (messages.ADVERTISE, 0x123456)
    assert (message.client, message.server) == (messages.duid("02:6c:6e:00:00:01"), SERVER)
    assert message.leases == (Lease(IP6("fd00:100::150"), 7200),)
    assert message.dns_servers == (IP6("fd00:100::53"),)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(ADVERTISE[:3], id="cut in the transaction id"),
        pytest.param(b"\x0c" + ADVERTISE[1:], id="relay-forward"),
        pytest.param(b"\x00" + ADVERTISE[1:], id="no message type"),
        pytest.param(ADVERTISE[:-1], id="cut in an option"),
        pytest.param(b"\x02abc\x00\x03\x00\x04abcd", id="association without its fields"),
        pytest.param(b"\x02abc\x00\x03\x00\x0eabcdabcdabcd\x00\x05", id="association with a cut option"),
        pytest.param(b"\x02abc\x00\x03\x00\x11abcdabcdabcd\x00\x05\x00\x01x", id="address without its fields"),
    ],
)
def test_what_is_no_message(data):
    assert messages.parse(data) is None


def test_a_solicit_asks_for_one_address_and_for_no_binding():
    data = messages.solicit(7, "02:6c:6e:00:00:01", 3, IP6("fd00:100::9"), elapsed=1.25)
    message = messages.parse(data)
    assert (message.kind, message.xid, message.server) == (messages.SOLICIT, 7, b"")
    assert message.leases == (Lease(IP6("fd00:100::9"), 0),)
    assert bytes.fromhex("0008 0002 007d") in data
    # rapid commit (option 14) would let a server lease at once
    assert bytes.fromhex("000e0000") not in data
    assert messages.parse(messages.solicit(7, "02:6c:6e:00:00:01", 3, elapsed=10000)).leases == ()


@given(addresses, addresses, st.binary(max_size=1200), st.binary(max_size=20), st.data())
def test_a_datagram_is_parsed_back_with_a_right_checksum(source, destination, payload, padding, data):
    datagram = datagrams.Datagram(PARENT_MAC, SERVER_MAC, source, destination, 546, 547, payload)
    whole = datagrams.build(datagram)
    assert datagrams.parse(whole + padding) == datagram
    assert datagrams.parse(whole[: data.draw(st.integers(0, len(whole) - 1))]) is None
    pseudo = whole[22:54] + (len(whole) - 54).to_bytes(4, "big") + bytes((0, 0, 0, 17))
    assert packets.checksum(pseudo + whole[54:]) == 0


def test_the_link_local_address_of_a_client():
    assert datagrams.link_local(SERVER_MAC) == SERVER_LOCAL


def test_retransmissions_are_those_of_rfc_8415():
    assert exchange.transmissions6(0.5, 4, lambda low, high: 0.0) == [0.5, 1.5, 3.5, 7.5]
    assert exchange.transmissions6(0.0, 2, lambda low, high: low) == [0.0, 1.0]
    assert exchange.transmissions6(0.0, 2, lambda low, high: high) == [0.0, 1.1]


# What a segment makes of frames: its own questions go out through a socket that is not there.


class Port(exchange.Port):
    """Keeps what is sent."""

    def __init__(self, sock):
        super().__init__("child", "lnprobe1", questions(PARENT_MAC, [], 1, 6)[0].mac, sock)
        self.frames = []

    def send(self, frame):
        self.frames.append(frame)


@pytest.fixture
def port():
    with socket.socket() as sock:
        yield Port(sock)


@pytest.fixture
def segment(port):
    problems = Problems()
    target = probe_targets.parse("fd00:100::100/120", "addresses[0]", problems)
    result = DhcpSegment(Link(2, "eth0", mac=PARENT_MAC), Declared([target], [SUBNET]))
    for question in questions(PARENT_MAC, worth_asking([target], [SUBNET], 6), 1, 6):
        result.ask(question, port, [0.0])
    return result


def frame(message, mac=SERVER_MAC, source=SERVER_LOCAL, destination=SERVER_MAC, ports=(547, 546)):
    return datagrams.build(
        datagrams.Datagram(mac, destination, source, IP6("fe80::1"), *ports, messages.build(message))
    )


def findings(segment, asked=(6,)):
    sightings = list(segment.sightings.values())
    return [(item.kind, *map(str, item.addresses)) for item in verdict.judge(sightings, segment.declared, asked, "")]


def test_the_ends_of_a_range_are_asked_for(segment):
    assert [str(item.question.wanted) for item in segment.asked] == ["None", "fd00:100::100", "fd00:100::1ff"]
    problems = Problems()
    whole = probe_targets.parse("fd00:100::/64", "addresses[0]", problems)
    assert worth_asking([whole], [SUBNET], 6) == [IP6("fd00:100::1"), SUBNET[-1]]


def test_an_advertisement_answers_its_question(segment, port):
    asked = segment.asked[1]
    client = messages.duid(asked.question.mac)
    leases = (Lease(IP6("fd00:100::100"), 3600), Lease(IP6("fd00:100::900"), 3600))
    other = Dhcp6Message(messages.ADVERTISE, asked.xid, SERVER, SERVER, leases)
    assert segment.hear(port, frame(other), 0.1) is False
    assert segment.hear(port, frame(Dhcp6Message(messages.ADVERTISE, asked.xid, client, SERVER, leases)), 0.2) is True
    assert [str(heard.address) for heard in segment.offers(asked)] == ["fd00:100::100", "fd00:100::900"]
    (finding,) = verdict.judge(list(segment.sightings.values()), segment.declared, (6,), "")
    assert finding.message == (
        f"fd00:100::100/120 is declared here, and the DHCP server {SERVER_LOCAL} ({SERVER_MAC}, DUID "
        f"{SERVER.hex(':')}) hands out fd00:100::100 (offered)"
    )


def test_a_server_without_addresses_is_heard(segment, port):
    asked = segment.asked[0]
    nothing = Dhcp6Message(messages.ADVERTISE, asked.xid, messages.duid(asked.question.mac), SERVER)
    assert segment.hear(port, frame(nothing), 0.1) is True
    assert findings(segment) == []


def test_clients_that_name_their_server_show_what_it_hands_out(segment, port):
    client = "02:00:00:00:00:99"
    lease = (Lease(IP6("fd00:100::123"), 0),)
    for kind in (messages.REQUEST, messages.RENEW, messages.REBIND, messages.SOLICIT):
        server = SERVER if kind in (messages.REQUEST, messages.RENEW) else b""
        segment.hear(
            port, frame(Dhcp6Message(kind, 1, b"x", server, lease), client, IP6("fe80::99"), ports=(546, 547)), 0.1
        )
    assert findings(segment) == [("overlap", "fd00:100::123")]
    assert [(heard.kind, heard.client, heard.mac) for heard in segment.sightings] == [("request", client, None)]


def test_a_reply_to_a_solicit_is_a_binding(segment, port):
    asked = segment.asked[0]
    reply = Dhcp6Message(
        messages.REPLY, asked.xid, messages.duid(asked.question.mac), SERVER, (Lease(IP6("fd00:100::9"), 9),)
    )
    segment.hear(port, frame(reply), 0.1)
    assert findings(segment) == [("binding", "fd00:100::9")]


def solicitation(target, source=SERVER_LOCAL):
    body = packets.Neighbour(True, source, packets.solicited_node(target), target, SERVER_MAC)
    return packets.build(packets.Frame(SERVER_MAC, packets.multicast_mac(body.destination), body))


def test_a_server_finds_the_client_by_its_link_local_address(segment, port):
    local = datagrams.link_local(port.mac)
    assert segment.hear(port, solicitation(local), 0.1) is False
    (answer,) = map(packets.parse, port.frames)
    assert (answer.source, answer.destination) == (port.mac, SERVER_MAC)
    assert answer.body == packets.Neighbour(False, local, SERVER_LOCAL, local, port.mac, solicited=True, override=True)
    with socket.socket() as sock:
        parent = Port(sock)
        segment.hear(parent, solicitation(local), 0.1)
        assert parent.frames == []


def test_nobody_else_is_answered_for(segment, port):
    segment.hear(port, solicitation(IP6("fe80::1")), 0.1)
    segment.hear(port, solicitation(datagrams.link_local(port.mac), packets.UNSPECIFIED), 0.1)
    advertisement = packets.Neighbour(
        False, SERVER_LOCAL, packets.ALL_NODES, datagrams.link_local(port.mac), SERVER_MAC
    )
    segment.hear(port, packets.build(packets.Frame(SERVER_MAC, port.mac, advertisement)), 0.1)
    assert port.frames == []
