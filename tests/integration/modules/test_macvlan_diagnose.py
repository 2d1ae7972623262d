# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`macvlan_diagnose` on a real network: its evidence is what the schema says, whatever state the host is in."""

from __future__ import annotations

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.experiments.registry import EXPERIMENTS
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.shape import understood

GATEWAY, PARENT, SHIM, CONTAINER = (f"192.168.100.{number}" for number in (1, 11, 3, 129))
NETWORK = {
    "name": "lan0",
    "parent": "eth0",
    "subnets": ["192.168.100.0/24", "fd00:100::/64"],
    "gateways": [GATEWAY, "fd00:100::1"],
    "container_ranges": ["192.168.100.128/28"],
    "host_addresses": [SHIM],
    "link": "lan0",
}
LINK = {"name": "lan0", "parent": "eth0", "addresses": [f"{SHIM}/32"], "routes": ["192.168.100.128/28"]}


@pytest.fixture
def host(segment):
    """With a container and a gateway, and as yet without its macvlan link."""
    segment.host("gw", addresses=[f"{GATEWAY}/24", "fd00:100::1/64"])
    found = segment.host("h1", addresses=[f"{PARENT}/24", "fd00:100::11/64"])
    found.container("c1", addresses=[f"{CONTAINER}/24"])
    return found


def evidence(host, **options):
    """What the module returns, which has to be what the schema says."""
    given = {"networks": [NETWORK], "links": [LINK], "duration": 1, "interval": 0.2, "host_id": "h1", **options}
    result = host.module("macvlan_diagnose", given)
    assert not result.get("failed"), result
    return understood(result["evidence"])


def test_evidence_of_a_working_host_is_understood(host):
    host.ip("link", "add", "link", "eth0", "name", "lan0", "type", "macvlan", "mode", "bridge")
    host.ip("link", "set", "lan0", "up")
    host.ip("address", "add", f"{SHIM}/32", "dev", "lan0")
    host.ip("route", "add", "192.168.100.128/28", "dev", "lan0")
    found = evidence(host)
    assert found["problems"] == []
    assert found["host"] == "h1"
    assert {item["id"] for item in found["experiments"]} == {item.id for item in EXPERIMENTS}
    made = {item["id"] for item in found["experiments"] if item["ran"]}
    assert {"gateway_ask", "holders", "solicit", "full_size", "datagrams", "dhcp_ask", "tags", "checksums"} <= made


@pytest.mark.parametrize("broken", [["link", "set", "eth0", "down"], ["link", "delete", "eth0"], ["address", "list"]])
def test_evidence_of_a_broken_host_is_understood(host, broken):
    host.ip(*broken)
    found = evidence(host, after_break=0)
    assert found["after"] is not None
    assert found["after"]["networks"]["lan0"]["link"] is None


def test_networks_have_the_form_of_the_filter_in_every_input_form(host):
    given = {**NETWORK, "gateways": GATEWAY, "segment": "office"}
    (network,) = evidence(host, networks=[given], active=False, after_break=0)["networks"]
    assert (network["gateways"], network["segment"], network["engine"]) == ([GATEWAY], "office", "none")


def test_experiments_that_are_turned_off_say_so(host):
    found = evidence(host, active=False, after_break=0)
    assert {item["why_not"] for item in found["experiments"]} == {"experiments are turned off (diagnose_active: false)"}
