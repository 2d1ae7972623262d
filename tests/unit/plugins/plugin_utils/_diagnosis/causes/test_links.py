# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Causes in the links themselves: what is confirmed, and what is close to it and is not."""

from __future__ import annotations

from typing import Any

import pytest

from . import causes_cases as cases


def _route(fleet: dict, destination: str, metric: int = 0, link: str = "lan0") -> None:
    fleet["web1"]["after"]["namespaces"][0]["routes"].append(
        {"destination": destination, "gateway": None, "link": link, "metric": metric, "prefsrc": None,
         "protocol": "dhcp", "scope": 253, "table": 254}
    )  # fmt: skip


def _without_link(fleet: dict) -> dict:
    """web1's own link could not be made; its namespace."""
    own = fleet["web1"]["after"]["namespaces"][0]
    for kind, key in (("links", "name"), ("addresses", "link"), ("routes", "link")):
        own[kind] = [item for item in own[kind] if item[key] != "lan0"]
    return own


def test_a_link_without_arp_is_confirmed_where_something_is_lost() -> None:
    fleet = cases.healthy()
    cases.own_link(fleet, "lan0")["arp"] = False
    assert cases.verdict(fleet, "noarp").status == "suspected"
    cases.lose(fleet, "host_to_container", at=2.0)
    found = cases.verdict(fleet, "noarp")
    assert (found.status, found.after) == ("confirmed", 2.0)
    assert found.remedy == "ip link set lan0 arp on"


def test_a_container_without_arp_is_named() -> None:
    fleet = cases.healthy()
    space = next(item for item in fleet["web1"]["after"]["namespaces"] if item["label"] == "web1-c1")
    next(link for link in space["links"] if link["name"] == "eth0")["arp"] = False
    cases.lose(fleet, "container_to_host")
    found = cases.verdict(fleet, "noarp")
    assert found.status == "confirmed"
    assert "eth0 in web1-c1" in found.summary
    assert found.remedy == f"nsenter --net={space['path']} ip link set eth0 arp on"


def test_a_default_route_over_the_link_names_who_added_it() -> None:
    fleet = cases.healthy()
    routes = fleet["web1"]["after"]["namespaces"][0]["routes"]
    next(route for route in routes if route["destination"] == "0.0.0.0/0")["metric"] = 100
    _route(fleet, "0.0.0.0/0", metric=50)
    process = cases.process("dhcpcd", 7, "dhcpcd.service")
    cases.event(fleet, kind="route", action="new", after=3.5, data={"destination": "0.0.0.0/0"}, process=process)
    found = cases.verdict(fleet, "foreign_default_route")
    assert (found.status, found.after) == ("confirmed", 3.5)
    assert found.culprit["name"] == "dhcpcd"


def test_an_unused_default_route_is_suspected_but_not_a_declared_one() -> None:
    fleet = cases.healthy()
    _route(fleet, "0.0.0.0/0", metric=200)
    assert cases.verdict(fleet, "foreign_default_route").status == "suspected"
    fleet["web1"]["drift"]["links"][0]["routes"].append("0.0.0.0/0")
    assert cases.verdict(fleet, "foreign_default_route").status == "ruled_out"


def test_a_second_uplink_in_the_subnet_counts_if_the_kernel_uses_it() -> None:
    fleet = cases.healthy()
    own = fleet["web1"]["after"]["namespaces"][0]
    own["links"].append({**cases.own_link(fleet, "eth0"), "name": "eth1", "index": 9})
    own["addresses"].append(
        {"link": "eth1", "address": "192.168.100.21/24", "permanent": True, "tentative": False, "dadfailed": False}
    )
    assert cases.verdict(fleet, "two_uplinks_one_subnet").status == "suspected"
    next(path for path in own["paths"] if path["target"] == "192.168.100.1")["link"] = "eth1"
    found = cases.verdict(fleet, "two_uplinks_one_subnet")
    assert found.status == "confirmed"
    assert "192.168.100.21/24" in found.summary


def test_a_sibling_with_the_subnet_is_blamed_only_for_what_is_lost_over_it() -> None:
    fleet = cases.healthy()
    own = fleet["web1"]["after"]["namespaces"][0]
    own["links"].append({**cases.own_link(fleet, "lan0"), "name": "shim1", "index": 99})
    address = next(item for item in own["addresses"] if item["link"] == "lan0")
    own["addresses"].append({**address, "link": "shim1", "address": "192.168.100.7/24"})
    path = next(item for item in own["paths"] if item["target"] == "192.168.100.129")
    path["link"] = "shim1"
    found = cases.verdict(fleet, "two_uplinks_one_subnet")
    assert (found.status, "sibling shim1 has 192.168.100.7/24" in found.summary) == ("ruled_out", True)
    cases.lose(fleet, "host_to_container")
    found = cases.verdict(fleet, "two_uplinks_one_subnet")
    assert found.status == "confirmed"
    assert found.steps[0].text == "ip address delete 192.168.100.7/24 dev shim1"


def test_a_parent_that_became_a_port_explains_the_missing_link() -> None:
    fleet = cases.healthy()
    cases.own_link(fleet, "eth0")["master"] = "br0"
    assert cases.verdict(fleet, "parent_enslaved").status == "ruled_out", "the link is there"
    _without_link(fleet)
    found = cases.verdict(fleet, "parent_enslaved")
    assert found.status == "confirmed"
    first, last = (step.text for step in found.steps)
    assert first.startswith("move 192.168.100.11/24 and the routes over eth0 to br0"), "or the port is a second uplink"
    assert found.remedy == f"{first}; then {last} in macvlan_networks"
    own = fleet["web1"]["after"]["namespaces"][0]
    own["addresses"] = [item for item in own["addresses"] if item["link"] != "eth0"]
    assert cases.verdict(fleet, "parent_enslaved").remedy == "set parent: br0 in macvlan_networks"


