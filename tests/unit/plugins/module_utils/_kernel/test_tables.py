# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses, routes and rules: what is missing, and what is too many."""

from __future__ import annotations

import socket
import struct
from dataclasses import replace

from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel import rtnetlink as messages
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel import tables
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.names import IFA_F_TEMPORARY
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.netlink import (
    RTM_NEWADDR,
    RTM_NEWROUTE,
    RTM_NEWRULE,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.rtnetlink import RtnetlinkMessage

NAMES = {1: "lo", 2: "eth0", 3: "lan0"}
FOREVER = struct.pack("=IIII", tables.INFINITE, tables.INFINITE, 5, 5)
PERMANENT = 0x80


def u32(number):
    return struct.pack("=I", number)


def address(text, device, lifetimes=FOREVER, flags=PERMANENT):
    packed = socket.inet_pton(socket.AF_INET6 if ":" in text else socket.AF_INET, text)
    family = socket.AF_INET6 if ":" in text else socket.AF_INET
    own = ((1, packed),) if ":" in text else ((1, packed), (2, packed))
    header = struct.pack("=BBBBI", family, 8 * len(packed), flags & 0xFF, 0, device)
    return RtnetlinkMessage(RTM_NEWADDR, header, (*own, (8, u32(flags)), (6, lifetimes)))


def route(destination, length, device, *more, protocol=4, flags=0, table=254):
    header = struct.pack("=BBBBBBBBI", socket.AF_INET, length, 0, 0, table, protocol, 0, 1, flags)
    return RtnetlinkMessage(
        RTM_NEWROUTE, header, ((15, u32(table)), (1, socket.inet_aton(destination)), (4, u32(device)), *more)
    )


def compare(then, now, owned=("lan0",), names=None, seconds=0.0):
    names = NAMES if names is None else names
    before = tables.Tables(NAMES, tuple(then), 100.0)
    after = tables.Tables(names, tuple(now), 100.0 + seconds)
    found = tables.compare(before, after, owned)
    words = [[tables.words(message, names) for message in part] for part in (found.remove, found.add)]
    return (*words, found)


def test_nothing_differs():
    state = [address("192.168.1.3", 3), route("10.0.0.0", 8, 3)]
    found = compare(state, state)[2]
    assert not found


def test_all_links_get_what_is_missing_only_owned_ones_lose_extras():
    then = [address("192.168.1.3", 3), address("192.168.1.11", 2), route("10.0.0.0", 8, 2)]
    now = [address("192.168.1.4", 3), address("192.168.1.12", 2), route("11.0.0.0", 8, 3), route("12.0.0.0", 8, 2)]
    remove, add, dummy = compare(then, now)
    assert remove == ["address 192.168.1.4/32 of lan0", "route 11.0.0.0/8 dev lan0"]
    assert add == [
        "address 192.168.1.3/32 of lan0",
        "address 192.168.1.11/32 of eth0",
        "route 10.0.0.0/8 dev eth0",
    ]


def test_gateway_routes_follow_the_routes_to_the_gateway_rules_last():
    gateway = (5, socket.inet_aton("192.168.1.1"))
    header = struct.pack("=BBBBBBBBI", socket.AF_INET, 0, 0, 0, 100, 0, 0, 1, 0)
    rule = RtnetlinkMessage(RTM_NEWRULE, header, ((6, u32(500)),))
    add = compare([rule, route("10.0.0.0", 8, 2, gateway), route("192.168.1.1", 32, 2), address("10.1.1.1", 2)], [])[1]
    assert add == [
        "address 10.1.1.1/32 of eth0",
        "route 192.168.1.1/32 dev eth0",
        "route 10.0.0.0/8 via 192.168.1.1 dev eth0",
        "IPv4 rule 500",
    ]


def test_a_link_that_was_recreated_has_another_index():
    hop = struct.pack("=HBBi", 16, 0x10, 3, 3) + struct.pack("=HH", 8, 5) + socket.inet_aton("192.168.1.1")
    then = [
        address("192.168.1.3", 3),
        route("10.0.0.0", 8, 3),
        replace(route("11.0.0.0", 8, 2), attributes=((9, hop),)),
    ]
    names = {2: "eth0", 7: "lan0"}
    found = compare(then, [], names=names)[2]
    assert struct.unpack_from("=I", found.add[0].header, 4)[0] == 7
    assert found.add[1].number(4) == 7
    moved = found.add[2].get(9)
    assert struct.unpack_from("=HBBi", moved) == (16, 0, 3, 7), "flags that the kernel sets are not sent back"
    assert moved[8:] == hop[8:]
    assert compare(then, list(found.add), names=names)[2].add == ()


def test_what_belongs_to_a_device_that_is_gone_stays_gone():
    assert not compare([address("192.168.1.3", 3), route("10.0.0.0", 8, 3)], [], names={2: "eth0"})[2]


def test_what_the_kernel_makes_itself_is_left_to_it():
    temporary = address("2001:db8::1", 2, flags=IFA_F_TEMPORARY)
    assert not compare([route("192.168.1.0", 24, 2, protocol=2), route("1.1.1.1", 32, 2, table=255), temporary], [])[2]
    mine = [address("fe80::1", 3), address("2001:db8::9", 3, flags=0), route("192.168.1.0", 24, 3, protocol=16)]
    assert not compare([], mine)[2], "nor does an address go that was advertised, or a route of a daemon"


def test_a_lease_goes_from_an_owned_link_that_had_none():
    lease, other = (address(f"192.168.1.{number}", 3, flags=0) for number in (9, 10))
    assert compare([], [lease, address("192.168.1.9", 2, flags=0)])[0] == ["address 192.168.1.9/32 of lan0"]
    assert compare([address("192.168.1.3", 3)], [lease])[0] == ["address 192.168.1.9/32 of lan0"]
    over = address("192.168.1.8", 3, struct.pack("=IIII", 5, 10, 5, 5), flags=0)
    assert compare([over], [lease], seconds=20)[0] == [], "it has got another one"
    assert compare([lease], [lease, other])[0] == []


def test_the_route_of_link_local_addresses_is_as_it_was():
    """A daemon replaces the kernel's with one of another metric, and leaves that behind."""

    def local(device, metric):
        header = struct.pack("=BBBBBBBBI", socket.AF_INET6, 64, 0, 0, 254, 2, 0, 1, 0)
        prefix = socket.inet_pton(socket.AF_INET6, "fe80::")
        return RtnetlinkMessage(RTM_NEWROUTE, header, ((15, u32(254)), (1, prefix), (6, u32(metric)), (4, u32(device))))

    own = address("fe80::1", 3)
    replaced = compare([own, local(3, 256)], [own, local(3, 1024)])
    assert replaced[:2] == (["route fe80::/64 dev lan0"], ["route fe80::/64 dev lan0"])
    assert not compare([local(2, 256)], [local(2, 1024)])[2], "that of others is theirs"
    assert not compare([], [local(3, 256)])[2], "it has come with the carrier"


def test_lifetimes_go_on():
    lease = address("192.168.1.3", 2, struct.pack("=IIII", 50, 100, 5, 5), flags=0)
    (again,) = compare([lease], [], seconds=60)[2].add
    assert struct.unpack_from("=II", again.get(6)) == (0, 40)
    assert not compare([lease], [], seconds=100)[2]
    assert not compare([lease], [address("192.168.1.3", 2, struct.pack("=IIII", 9, 9, 5, 5), flags=0)])[2]
    (again,) = compare([address("192.168.1.3", 2)], [lease])[2].add
    assert again.get(6) == FOREVER, "an address that has become a lease is permanent again"


def test_the_expiry_of_a_route_becomes_what_the_kernel_takes():
    header = struct.pack("=BBBBBBBBI", socket.AF_INET6, 0, 0, 0, 254, 9, 0, 1, 0)
    info = struct.pack("=IIiIIIII", 0, 0, 6000, 0, 0, 0, 0, 0)
    learned = RtnetlinkMessage(RTM_NEWROUTE, header, ((15, u32(254)), (4, u32(2)), (12, info)))
    (again,) = compare([learned], [], seconds=20)[2].add
    assert again.number(tables.RTA_EXPIRES) == 40
    assert not compare([learned], [], seconds=60)[2]
    assert not compare([learned], [replace(learned, attributes=learned.attributes[:2])])[2]


def test_flags_and_counters_make_no_difference():
    dead = route("10.0.0.0", 8, 2, (12, b"\1" * 32), flags=0x11)
    assert not compare([dead], [route("10.0.0.0", 8, 2)])[2]
    assert compare([dead], [route("10.0.0.0", 8, 2, flags=0x4)])[1] == ["route 10.0.0.0/8 dev eth0"], "onlink counts"


def test_attributes_survive_the_way_there_and_back():
    parts = ((1, b"\1\2\3\4"), (2, b"\5"), (0x8003, b""), (4, b"123456789"))
    wire = messages.encode(RtnetlinkMessage(RTM_NEWROUTE, b"", parts))
    assert len(wire) % 4 == 0
    assert tuple(messages.attributes(wire)) == parts
    assert list(messages.attributes(b"\0\0\0\0")) == []
