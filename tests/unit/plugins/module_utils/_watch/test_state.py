# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import socket
import struct

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel import decode as rtnetlink
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.decode import (
    RTM_DELADDR,
    RTM_DELLINK,
    RTM_DELROUTE,
    RTM_NEWADDR,
    RTM_NEWLINK,
    RTM_NEWNEIGH,
    RTM_NEWROUTE,
    RTM_NEWRULE,
    decode,
    split,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.state import NamespaceState

MAC = bytes.fromhex("020000000001")


def attribute(kind: int, value: bytes) -> bytes:
    return (struct.pack("=HH", 4 + len(value), kind) + value).ljust((len(value) + 7) & ~3, b"\0")


def u32(value: int) -> bytes:
    return struct.pack("=I", value)


def link(name: str = "lan0", index: int = 3, flags: int = 0x10001, mode: int = 4, mac: bytes = MAC) -> bytes:
    """struct ifinfomsg of a macvlan link on interface 2."""
    data = attribute(1, u32(mode)) + attribute(7, u32(1000))
    info = attribute(1, b"macvlan\0") + attribute(2, data)
    body = attribute(3, name.encode() + b"\0") + attribute(1, mac) + attribute(4, u32(1500)) + attribute(5, u32(2))
    return struct.pack("=BxHiII", 0, 1, index, flags, 0) + body + attribute(16, b"\6") + attribute(0x8000 | 18, info)


def address(text: str = "192.0.2.3", length: int = 32, flags: int = 0x80, index: int = 3) -> bytes:
    family = socket.AF_INET6 if ":" in text else socket.AF_INET
    packed = socket.inet_pton(family, text)
    body = attribute(1, packed) + (attribute(2, packed) if family == socket.AF_INET else b"") + attribute(8, u32(flags))
    return struct.pack("=BBBBI", family, length, flags & 0xFF, 0, index) + body


def route(destination: str = "192.0.2.128", length: int = 28, gateway: str = "", table: int = 254) -> bytes:
    body = attribute(4, u32(3)) + attribute(15, u32(table))
    body += attribute(1, socket.inet_pton(socket.AF_INET, destination)) if destination else b""
    body += attribute(5, socket.inet_pton(socket.AF_INET, gateway)) if gateway else b""
    return struct.pack("=BBBBBBBBI", socket.AF_INET, length, 0, 0, 254, 16, 0, 1, 0) + body


def neighbour(state: int, mac: bytes = MAC, text: str = "192.0.2.1") -> bytes:
    body = attribute(1, socket.inet_pton(socket.AF_INET, text)) + (attribute(2, mac) if mac else b"")
    return struct.pack("=BxxxiHBB", socket.AF_INET, 3, state, 0, 1) + body


def tell(state: NamespaceState, message_type: int, payload: bytes, port: int = 0) -> list:
    message = decode(message_type, port, payload)
    assert message is not None
    return state.take(message)


@pytest.fixture
def state() -> NamespaceState:
    made = NamespaceState()
    made.load([decode(RTM_NEWLINK, 0, link("eth0", 2)), decode(RTM_NEWLINK, 0, link())])
    return made


def test_a_datagram_is_split_into_messages_up_to_a_truncated_one():
    one = struct.pack("=IHHII", 16 + 5, 20, 0, 7, 812) + b"hello\0\0\0"
    assert list(split(one + one)) == [(20, 7, 812, b"hello")] * 2
    assert list(split(one + one[:18])) == [(20, 7, 812, b"hello")]
    assert list(split(b"")) == []


@pytest.mark.parametrize("message_type", [RTM_NEWLINK, RTM_NEWADDR, RTM_NEWROUTE, RTM_NEWNEIGH, RTM_NEWRULE])
def test_malformed_messages_are_no_messages(message_type):
    for length in range(8):
        assert decode(message_type, 0, bytes(length)) is None


def test_types_of_others_are_no_messages():
    assert decode(rtnetlink.RTM_GETLINK, 0, link()) is None
    assert decode(36, 0, link()) is None
    assert decode(2, 0, bytes(40)) is None


def test_a_removed_address_names_the_netlink_port_of_the_remover(state):
    (new,) = tell(state, RTM_NEWADDR, address())
    (gone,) = tell(state, RTM_DELADDR, address(), port=812)
    assert (new.kind, new.action, new.what) == ("address", "new", "address 192.0.2.3/32 added to lan0")
    assert (gone.action, gone.link, gone.port) == ("delete", "lan0", 812)
    assert gone.what == "address 192.0.2.3/32 removed from lan0"
    assert gone.data["address"] == "192.0.2.3/32"


def test_duplicate_address_detection_is_reported(state):
    (tentative,) = tell(state, RTM_NEWADDR, address("fd00::3", 64, 0xC0))
    assert tentative.what.endswith("(tentative)")
    (failed,) = tell(state, RTM_NEWADDR, address("fd00::3", 64, 0xC8))
    assert failed.what == "address fd00::3/64 on lan0 failed duplicate address detection"
    assert failed.data["changed"]["dadfailed"] == [False, True]


def test_a_link_is_reported_only_when_it_changed(state):
    assert tell(state, RTM_NEWLINK, link()) == []
    (change,) = tell(state, RTM_NEWLINK, link(flags=0x1001, mode=2))
    assert change.data["changed"] == {"carrier": [True, False], "mode": ["bridge", "vepa"]}
    assert change.what == "lan0: carrier: yes -> no, mode: bridge -> vepa"
    assert (change.data["parent"], change.data["kind"], change.data["bcqueuelen"]) == ("eth0", "macvlan", 1000)
    (renamed,) = tell(state, RTM_NEWLINK, link("mv0", flags=0x1001, mode=2))
    assert renamed.data["changed"] == {"name": ["lan0", "mv0"]}
    (gone,) = tell(state, RTM_DELLINK, link("mv0"))
    assert (gone.action, gone.what) == ("delete", "mv0 disappeared")


def test_a_bridges_own_view_of_a_link_is_none(state):
    assert decode(RTM_NEWLINK, 0, bytes([socket.AF_BRIDGE]) + link()[1:]) is None


def test_routes_are_reported_except_those_that_follow_addresses(state):
    (new,) = tell(state, RTM_NEWROUTE, route(), port=7)
    assert new.what == "route 192.0.2.128/28 dev lan0 metric 0 added"
    assert (new.data["protocol"], new.data["table"], new.port) == ("dhcp", 254, 7)
    (gone,) = tell(state, RTM_DELROUTE, route("", 0, "192.0.2.1"))
    assert gone.what == "default route via 192.0.2.1 dev lan0 metric 0 removed"
    assert tell(state, RTM_NEWROUTE, route(table=255)) == []


def test_a_neighbour_is_reported_only_on_failure_or_a_new_mac(state):
    (new,) = tell(state, RTM_NEWNEIGH, neighbour(0x02))
    assert new.what == "neighbour 192.0.2.1 on lan0 is 02:00:00:00:00:01 (REACHABLE)"
    for well in (0x04, 0x08, 0x02):
        assert tell(state, RTM_NEWNEIGH, neighbour(well)) == []
    (moved,) = tell(state, RTM_NEWNEIGH, neighbour(0x04, bytes.fromhex("020000000002")))
    assert moved.data["changed"]["mac"] == ["02:00:00:00:00:01", "02:00:00:00:00:02"]
    (failed,) = tell(state, RTM_NEWNEIGH, neighbour(0x20, b""))
    assert failed.data["changed"]["state"] == ["STALE", "FAILED"]
    assert tell(state, RTM_NEWNEIGH, neighbour(0x40, text="224.0.0.1")) == []


def test_reading_all_again_finds_what_notifications_missed(state):
    state.load([decode(RTM_NEWADDR, 0, address()), decode(RTM_NEWROUTE, 0, route())])
    fresh = [
        decode(RTM_NEWLINK, 0, link("eth0", 2)),
        decode(RTM_NEWLINK, 0, link(flags=0x1001)),
        decode(RTM_NEWADDR, 0, address("192.0.2.4")),
        decode(RTM_NEWROUTE, 0, route()),
    ]
    assert [change.what for change in state.reconcile(fresh)] == [
        "lan0: carrier: yes -> no",
        "address 192.0.2.4/32 added to lan0",
        "address 192.0.2.3/32 removed from lan0",
    ]
    assert state.reconcile(fresh) == []