def test_a_link_in_mode_passthru_explains_the_missing_link() -> None:
    fleet = cases.healthy()
    lan0 = cases.own_link(fleet, "lan0")
    own = _without_link(fleet)
    assert cases.verdict(fleet, "passthru_exclusive").status == "ruled_out"
    own["links"].append({**lan0, "name": "vm0", "mode": "passthru"})
    found = cases.verdict(fleet, "passthru_exclusive")
    assert found.status == "confirmed"
    assert "vm0" in found.summary


def test_a_smaller_mtu_on_the_way_shows_in_what_gets_through() -> None:
    fleet = cases.healthy()
    pair = {"namespace": "", "target": "192.168.100.1", "size": 1500, "passed": [1280, 1400], "lost": [], "error": ""}
    cases.experiment(fleet, "full_size", {"pairs": [pair]})
    assert cases.verdict(fleet, "mtu_mismatch").status == "ruled_out"
    pair["lost"] = [1450, 1492, 1500]
    found = cases.verdict(fleet, "mtu_mismatch")
    assert found.status == "confirmed"
    assert "packets of 1450 octets and more from web1 to 192.168.100.1" in found.summary
    pair.update(passed=[1280, 1450], lost=[1400, 1500])
    assert cases.verdict(fleet, "mtu_mismatch").status == "ruled_out", "lost by chance"


def _path(fleet: dict[str, Any], target: str) -> dict[str, Any]:
    own = fleet["web1"]["after"]["namespaces"][0]
    return next(item for item in own["paths"] if item["target"] == target)


@pytest.mark.parametrize(
    ("error", "kind"),
    [("Invalid argument", "blackhole"), ("Permission denied", "prohibit"), ("No route to host", "unreachable")],
)
def test_a_route_that_refuses_takes_precedence(error: str, kind: str) -> None:
    fleet = cases.healthy()
    _path(fleet, "192.168.100.129").update(link="", source=None, error=error)
    assert cases.verdict(fleet, "route_diverted").status == "ruled_out", "nothing is lost"
    cases.lose(fleet, "host_to_container", at=0.0)
    found = cases.verdict(fleet, "route_diverted")
    assert (found.status, f"192.168.100.129 is refused by a route or rule of type {kind}" in found.summary) == (
        "confirmed", True,
    )  # fmt: skip
    assert "ip route show table all match 192.168.100.129" in found.remedy


def test_a_host_without_any_route_is_no_matter_of_precedence() -> None:
    fleet = cases.healthy()
    _path(fleet, "192.168.100.129").update(link="", source=None, error="Network is unreachable")
    cases.lose(fleet, "host_to_container", at=0.0)
    assert cases.verdict(fleet, "route_diverted").status == "ruled_out"


def test_a_tunnel_that_takes_the_gateway_is_named_with_who_added_its_route() -> None:
    fleet = cases.healthy()
    own = fleet["web1"]["after"]["namespaces"][0]
    own["links"].append({**cases.own_link(fleet, "eth0"), "name": "tun9", "index": 9})
    _path(fleet, "192.168.100.1")["link"] = "tun9"
    cases.lose(fleet, "gateway_from_parent", at=1.0)
    data = {"destination": "192.168.100.1/32", "gateway": None, "table": 254, "type": "unicast"}
    cases.event(fleet, kind="route", action="new", link="tun9", after=0.9, data=data, process=cases.process("vpnd"))
    found = cases.verdict(fleet, "route_diverted")
    assert (found.status, found.after, found.culprit["name"]) == ("confirmed", 0.9, "vpnd")
    assert found.steps[0].text == "ip route delete 192.168.100.1/32 dev tun9 table 254"
    own["addresses"].append(
        {"link": "tun9", "address": "192.168.100.9/24", "permanent": True, "tentative": False, "dadfailed": False}
    )
    assert cases.verdict(fleet, "route_diverted").status == "ruled_out", "it is two_uplinks_one_subnet"


def test_a_rule_that_takes_precedence_is_deleted_by_its_priority() -> None:
    fleet = cases.healthy()
    _path(fleet, "192.168.100.129").update(link="", source=None, error="Permission denied")
    cases.lose(fleet, "host_to_container")
    data = {"family": "ipv4", "priority": 500, "to": "192.168.100.129/32"}
    cases.event(fleet, kind="rule", action="new", link="", after=0.9, data=data, process=cases.process("ip"))
    assert cases.verdict(fleet, "route_diverted").steps[0].text == "ip rule delete priority 500"
    fleet["web1"]["watch"]["events"][-1]["data"]["to"] = None
    found = cases.verdict(fleet, "route_diverted")
    assert (found.steps[0].kind, "find it" in found.remedy) == ("by_hand", True), "other traffic may need that rule"


def test_an_address_that_the_table_local_lacks_is_not_the_host_s_own() -> None:
    fleet = cases.healthy()
    _path(fleet, "192.168.100.3").update(local=False, link="lan0")
    assert cases.verdict(fleet, "route_diverted").status == "ruled_out", "nothing is lost"
    cases.lose(fleet, "container_to_host")
    found = cases.verdict(fleet, "route_diverted")
    assert (found.status, found.steps[0].text) == (
        "confirmed", "ip route add local 192.168.100.3 dev lan0 table local",
    )  # fmt: skip
    cases.event(fleet, kind="address", action="delete", link="lan0", data={"address": "192.168.100.3/32"})
    assert cases.verdict(fleet, "route_diverted").status == "ruled_out", "the address came and went"
