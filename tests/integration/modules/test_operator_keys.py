# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What modules refuse is named by the keys of the declaration, whatever module it is that refuses it."""

from __future__ import annotations

import re

import pytest

from ansible_collections.linuxnet.macvlan.plugins.filter.intent import intent
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import SPELLED

#: Places in the options of modules, which no operator wrote.
INTERNAL = re.compile(r"(?<!macvlan_)\b(?:links|networks|probes|devices|parents)\[")
SELECTORS = [{"subnet": "10.9.9.0/24"}, {"default_route": True}, {"mac": "02:00:00:00:00:99"}]
PARENTS = ["nowhere", "lo", "port1", "child", "tun0", *SELECTORS]
#: What plans hand on in another spelling than that of a network.
DERIVED = re.compile(rf"macvlan_networks\[\d+\]\.({'|'.join(SPELLED)})\b")


def network(number: int, parent: object = "eth0", **given: object) -> dict:
    base = f"10.0.{number}"
    return {
        "name": f"lan{number}",
        "parent": parent,
        "subnet": f"{base}.0/24",
        "container_range": f"{base}.128/28",
        "host_address": f"{base}.3",
        **given,
    }


@pytest.fixture
def host(segment):
    host = segment.host("h1", addresses=["192.168.100.11/24", "10.0.20.3/24"])
    host.ip("link", "add", "bridge1", "type", "bridge")
    host.ip("link", "add", "port1", "type", "veth", "peer", "name", "port2")
    host.ip("link", "set", "port1", "master", "bridge1")
    host.ip("link", "add", "link", "eth0", "name", "child", "type", "macvlan")
    host.ip("tuntap", "add", "tun0", "mode", "tun")
    return host


def declared(host) -> tuple[dict, set[str]]:
    """A declaration in which everything is wrong on this host, and the places of its networks and links."""
    networks = [network(number, parent) for number, parent in enumerate(PARENTS)]
    networks += [
        network(20),
        network(21, mac=host.mac("eth0")),
        network(22, mtu=9000),
        network(23, link_name="port2"),
        network(24, mode="passthru"),
    ]
    links = [{"name": f"mv{number}", "parent": parent} for number, parent in enumerate(PARENTS)]
    links += [
        {"name": "mv20", "parent": "nowhere", "addresses": ["192.168.100.12/32"]},
        {"name": "bridge1", "state": "absent"},
    ]
    data = intent({"inventory_hostname": "h1"}, networks, links)
    places = {f"macvlan_networks[{number}]" for number in range(len(networks))}
    return data, places | {f"macvlan_links[{number}]" for number in range(len(links))}


@pytest.mark.parametrize(
    ("module", "arguments"),
    [
        ("macvlan_link", lambda data: {"links": data["links"], "host_id": "h1"}),
        ("arp_conflict_check", lambda data: {"probes": data["probes"]}),
        ("dhcp_check", lambda data: {"probes": data["dhcp_probes"]}),
        (
            "macvlan_info",
            lambda data: {
                "parents": [item["parent"] for item in data["networks"]],
                "keys": [f"{item['key']}.parent" for item in data["networks"]],
            },
        ),
        # parsed again on the host, where the words of two releases can differ
        ("macvlan_verify", lambda data: {"networks": [{**item, "gateways": ["x"]} for item in data["networks"]]}),
        ("macvlan_diagnose", lambda data: {"networks": [{**item, "subnets": ["x"]} for item in data["diagnosed"]]}),
        ("macvlan_watch", lambda data: {"networks": [{**item, "host_addresses": ["x"]} for item in data["networks"]]}),
        (
            "nm_unmanaged",
            lambda data: {"devices": ["x" * 20 for _name in data["unmanaged_keys"]], "keys": data["unmanaged_keys"]},
        ),
    ],
)
def test_a_refusal_names_the_keys_of_the_declaration(host, module, arguments):
    data, places = declared(host)
    result = host.module(module, arguments(data))
    assert result.get("failed"), result
    for problem in result["problems"]:
        place = re.match(r"macvlan_\w+\[\d+\]", problem["key"])
        assert place is not None, problem
        assert place[0] in places, problem
        for text in (problem["key"], problem["problem"], problem["remedy"]):
            assert not INTERNAL.search(text), problem
            assert not DERIVED.search(text), problem


def test_a_place_that_is_none_is_refused(host):
    result = host.module("macvlan_link", {"links": [{"name": "lan0", "parent": "eth0", "key": "x\ny"}]})
    assert [problem["key"] for problem in result["problems"]] == ["links[0].key"]
