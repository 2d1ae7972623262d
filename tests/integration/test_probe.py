# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asking and pinging many targets at once, from the namespace of a host."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

PREAMBLE = f"""
import ipaddress, json, sys
sys.path.insert(0, {str(ROOT / "collections")!r})
from ansible_collections.linuxnet.macvlan.plugins.module_utils._ping import Ping, ping
from ansible_collections.linuxnet.macvlan.plugins.module_utils._probe import who_has
ip = ipaddress.ip_address
"""


@pytest.fixture
def host(segment):
    return segment.host("h1", addresses=["192.168.100.11/24", "fd00:100::11/64"])


@pytest.fixture
def neighbour(segment):
    return segment.host("h2", addresses=["192.168.100.2/24", "fd00:100::2/64"])


def inside(host, code):
    """What a piece of Python prints as JSON in a namespace."""
    done = host.run(sys.executable, "-c", PREAMBLE + code, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_who_has_asks_from_several_interfaces_at_once(segment, host, neighbour):
    twin = segment.host("h3", addresses=["192.168.100.2/24"])
    container = host.container("c1", ["192.168.100.129/24"])
    host.ip("link", "add", "link", "eth0", "name", "lan0", "type", "macvlan", "mode", "bridge")
    host.ip("link", "set", "lan0", "up")
    addresses = ["192.168.100.2", "192.168.100.129", "fd00:100::2", "192.168.100.99"]
    code = f"""
addresses = [ip(text) for text in {addresses}]
found = who_has({{"eth0": addresses, "lan0": addresses}})
print(json.dumps([[link, str(address), sorted(macs), all(0 < at < 1 for at in macs.values())]
    for (link, address), macs in found.items()]))
"""
    both = sorted([neighbour.mac(), twin.mac()])
    assert inside(host, code) == [
        ["eth0", "192.168.100.2", both, True],
        ["eth0", "192.168.100.129", [], True],
        ["eth0", "fd00:100::2", [neighbour.mac()], True],
        ["eth0", "192.168.100.99", [], True],
        ["lan0", "192.168.100.2", both, True],
        ["lan0", "192.168.100.129", [container.mac()], True],
        ["lan0", "fd00:100::2", [neighbour.mac()], True],
        ["lan0", "192.168.100.99", [], True],
    ]


def test_who_has_names_an_interface_that_cannot_be_used(host):
    code = """
try:
    who_has({"eth7": [ip("192.168.100.2")]})
except OSError as error:
    print(json.dumps(error.strerror))
"""
    assert inside(host, code) == "No such device"


PINGS = {
    "Ping(ip('192.168.100.2'))": True,
    "Ping(ip('192.168.100.2'), 'eth0')": True,
    "Ping(ip('192.168.100.2'), source=ip('192.168.100.11'))": True,
    "Ping(ip('192.168.100.2'), 'eth0', ip('192.168.100.11'))": True,
    "Ping(ip('192.168.100.99'))": False,
    "Ping(ip('192.168.100.2'), 'lo')": False,
    "Ping(ip('fd00:100::2'))": True,
    "Ping(ip('fd00:100::2'), 'eth0', ip('fd00:100::11'))": True,
    "Ping(ip('fd00:100::99'), 'eth0')": False,
    "Ping(ip('192.168.100.2'))  # once more": True,
}


def test_ping_tells_each_answer_from_the_others(host, neighbour):
    requests = ",\n".join(PINGS).replace("  # once more", "")
    pongs = inside(host, f"print(json.dumps([[pong.rtt, pong.error] for pong in ping([{requests}])]))")
    assert [rtt is not None for rtt, dummy in pongs] == list(PINGS.values())
    assert all(0 < rtt < 1 for rtt, dummy in pongs if rtt is not None)


def test_ping_says_why_a_request_could_not_be_sent(host):
    code = """
requests = [Ping(ip("10.9.9.9")), Ping(ip("192.168.100.2"), "eth7"), Ping(ip("192.168.100.2"), source=ip("10.0.0.1"))]
print(json.dumps([[pong.rtt, pong.error] for pong in ping(requests)]))
"""
    assert inside(host, code) == [
        [None, "Network is unreachable"],
        [None, "No such device"],
        [None, "Cannot assign requested address"],
    ]


def test_ping_of_a_link_local_address_goes_through_its_interface(host, neighbour):
    neighbour.ip("address", "add", "fe80::2/64", "dev", "eth0", "nodad")
    host.ip("address", "add", "fe80::11/64", "dev", "eth0", "nodad")
    code = "print(json.dumps(ping([Ping(ip('fe80::2'), 'eth0', ip('fe80::11'))])[0].rtt))"
    assert inside(host, code) is not None


def test_two_hundred_pings_at_once(host, neighbour):
    for number in range(1, 201):
        neighbour.ip("address", "add", f"192.168.101.{number}/32", "dev", "eth0")
    host.ip("route", "add", "192.168.101.0/24", "dev", "eth0")
    code = """
requests = [Ping(ip(f"192.168.101.{number}")) for number in range(1, 221)]
print(json.dumps([pong.rtt is not None for pong in ping(requests)]))
"""
    assert inside(host, code) == [True] * 200 + [False] * 20
