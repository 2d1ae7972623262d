# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A macvlan link that somebody else made on the parent: there is a warning exactly where it answers for the host."""

from __future__ import annotations

import socket

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.declaration import expand

from .asking import Ear, arp, say

NETWORK = {"name": "lan0", "parent": "eth0", "subnet": "192.168.100.0/24", "container_range": "192.168.100.128/28"}


@pytest.mark.parametrize(
    ("settings", "up", "answers"),
    [
        ({}, True, True),
        ({"arp_ignore": 1}, True, False),
        ({"rp_filter": 1}, True, False),
        ({}, False, False),
    ],
)
def test_a_sibling_that_answers_for_the_host_is_a_warning(segment, settings, up, answers):
    lan = segment.host("lan", addresses=["192.168.100.2/24"])
    host = segment.host("h1", addresses=["192.168.100.11/24"])
    for name in ("all", "default", "eth0"):
        host.sysctl(f"net/ipv4/conf/{name}/rp_filter", 0)
    host.ip("link", "add", "vrrp9", "link", "eth0", "type", "macvlan", "mode", "bridge")
    host.ip("address", "add", "192.168.100.99/32", "dev", "vrrp9")
    for name, value in settings.items():
        host.sysctl(f"net/ipv4/conf/vrrp9/{name}", value)
    if up:
        host.ip("link", "set", "vrrp9", "up")
    links = list(expand([{**NETWORK, "host_address": "192.168.100.3"}], [], Problems()).links)
    done = host.module("macvlan_link", {"links": links, "host_id": "h1", "persistence": "none"})
    warned = any("vrrp9" in str(warning) for warning in done.get("warnings", ()))
    assert warned == answers, done
    assert answering(lan, "192.168.100.3") == {host.mac("eth0"), *([host.mac("vrrp9")] if answers else [])}


def answering(station, address: str) -> set[str]:
    """The MAC addresses with which ARP requests are answered."""
    ear = Ear(station)
    say(station, arp(1, station.mac(), "192.168.100.2", address))
    assert station.pings(address), "what comes after the answers has come"
    replies = (frame for frame in ear.heard() if frame[12:14] == b"\x08\x06" and frame[20:22] == b"\x00\x02")
    return {frame[22:28].hex(":") for frame in replies if frame[28:32] == socket.inet_aton(address)}
