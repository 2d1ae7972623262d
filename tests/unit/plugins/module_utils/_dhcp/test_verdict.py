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
from ansible_collections.linuxnet.macvlan.plugins.module_utils._dhcp import message as messages
from ansible_collections.linuxnet.macvlan.plugins.module_utils._dhcp.message import DhcpMessage
from ansible_collections.linuxnet.macvlan.plugins.module_utils._dhcp.questions import (
    Question,
    client_mac,
    questions,
    worth_asking,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._dhcp.segment import DhcpSegment
from ansible_collections.linuxnet.macvlan.plugins.module_utils._dhcp.verdict import Declared
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.facts import Link

IP4 = ipaddress.IPv4Address
PARENT_MAC = "52:54:00:00:00:11"
SERVER_MAC, OTHER_MAC = "52:54:00:00:00:01", "52:54:00:00:00:02"
SUBNET = ipaddress.ip_network("192.168.100.0/24")


def targets(*texts):
    problems = Problems()
    result = [probe_targets.parse(text, f"addresses[{number}]", problems) for number, text in enumerate(texts)]
    assert not problems, problems.report()
    return result


def wanted(*texts, subnets=(SUBNET,)):
    return [str(address) for address in worth_asking(targets(*texts), subnets, 4)]


def test_the_ends_of_ranges_come_first_then_single_addresses():
    texts = ("192.168.100.3", "192.168.100.128/28", "192.168.100.50-192.168.100.59", "fd00::3", "fd00::/64")
    assert wanted(*texts) == [
        "192.168.100.128", "192.168.100.50", "192.168.100.143", "192.168.100.59", "192.168.100.3",
    ]  # fmt: skip


def test_the_ends_of_a_subnet_are_nobodys():
    assert wanted("192.168.100.0/24") == ["192.168.100.1", "192.168.100.254"]
    assert wanted("192.168.100.0/31", subnets=[ipaddress.ip_network("192.168.100.0/31")]) == [
        "192.168.100.0",
        "192.168.100.1",
    ]


@given(st.integers(0, 250), st.integers(0, 250), st.integers(0, 250), st.integers(0, 250))
def test_a_pool_that_overlaps_is_always_found(start, length, pool_start, pool_length):
    """By a server that offers what it is asked for if it can, and any address of its pool if not."""
    first, last = IP4("10.0.1.0") + start, IP4("10.0.1.0") + start + length
    pool = [IP4("10.0.1.0") + pool_start + offset for offset in range(pool_length + 1)]
    declared = targets(f"{first}-{last}" if length else str(first))
    asked = worth_asking(declared, [], 4)
    offers = [pool[pool_length // 2], *(address if address in pool else pool[-1] for address in asked)]
    overlaps = any(first <= address <= last for address in pool)
    assert any(first <= address <= last for address in offers) is overlaps


def test_clients_take_turns_and_are_the_same_in_every_run():
    addresses = [IP4("192.168.100.1"), IP4("192.168.100.2"), IP4("192.168.100.3")]
    found = questions(PARENT_MAC, addresses, 2)
    one, two = client_mac(PARENT_MAC, 0), client_mac(PARENT_MAC, 1)
    assert [(item.mac, item.number, item.wanted) for item in found] == [
        (one, 0, None), (two, 0, None), (one, 1, addresses[0]), (two, 1, addresses[1]), (one, 2, addresses[2]),
    ]  # fmt: skip
    assert found == questions(PARENT_MAC, addresses, 2)
    assert len({item.client_id for item in found}) == len(found)
    assert one.startswith("02:6c:6e:")
    assert len({one, two, client_mac("52:54:00:00:00:12", 0)}) == 3


def test_retransmissions_are_those_of_rfc_2131():
    assert exchange.transmissions(0.0, 1) == [0.0]
    assert exchange.transmissions(0.5, 4, lambda low, high: 0.0) == [0.5, 4.5, 12.5, 28.5]
    assert exchange.transmissions(0.0, 7, lambda low, high: 0.0)[-1] == 4 + 8 + 16 + 32 + 64 + 64
    assert exchange.transmissions(0.0, 3, lambda low, high: low) == [0.0, 3.0, 10.0]
    assert exchange.transmissions(0.0, 3, lambda low, high: high) == [0.0, 5.0, 14.0]


# What a segment makes of frames: its own discoveries go out through a socket that is not there.


def reply(kind, yiaddr, server="192.168.100.1", xid=1, client="02:00:00:00:00:99", mac=SERVER_MAC, giaddr="0.0.0.0",
          mask="255.255.255.0", **more):  # fmt: skip
    options = {messages.MESSAGE_TYPE: bytes((kind,)), messages.SERVER_ID: IP4(server).packed, **more.pop("options", {})}
    options[messages.SUBNET_MASK] = IP4(mask).packed
    body = DhcpMessage(messages.BOOTREPLY, xid, client, options, yiaddr=IP4(yiaddr), giaddr=IP4(giaddr))
    return frame(body, mac, server, 67, 68)


def frame(body, mac, source, source_port, destination_port):
    everybody = IP4("255.255.255.255")
    payload = messages.build(body)
    return datagrams.build(
        datagrams.Datagram(mac, "ff:ff:ff:ff:ff:ff", IP4(source), everybody, source_port, destination_port, payload)
    )


def request(address, server, client="02:00:00:00:00:99"):
    options = {messages.MESSAGE_TYPE: bytes((messages.REQUEST,))}
    if address:
        options[messages.REQUESTED_ADDRESS] = IP4(address).packed
    if server:
        options[messages.SERVER_ID] = IP4(server).packed
    return frame(DhcpMessage(messages.BOOTREQUEST, 5, client, options), client, "0.0.0.0", 68, 67)


@pytest.fixture
def port():
    with socket.socket() as sock:
        yield exchange.Port("child", "lnprobe1", client_mac(PARENT_MAC, 0), sock)


def segment(*texts, subnets=(SUBNET,), servers=()):
    declared = Declared(targets(*texts), list(subnets), [(6 if ":" in server else 4, server) for server in servers])
    return DhcpSegment(Link(2, "eth0", mac=PARENT_MAC), declared)


def findings(made, asked=(4,), problem=""):
    sightings = list(made.sightings.values())
    return [(item.kind, *map(str, item.addresses)) for item in verdict.judge(sightings, made.declared, asked, problem)]


def heard(port, *frames, texts=("192.168.100.128/28",), **declared):
    made = segment(*texts, **declared)
    for number, data in enumerate(frames):
        made.hear(port, data, float(number))
    return made


def test_an_offer_answers_its_own_discovery_once(port):
    made = segment()
    question = Question(client_mac(PARENT_MAC, 0), 0)
    made.ask(question, port, [0.0])
    (asked,) = made.asked
    own = reply(messages.OFFER, "192.168.100.150", xid=asked.xid, client=question.mac)
    assert made.hear(port, reply(messages.OFFER, "192.168.100.150", xid=asked.xid), 0.1) is False
    assert made.hear(port, own, 0.2) is True
    assert made.hear(port, own, 0.3) is False
    assert [str(item.address) for item in made.offers(asked)] == ["192.168.100.150"]
    assert [sighting.seconds for sighting in made.sightings.values()] == [0.1, 0.2]


def test_offers_leases_and_requests_of_declared_addresses_overlap(port):
    frames = [
        reply(messages.OFFER, "192.168.100.130"),
        reply(messages.ACK, "192.168.100.131"),
        request("192.168.100.132", "192.168.100.1"),
        request("192.168.100.133", None),
        request(None, "192.168.100.1"),
        reply(messages.NAK, "0.0.0.0"),
        reply(messages.OFFER, "192.168.100.150"),
    ]
    made = heard(port, *frames)
    (finding,) = verdict.judge(list(made.sightings.values()), made.declared, [4], "")
    assert (finding.kind, finding.target.text) == (verdict.OVERLAP, "192.168.100.128/28")
    assert [str(address) for address in finding.addresses] == [f"192.168.100.{number}" for number in (130, 131, 132)]
    assert finding.message == (
        f"192.168.100.128/28 is declared here, and the DHCP server 192.168.100.1 ({SERVER_MAC}) hands out "
        "192.168.100.130 (offered), 192.168.100.131 (leased to 02:00:00:00:00:99), "
        "192.168.100.132 (requested by 02:00:00:00:00:99)"
    )


def test_addresses_beside_the_declared_ones_are_no_finding(port):
    assert findings(heard(port, reply(messages.OFFER, "192.168.100.144"))) == []
    assert findings(heard(port, reply(messages.OFFER, "192.168.100.127"))) == []


def test_two_servers_are_several_unless_both_belong_there(port):
    frames = [reply(messages.OFFER, "192.168.100.20"),
              reply(messages.OFFER, "192.168.100.21", server="192.168.100.2", mac=OTHER_MAC)]  # fmt: skip
    assert findings(heard(port, *frames)) == [("several_servers",)]
    assert findings(heard(port, *frames, servers=["192.168.100.1", "192.168.100.2"])) == []
    assert findings(heard(port, *frames, servers=["192.168.100.1"])) == [("several_servers",), ("unexpected_server",)]
    # a list for the other family says nothing of this one
    assert findings(heard(port, *frames, servers=["00:03:00:01:52:54:00:00:00:01"])) == [("several_servers",)]


def test_a_server_behind_two_relays_is_one_server(port):
    frames = [reply(messages.OFFER, "192.168.100.20", giaddr=relay, mac=mac)
              for relay, mac in (("192.168.100.1", SERVER_MAC), ("192.168.100.2", OTHER_MAC))]  # fmt: skip
    made = heard(port, *frames)
    assert findings(made) == []
    (server,) = verdict.servers(made.sightings.values())
    assert server.name == f"192.168.100.1 ({SERVER_MAC}, {OTHER_MAC}, through relay 192.168.100.1, 192.168.100.2)"


def test_another_subnet_is_foreign_where_one_is_known(port):
    offer = reply(messages.OFFER, "10.9.9.20", server="10.9.9.1")
    assert findings(heard(port, offer)) == [("foreign_subnet", "10.9.9.20")]
    assert findings(heard(port, offer, subnets=[])) == []
    assert findings(heard(port, offer, subnets=[ipaddress.ip_network("fd00::/64")])) == []
    (reported,) = verdict.judge(list(heard(port, offer).sightings.values()), Declared([], [SUBNET]), [4], "")
    assert reported.message == (
        f"10.9.9.1 ({SERVER_MAC}) hands out 10.9.9.20 of 10.9.9.0/24, which is not in 192.168.100.0/24"
    )


def test_a_lease_that_nobody_requested_is_reported(port):
    made = segment()
    made.ask(Question(client_mac(PARENT_MAC, 0), 0), port, [0.0])
    made.hear(
        port, reply(messages.ACK, "192.168.100.20", xid=made.asked[0].xid, client=made.asked[0].question.mac), 0.1
    )
    assert findings(made) == [("binding", "192.168.100.20")]


def test_silence_means_something_only_where_somebody_was_asked():
    assert findings(segment()) == [("no_server",)]
    assert findings(segment(), asked=()) == []
    assert findings(segment(), problem="eth0 is down") == [("not_asked",)]


def test_a_server_without_an_identifier_is_known_by_its_address(port):
    body = DhcpMessage(
        messages.BOOTREPLY, 1, "02:00:00:00:00:99", {messages.MESSAGE_TYPE: b"\x02"}, yiaddr=IP4("10.0.0.9")
    )
    made = heard(port, frame(body, SERVER_MAC, "10.0.0.1", 67, 68))
    assert [server.identifier for server in verdict.servers(made.sightings.values())] == ["10.0.0.1"]


@given(st.binary(max_size=400))
def test_no_frame_breaks_a_segment(data):
    with socket.socket() as sock:
        made = segment()
        assert made.hear(exchange.Port("parent", "eth0", PARENT_MAC, sock), data, 0.0) is False
        payload = datagrams.build(datagrams.from_client(PARENT_MAC, data))
        assert made.hear(exchange.Port("parent", "eth0", PARENT_MAC, sock), payload, 0.0) is False
