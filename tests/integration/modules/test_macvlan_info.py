# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""macvlan_info, and the host's data in arp_conflict_check, in real namespaces."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

FRAMES = Path(__file__).resolve().parents[1] / "frames.py"


def test_links_of_all_namespaces_with_their_parents(segment) -> None:
    host = segment.host("h1", ["192.168.100.11/24"])
    container = host.container("c1", ["192.168.100.129/24"])
    host.ip("link", "add", "link", "eth0", "name", "lan0", "type", "macvlan", "mode", "bridge")
    for check in (False, True):
        result = host.module("macvlan_info", {}, check=check)
        assert result["changed"] is False
        found = {(link["namespace"], link["name"]): link for link in result["links"]}
        assert found["", "lan0"]["parent"] == "eth0"
        assert found["", "lan0"]["mac"] == host.mac("lan0")
        inner = found[container.netns, "eth0"]
        assert (inner["parent"], inner["parent_namespace"], inner["mac"]) == ("eth0", "", container.mac())
        (parent,) = [parent for parent in result["parents"] if parent["mac"] == host.mac()]
        assert parent["name"] == "eth0"
        assert "192.168.100.11/24" in parent["addresses"]
    assert len(result["machine_id"]) == 32
    with open("/etc/machine-id", encoding="ascii") as stream:
        assert result["machine_id"] not in stream.read()


def test_children_of_one_parent_only(segment) -> None:
    host = segment.host("h1")
    segment.plug(host, "eth1")
    host.ip("link", "add", "link", "eth1", "name", "mv1", "type", "macvlan", "mode", "bridge")
    host.container("c1")
    result = host.module("macvlan_info", {"parent": "eth1", "counters": True})
    assert [link["name"] for link in result["links"]] == ["mv1"]
    assert "rx_packets" in result["links"][0]["counters"]
    assert [parent["name"] for parent in result["parents"]] == ["eth1"]
    refused = host.module("macvlan_info", {"parent": "eth9"})
    assert refused["failed"]
    assert [problem["key"] for problem in refused["problems"]] == ["parent"]


def test_a_conflict_check_returns_what_the_host_has_on_the_segment(segment) -> None:
    host = segment.host("h1", ["192.168.100.11/24"])
    segment.plug(host, "eth1")
    host.ip("address", "add", "10.0.0.1/24", "dev", "eth1")
    host.container("c1", ["192.168.100.129/24"])
    host.container("c2", ["10.0.0.2/24"], parent="eth1")
    host.ip("link", "add", "lan", "type", "bridge")
    inner = host.container("c3")
    host.ip("link", "add", "b0", "type", "veth", "peer", "name", "eth1", "netns", inner.netns)
    host.ip("link", "set", "b0", "master", "lan")
    probe = {"probes": [{"parent": "eth0", "addresses": ["192.168.100.3"]}], "vantages": ["parent"]}
    own = host.module("arp_conflict_check", probe)["host"]
    assert [parent["name"] for parent in own["parents"]] == ["eth0"]
    assert {link["namespace"].split("-")[-1]: link["parent"] for link in own["links"]} == {"c1": "eth0", "c3": "eth0"}
    assert "192.168.100.129/24" in next(link for link in own["links"] if link["namespace"].endswith("c1"))["addresses"]
    host.ip("link", "set", "lan", "up")
    bridged = {"probes": [{"parent": "lan", "addresses": ["192.168.100.3"]}], "vantages": ["parent"]}
    own = host.module("arp_conflict_check", bridged)["host"]
    assert [(link["kind"], link["parent"]) for link in own["links"]] == [("veth", "lan")]


def lldp(system: str, port: str, ttl: int = 120) -> str:
    """A frame as a switch sends it, in hex: chassis, port, time to live, name, end (IEEE 802.1AB-2016, 8)."""
    units = [(1, b"\x04\x00\x1c\x73\x00\x00\x01"), (2, b"\x05" + port.encode()), (3, ttl.to_bytes(2, "big"))]
    units += [(5, system.encode()), (0, b"")]
    body = b"".join((kind << 9 | len(value)).to_bytes(2, "big") + value for kind, value in units)
    return (bytes.fromhex("0180c200000e001c7300000188cc") + body).ljust(60, b"\0").hex()


def test_the_switch_behind_the_parent_says_its_name(segment) -> None:
    host = segment.host("h1", ["192.168.100.11/24"])
    quiet = segment.plug(host, "eth1")
    host.container("c1")
    # the host's own frames are no neighbour
    speaks(host, "eth0", lldp("h1", "eth0"))
    silent = host.module("macvlan_info", {"lldp_seconds": 1})
    assert [parent["lldp"] for parent in silent["parents"] if parent["mac"] == host.mac()] == [[]]
    speaks(segment.switch, host.port, lldp("sw1.example.net", "Ethernet12"))
    speaks(segment.switch, quiet, lldp("sw1.example.net", "Ethernet13", ttl=0))
    heard = host.module("macvlan_info", {"parent": "eth0", "parents": [{"mac": host.mac("eth1")}], "lldp_seconds": 2})
    parents = {parent["name"]: parent["lldp"] for parent in heard["parents"]}
    assert parents["eth1"] == []
    assert parents["eth0"] == [
        {"port": "eth0", "chassis_id": "00:1c:73:00:00:01", "chassis_id_type": "mac", "port_id": "Ethernet12",
         "port_id_type": "interface_name", "ttl": 120, "system_name": "sw1.example.net", "port_description": ""}
    ]  # fmt: skip
    assert heard["resolved"] == [{"given": {"mac": host.mac("eth1")}, "name": "eth1"}]


def test_all_bad_input_is_reported_at_once(segment) -> None:
    refused = segment.host("h1").module("macvlan_info", {"parents": ["eth0", {"vlan": 1}], "lldp_seconds": -1})
    assert [problem["key"] for problem in refused["problems"]] == ["parents[1]", "lldp_seconds"]


def speaks(namespace, device: str, frame: str) -> None:
    """Sends a frame until the test is over."""
    process = namespace.start(sys.executable, str(FRAMES), "say", device, frame, stdout=subprocess.PIPE)
    assert process.stdout.readline() == "\n"
