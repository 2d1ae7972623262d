# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""macvlan_survey on hosts of namespaces: its parts are the results of the modules that it stands for."""

from __future__ import annotations

from typing import Any

import pytest

LINK = {"name": "lan0", "parent": "eth0", "addresses": ["192.168.100.3/32"]}
NETWORK = {
    "name": "lan0",
    "parent": "eth0",
    "subnets": ["192.168.100.0/24"],
    "gateways": ["192.168.100.1"],
    "host_addresses": ["192.168.100.3"],
    "link": "lan0",
}
#: The options of each part, and its module.
PARTS: dict[str, tuple[str, dict[str, Any]]] = {
    "kernel": ("kmod_check", {"load": True}),
    "exclusion": ("nm_unmanaged", {"devices": ["interface-name:lan0"]}),
    "links": ("macvlan_link", {"links": [LINK], "persistence": "none"}),
    "conflicts": ("arp_conflict_check", {"probes": [{"parent": "eth0", "addresses": ["192.168.100.3"]}]}),
    "reachability": ("macvlan_verify", {"networks": [NETWORK], "soak_seconds": 0, "fail": False}),
}


@pytest.fixture
def host(segment):
    segment.gateway = segment.host("gw", addresses=["192.168.100.1/24"])
    made = segment.host("h1", addresses=["192.168.100.11/24"])
    made.module("macvlan_link", {**PARTS["links"][1], "host_id": "h1"})
    return made


def survey(host, **options: Any) -> dict:
    asked = {name: given for name, (dummy, given) in PARTS.items()}
    return host.module("macvlan_survey", {**asked, "host_id": "h1", **options})


def shape(value: Any) -> Any:
    """Names and types, without what differs from run to run."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items() if key != "invocation"}
    return [shape(item) for item in value] if isinstance(value, list) else type(value)


def test_each_part_has_the_result_of_its_module(host) -> None:
    found = survey(host)
    assert (found["settled"], found["as_declared"], found["changed"]) == (True, True, False), found
    assert found["dhcp"] == {"changed": False, "skipped": True}
    for part, (module, options) in PARTS.items():
        named = {"host_id": "h1"} if part == "links" else {}
        alone = host.module(module, {**options, **named}, check=part != "reachability")
        assert shape(found[part]) == shape(alone), part
    assert found["conflicts"]["results"][0]["status"] == "own"
    assert {check["status"] for check in found["reachability"]["checks"]} <= {"PASS", "SKIPPED"}


def test_a_difference_is_found_and_not_repaired(host) -> None:
    host.ip("address", "delete", "192.168.100.3/32", "dev", "lan0")
    found = survey(host, thorough=False)
    assert (found["settled"], found["as_declared"], found["changed"]) == (False, False, False)
    assert found["links"]["messages"] == ["link lan0 addresses: add 192.168.100.3/32"]
    assert found["links"]["diff"]
    assert found["reachability"] == {"changed": False, "skipped": True}
    assert survey(host)["reachability"]["checks"]
    assert "192.168.100.3" not in host.ip("address", "show", "dev", "lan0").stdout


def test_a_part_that_fails_is_a_result(host) -> None:
    elsewhere = [{"parent": "eth9", "addresses": ["192.168.100.3"]}]
    found = survey(host, conflicts={"probes": elsewhere}, links={"links": [{**LINK, "parent": "eth8"}]})
    assert (found["settled"], found["as_declared"]) == (False, False)
    for part, name in (("conflicts", "eth9"), ("links", "eth8")):
        assert found[part]["failed"]
        assert name in found[part]["msg"]
    assert found["exclusion"]["messages"] == []


def test_options_that_are_not_valid_are_a_part_that_fails(host) -> None:
    found = survey(host, exclusion={"reload": "perhaps"}, links={"links": [LINK], "persistence": "hope"})
    assert "reload" in found["exclusion"]["msg"]
    assert "value of persistence must be one of" in found["links"]["msg"]
    assert "failed" not in found
