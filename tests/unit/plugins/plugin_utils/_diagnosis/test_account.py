# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The account of a broken target: its pattern in time, its edge, and whom to ask."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis import path
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.account import Account, Explaining, accounts
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.judge import understood
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.rhythm import of_losses
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict

from .causes import causes_cases as cases


@pytest.mark.parametrize(
    ("losses", "received", "expected"),
    [
        ([], 0, ("constant", None)),
        ([[2.0, 60.0]], 4, ("constant", None)),
        ([[2.0, 4.0]], 50, ("once", None)),
        ([[1.0, 1.5], [4.0, 4.6], [7.1, 7.5], [10.0, 10.5]], 50, ("periodic", 3.0)),
        ([[1.0, 1.5], [2.0, 2.6], [17.1, 17.5], [18.0, 18.5]], 50, ("random", None)),
        ([[1.0, 1.5], [4.0, 4.6]], 50, ("random", None)),
    ],
)
def test_the_pattern_in_time(losses: list[list[float]], received: int, expected: tuple[str, float | None]) -> None:
    assert of_losses(losses, received, 60.0) == expected


def located(fleet: dict[str, Any]) -> list[Account]:
    return accounts(fleet["web1"], Explaining([], fleet), {})


def test_the_edge_is_the_port_where_the_parent_is_answered_and_the_link_is_not() -> None:
    fleet = cases.healthy()
    cases.lose(fleet, "gateway_from_link", at=1.0)
    [found] = located(fleet)
    assert found.edge == ("link", "switch")
    assert found.name == "lan0 to gateway 192.168.100.1, ARP"
    assert found.text == (
        "lan0 to gateway 192.168.100.1, ARP: lost for good at +1.0 s (50 % lost), between lan0 and the switch port of"
        " eth0"
    )
    assert "accept the MAC address of lan0" in found.ask


def test_a_gateway_that_answers_arp_and_no_pings_is_no_matter_of_ports() -> None:
    fleet = cases.healthy()
    watch = fleet["web1"]["watch"]
    [asked] = [item for item in watch["targets"] if item["kind"] == "gateway_from_parent" and item["method"] == "echo"]
    asked.update(received=asked["sent"] // 2, first_loss=1.0, losses=[[1.0, watch["duration"]]])
    assert _account(fleet, asked).ask.startswith("whoever runs 192.168.100.1: it answers ARP all the time")
    watch["targets"] = [item for item in watch["targets"] if item["method"] == "echo"]
    assert "up and in the right VLAN" in _account(fleet, asked).ask


def test_a_container_is_named_and_looked_at() -> None:
    fleet = cases.healthy()
    cases.lose(fleet, "container_to_host", at=0.0)
    found = located(fleet)
    assert {item.edge for item in found} == {("container:web1-c1", "link"), ("container:web1-c2", "link")}
    assert found[0].name == "container web1-c1 to the host 192.168.100.3, ping"
    assert (found[0].after, found[0].when) == (None, "never answered")
    assert "container web1-c1" in found[0].ask


def test_what_the_diagnosis_itself_changed_is_no_reason() -> None:
    fleet = cases.healthy()
    cases.lose(fleet, "gateway_from_parent", at=2.0)
    cases.event(fleet, after=1.9, what="by itself", process=cases.process("python", self=True))
    cases.event(fleet, after=1.2, what="much earlier than a probe and a second", link="eth0")
    cases.event(fleet, after=1.8, what="eth0 went down", link="eth0")
    assert located(fleet)[0].before[0] == "at +1.80 s eth0 went down, 0.20 s before the first loss"
    assert not any("by itself" in text for text in located(fleet)[0].before)


def _requested(fleet: dict[str, Any], host: str, address: str) -> str:
    """A lost target beside the networks."""
    watch = fleet[host]["watch"]
    asked = {
        **watch["targets"][0], "id": f"target/host/{address}/echo", "network": "", "kind": "target",
        "from": {"namespace": "", "link": ""}, "target": address, "received": 4, "sent": 8, "first_loss": 1.0,
        "losses": [[1.0, watch["duration"]]],
    }  # fmt: skip
    watch["targets"].append(asked)
    return asked["id"]


def _explained(fleet: dict[str, Any], host: str, name: str, verdict: CauseVerdict) -> tuple[str, ...]:
    found = accounts(fleet[host], Explaining([verdict], fleet), {})
    return next(item.explained_by for item in found if item.target_id == name)


def _about(host: str, cause: str, *targets: str) -> CauseVerdict:
    return CauseVerdict("confirmed", host=host, network="lan0", cause=cause, targets=targets, wide=not targets)


def test_a_requested_target_is_explained_by_what_explains_its_address() -> None:
    fleet = cases.healthy()
    name = _requested(fleet, "web1", "192.168.100.145")
    there = _about("web2", "container_link_down", "lan0/host_to_container/host/192.168.100.145/echo")
    assert _explained(fleet, "web1", name, there) == ("container_link_down",)
    inside = _about("web2", "host_isolation", "lan0/host_to_container/host/192.168.100.145/echo")
    assert _explained(fleet, "web1", name, inside) == ()
    elsewhere = _about("web2", "container_link_down", "lan0/host_to_container/host/192.168.100.146/echo")
    assert _explained(fleet, "web1", name, elsewhere) == ()


def test_a_requested_target_shares_the_way_of_the_parent() -> None:
    fleet = cases.healthy()
    name = _requested(fleet, "web1", "192.168.100.145")
    assert _explained(fleet, "web1", name, _about("web1", "no_carrier")) == ("no_carrier",)
    assert _explained(fleet, "web1", name, _about("web2", "no_carrier")) == ("no_carrier",)
    nobody = _requested(fleet, "web1", "192.168.100.222")
    assert _explained(fleet, "web1", nobody, _about("web2", "no_carrier")) == ()
    link = _about("web1", "link_down", "lan0/host_to_container/host/192.168.100.129/echo")
    assert _explained(fleet, "web1", name, link) == ()


def followed(fleet: dict[str, Any], target: dict[str, Any], edge: list[str], direction: str) -> None:
    """Say where a target's probes vanished."""
    fleet["web1"]["paths"] = {
        "nonce": "ab", "foreign": [], "not_traced": "", "limits": [],
        "targets": [{
            "target": target["id"], "address": target["target"], "probe": 1, "mac": "02:00:5e:10:00:aa",
            "hops": ["eth0"], "end": "network", "sent": 8, "answered": 4, "request_hop": "eth0", "answer_hop": "",
            "edges": [{"edge": edge, "direction": direction, "protocol": "arp", "numbers": [[1, 4]], "count": 4,
                       "first": 1.0, "last": 2.0, "drops": []}],
        }],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "edge", "nodes", "asked"),
    [
        ("gateway_from_link", ["sender", "lan0"], ("link", "link"), "which filter, route or queue"),
        ("gateway_from_link", ["lan0", "eth0"], ("link", "parent"), "which filter, route or queue"),
        ("gateway_from_link", ["eth0", "network"], ("parent", "switch"), "accept the MAC address of lan0"),
        ("gateway_from_parent", ["eth0", "network"], ("parent", "switch"), "it answers ARP all the time"),
        ("host_to_container", ["web1-c1/eth0", "holder"], ("container:web1-c1",) * 2, "container web1-c1"),
        ("container_to_gateway", ["sender", "web1-c1/eth0"], ("container:web1-c1",) * 2, "container web1-c1"),
        (
            "container_to_gateway",
            ["eth0", "network"],
            ("parent", "switch"),
            "accept the MAC address of container web1-c1",
        ),
    ],
)
def test_the_edge_is_where_the_probes_vanished(kind: str, edge: list[str], nodes: tuple[str, str], asked: str) -> None:
    fleet = cases.healthy()
    cases.ask_from_containers(fleet)
    target = cases.lose(fleet, kind, at=1.0)[0]
    followed(fleet, target, edge, "request")
    found = _account(fleet, target)
    assert (found.edge, found.direction) == (nodes, "request")
    assert asked in found.ask


