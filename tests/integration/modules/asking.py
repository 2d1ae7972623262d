# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The requests of the tests of arp_conflict_check, and the frames of their stations."""

from __future__ import annotations

import ipaddress
import subprocess
import sys
from pathlib import Path

from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire import frames as packets
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.frames import Arp, Frame, Neighbour

FRAMES = Path(__file__).resolve().parents[1] / "frames.py"

LAN, PARENT, CHILD, NOBODY = (f"192.168.100.{number}" for number in (2, 11, 129, 99))
LAN6, PARENT6, NOBODY6 = (f"fd00:100::{number}" for number in (2, 11, 99))
STRANGER = "52:54:00:00:00:aa"


def check(host, *addresses, parent="eth0", check_mode=False, **options):
    """The result of a check that must succeed."""
    probes = [{"parent": parent, "addresses": list(addresses)}]
    result = host.module("arp_conflict_check", {"probes": probes, **options}, check=check_mode)
    assert not result.get("failed"), result["msg"]
    assert result["changed"] is False
    return result


def by_address(result):
    return {item["address"]: item for item in result["results"]}


def ask(host, address, **options):
    """The finding for one address."""
    (item,) = check(host, address, **options)["results"]
    return item


def seen(item):
    """From where and how each MAC address was seen."""
    return {(holder["mac"], holder["vantage"], holder["kind"]) for holder in item["holders"]}


def vantages(item):
    return {holder["vantage"] for holder in item["holders"]}


def say(station, *frames, device="eth0"):
    """Let a station repeat frames until the test ends."""
    process = station.start(
        sys.executable, str(FRAMES), "say", device, *(frame.hex() for frame in frames), stdout=subprocess.PIPE
    )
    process.stdout.readline()


class Ear:
    """The frames that a station's eth0 receives and sends from now on."""

    def __init__(self, station):
        self._station = station
        self._process = station.start(sys.executable, str(FRAMES), "hear", "eth0", stdout=subprocess.PIPE)
        self._process.stdout.readline()

    def heard(self):
        """Every frame until now. A frame of its own comes after all that are still to be read."""
        say(self._station, END)
        found = []
        for line in self._process.stdout:
            found.append(bytes.fromhex(line))
            if found[-1] == END:
                self._process.kill()
                return found[:-1]
        raise AssertionError("it receives nothing any more")


def arp(operation, sha, spa, tpa, destination=packets.BROADCAST):
    body = Arp(operation, sha, ipaddress.IPv4Address(spa), packets.NO_MAC, ipaddress.IPv4Address(tpa))
    return packets.build(Frame(sha, destination, body))


#: The default of all tests.
END = arp(2, "52:54:00:00:00:ff", "192.0.2.1", "192.0.2.1")


def solicitation(sha, source, target):
    group = packets.solicited_node(ipaddress.IPv6Address(target))
    body = Neighbour(True, ipaddress.IPv6Address(source), group, ipaddress.IPv6Address(target))
    return packets.build(Frame(sha, packets.multicast_mac(group), body))
