# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host on the LAN cannot do by sending as fast as it can: delay a module, fill its memory or its result, hide a
holder, or make `no conflict` of what could not be read."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.limits import RESULT_MAX
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.timing import FAST

from .asking import LAN, LAN6, NOBODY, NOBODY6, PARENT, PARENT6, by_address

INTEGRATION = Path(__file__).resolve().parents[1]
#: Frames per second, as the recipes had them and more.
RATE = 30000
#: KiB that Python, pyroute2 and Ansible's module code take, and as much again.
MEMORY = 120 * 1024


class Victim:
    """A host on a segment with a neighbour and an attacker."""

    def __init__(self, segment, folder):
        self.host = segment.host("h1", addresses=[f"{PARENT}/24", f"{PARENT6}/64"])
        self.neighbour = segment.host("h2", addresses=[f"{LAN}/24", f"{LAN6}/64"])
        self.attacker = segment.host("h3")
        self._segment = segment
        self._measured = folder / "measured"

    def flood(self, kind, rate=RATE):
        argv = [sys.executable, str(INTEGRATION / "flood.py"), kind, "eth0", str(rate), "120"]
        self._start(self.attacker, argv)

    def flood_from_switch(self, kind, rate=RATE):
        """What a switch forwards to no port, so that it sends it itself."""
        self._start(
            self._segment.switch,
            [sys.executable, str(INTEGRATION / "flood.py"), kind, self.host.port, str(rate), "120"],
        )

    def _start(self, namespace, argv):
        process = namespace.start(*argv, stdout=subprocess.PIPE)
        process.stdout.readline()

    def run(self, name, options, seconds):
        """A module's result, which is small, came in time and took little memory, whatever was sent meanwhile."""
        wrapper = [sys.executable, str(INTEGRATION / "measure.py"), str(self._measured)]
        result = self.host.module(name, options, wrapper=wrapper)
        size, took = self._measured.read_text().split()
        kept = {key: value for key, value in result.items() if key != "invocation"}
        assert len(json.dumps(kept)) <= RESULT_MAX
        assert int(size) < MEMORY
        assert float(took) < 3 * seconds + 30, "its own limit, and 30 s to start on a busy machine"
        return result


@pytest.fixture
def victim(segment, tmp_path):
    return Victim(segment, tmp_path)


def conflicts(victim, *addresses, number=1):
    probes = [{"parent": "eth0", "addresses": list(addresses)}]
    seconds = FAST.cost(number, 2, 1000)[1]
    result = victim.run("arp_conflict_check", {"probes": probes}, seconds)
    assert not result.get("failed"), result
    assert result["vantages"][0]["packets"] >= 3 * number, "every probe was sent"
    return result


@pytest.mark.parametrize("kind", ["arp", "imitate"])
def test_many_holders_of_a_network(victim, kind):
    victim.flood(kind)
    result = conflicts(victim, "192.168.100.0/25", number=128)
    assert result["summary"]["probed"] == 128
    assert result["summary"]["free_as_seen"] == 0
    assert any("only counted" in text for text in result["overrun"])
    assert by_address(result)[LAN]["status"] in ("duplicate", "in_use", "unknown")


def test_many_holders_of_one_address_hide_no_other(victim):
    victim.flood("arp_one")
    found = by_address(conflicts(victim, LAN, NOBODY, number=2))
    assert found[NOBODY]["status"] == "duplicate"
    assert "only counted" in found[NOBODY]["reason"]
    assert len({holder["mac"] for holder in found[NOBODY]["holders"]}) <= 8
    assert found[LAN]["status"] == "in_use"
    assert victim.neighbour.mac() in {holder["mac"] for holder in found[LAN]["holders"]}


@pytest.mark.parametrize("kind", ["nd", "na"])
def test_neighbour_discovery_without_end(victim, kind):
    victim.flood(kind)
    result = conflicts(victim, LAN6, NOBODY6, number=2)
    found = by_address(result)
    assert found[LAN6]["status"] in ("duplicate", "in_use") or "too fast" in found[LAN6]["reason"]
    if kind == "na":
        assert found[NOBODY6]["status"] in ("duplicate", "unknown"), "it is one of those that are claimed"
    else:
        assert found[NOBODY6]["status"] in ("free_as_seen", "unknown")
        assert (found[NOBODY6]["status"] == "unknown") == bool(found[NOBODY6]["reason"])


@pytest.mark.parametrize("kind", ["dhcp", "dhcp6"])
def test_many_dhcp_servers(victim, kind):
    victim.flood(kind)
    probe = {"parent": "eth0", "addresses": ["192.168.100.192/28", "fd00:100::c0/124"]}
    result = victim.run("dhcp_check", {"probes": [probe], "attempts": 1, "wait": 2}, 4)
    findings = {finding["kind"]: finding["message"] for finding in result["findings"]}
    assert "several_servers" in findings
    assert "only counted" in findings["not_asked"], "further servers may have been missed"
    assert any("only counted" in text for text in result["overrun"])


def test_many_switches(victim):
    victim.flood_from_switch("lldp")
    result = victim.run("macvlan_info", {"parents": ["eth0"], "lldp_seconds": 3}, 3)
    (neighbours,) = [link["lldp"] for link in result["parents"] if link["name"] == "eth0"]
    assert 1 <= len(neighbours) <= 16


@pytest.mark.parametrize("kind", ["arp", "imitate", "na"])
def test_the_watch(victim, kind):
    network = {"name": "lan0", "parent": "eth0", "subnets": ["192.168.100.0/24", "fd00:100::/64"], "gateways": [LAN]}
    victim.flood(kind)
    result = victim.run("macvlan_watch", {"networks": [network], "duration": 4}, 5)
    assert not result.get("failed"), result
    seen = {event["data"]["mac"] for event in result["events"] if event["kind"] in ("arp", "nd")}
    assert any(mac.startswith("02:66:") for mac in seen), "what imitates the collection's probes is seen as well"
    assert any("came so fast" in text or "only counted" in text for text in result["limits"])


#: Kinds of forged frames: `FLOODS=arp,arp_one,nd,na,imitate,dhcp,dhcp6` for more.
FLOODS = os.environ.get("FLOODS", "arp").split(",")


@pytest.mark.parametrize("kind", FLOODS)
def test_a_diagnosis(victim, kind):
    """The watch, both snapshots and all experiments: each has its own limits, and so has their sum."""
    network = {
        "name": "lan0", "parent": "eth0", "subnets": ["192.168.100.0/24", "fd00:100::/64"], "gateways": [LAN],
        "container_ranges": ["192.168.100.128/28"], "host_addresses": ["192.168.100.3"], "link": "lan0",
    }  # fmt: skip
    victim.host.container("c1", ["192.168.100.129/24"])
    victim.flood(kind)
    options = {"networks": [network], "host_id": "h1", "duration": 1, "active": True}
    result = victim.run("macvlan_diagnose", options, 40)
    assert not result.get("failed"), result
    evidence = result["evidence"]
    assert evidence["watch"]["limits"], "what was not seen is said"
    assert {item["id"] for item in evidence["experiments"]} >= {"gateway_ask", "holders"}