def test_a_loss_that_began_before_the_cause_of_the_rest_is_where_it_began() -> None:
    """A gateway that loses a few packets, on a host whose parent is set down later."""
    fleet = cases.healthy()
    target = cases.lose(fleet, "gateway_from_parent", at=1.0)[0]
    followed(fleet, target, ["sender", "eth0"], "request")
    [down] = fleet["web1"]["paths"]["targets"][0]["edges"]
    down.update(first=4.0, last=6.0)
    lossy = {**down, "edge": ["eth0", "network"], "direction": "unknown", "count": 2, "first": 1.0, "last": 5.0}
    fleet["web1"]["paths"]["targets"][0]["edges"].append(lossy)
    later = replace(_about("web1", "parent_down"), after=4.1)
    assert _account(fleet, target, later).edge == ("parent", "switch")
    assert _account(fleet, target, later).located
    assert _account(fleet, target).edge == ("parent", "parent")


def _account(fleet: dict[str, Any], target: dict[str, Any], *verdicts: CauseVerdict) -> Account:
    made = accounts(fleet["web1"], Explaining(verdicts, fleet), losses_of(fleet))
    return next(item for item in made if item.target_id == target["id"])


def losses_of(fleet: dict[str, Any]) -> Any:
    return path.located({host: understood(evidence) for host, evidence in fleet.items()})


def test_a_container_that_vanished_with_its_parent_is_explained_on_other_hosts() -> None:
    fleet = cases.healthy()
    name = _requested(fleet, "web1", "192.168.100.150")
    assert _explained(fleet, "web1", name, _about("web2", "parent_vanished")) == ("parent_vanished",)
    assert _explained(fleet, "web1", name, _about("web2", "route_absent")) == ()


def test_a_dead_parent_explains_what_was_asked_beside_the_networks_also_where_it_asked_no_gateway() -> None:
    """Of IPv6 alone a parent that is down has no address any more, and asks no gateway."""
    fleet = cases.healthy()
    name = _requested(fleet, "web1", "192.168.100.150")
    down = _about("web1", "parent_down", "lan0/host_to_container/host/192.168.100.129/echo")
    assert _explained(fleet, "web1", name, down) == ("parent_down",)
    filtered = _about("web1", "filter_drops", "lan0/host_to_container/host/192.168.100.129/echo")
    assert _explained(fleet, "web1", name, filtered) == ()


def test_whoever_runs_the_gateway_is_asked_where_only_a_container_gets_no_pings_answered() -> None:
    fleet = cases.healthy()
    cases.ask_from_containers(fleet)
    target = cases.lose(fleet, "container_to_gateway", at=1.0)[0]
    followed(fleet, target, ["eth0", "network"], "unknown")
    fleet["web1"]["paths"]["targets"][0]["edges"][0]["protocol"] = "icmp"
    found = _account(fleet, target)
    assert found.ask.startswith("whoever runs 192.168.100.1: does its neighbour table have another MAC address")
    assert "for 192.168.100.129 than that of container web1-c1 on web1" in found.ask
    for item in cases.lose(fleet, "gateway_from_parent", at=1.0):
        assert item["received"] < item["sent"]
    assert "does its neighbour table" not in _account(fleet, target).ask
