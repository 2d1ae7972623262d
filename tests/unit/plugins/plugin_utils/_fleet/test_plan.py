# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import ipaddress

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._fleet.plan import (
    FleetPlan,
    HostDeclaration,
    plan,
    read,
)

SUBNET = ipaddress.ip_network("192.168.0.0/16")


def network(**changes: object) -> dict:
    made = {
        "name": "lan0",
        "parent": "eth0",
        "subnet": "192.168.100.0/24",
        "gateway": "192.168.100.1",
        "container_range": "192.168.100.128/28",
        "host_address": "192.168.100.3",
    }
    made.update(changes)
    return {key: value for key, value in made.items() if value is not None}


def second(**changes: object) -> dict:
    return network(**{"container_range": "192.168.100.144/28", "host_address": "192.168.100.4", **changes})


def host(name: str, *networks: dict, links: list | None = None, address: str | None = None) -> HostDeclaration:
    return HostDeclaration(name, list(networks), links or [], address)


def planned(*hosts: HostDeclaration, selected: set[str] | None = None) -> FleetPlan:
    return plan(hosts, {item.host for item in hosts} if selected is None else selected)


def reported(result: FleetPlan) -> list[tuple[str, str, object]]:
    return [(item.host, item.key, item.value) for item in result.problems.items]


def fleet(count: int) -> list[HostDeclaration]:
    """Hosts with disjoint ranges in one /16: addresses from 192.168.0.2 on, ranges from 192.168.128.0 on."""
    return [
        host(
            f"h{number}",
            network(
                subnet=str(SUBNET),
                gateway="192.168.0.1",
                host_address=str(SUBNET[number + 2]),
                container_range=f"{SUBNET[0x8000 + 16 * number]}/28",
            ),
        )
        for number in range(count)
    ]


def test_two_hosts_that_agree() -> None:
    result = planned(host("h1", network()), host("h2", second()), host("h3"))
    assert not result.problems
    assert result.warnings == []
    assert [len(item.desired.present) for item in result.hosts] == [1, 1, 0]


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (second(host_address="192.168.100.3"), ("h1", "macvlan_networks[0].host_address", "192.168.100.3")),
        (
            second(containers=["192.168.100.145"], container_range=None, host_address="192.168.100.3"),
            ("h1", "macvlan_networks[0].host_address", "192.168.100.3"),
        ),
        (
            second(container_range="192.168.100.128/28"),
            ("h1", "macvlan_networks[0].container_range", "192.168.100.128/28"),
        ),
        (
            second(container_range="192.168.100.136/29"),
            ("h2", "macvlan_networks[0].container_range", "192.168.100.136/29"),
        ),
        (second(host_address="192.168.100.129"), ("h2", "macvlan_networks[0].host_address", "192.168.100.129")),
        (second(gateway="192.168.100.130"), ("h2", "macvlan_networks[0].gateway", "192.168.100.130")),
        (
            second(host_address="192.168.100.1", gateway=None),
            ("h2", "macvlan_networks[0].host_address", "192.168.100.1"),
        ),
        (second(subnet="192.168.100.0/23"), ("h1", "macvlan_networks[0].subnet", "192.168.100.0/24")),
        (second(mac="02:00:00:00:00:01"), ("h1", "macvlan_networks[0].mac", "02:00:00:00:00:01")),
    ],
    ids=[
        "same host address", "same address without ranges", "same range", "ranges overlap", "address in range",
        "gateway in range", "address is a gateway", "subnets differ", "same MAC address",
    ],
)  # fmt: skip
def test_conflict_of_two_hosts_is_reported_once(other: dict, expected: tuple[str, str, object]) -> None:
    first = network(mac="02:00:00:00:00:01") if "mac" in other else network()
    assert reported(planned(host("h1", first), host("h2", other))) == [expected]


def test_a_container_and_a_link_of_another_host_with_one_address() -> None:
    link = {"name": "mv0", "parent": "eth0", "addresses": ["192.168.100.129/24"]}
    result = planned(
        host("h1", network(containers=["192.168.100.129"])),
        host("h2", links=[link]),
    )
    assert [item[:2] for item in reported(result)] == [
        ("h1", "macvlan_networks[0].containers"),
        ("h2", "macvlan_links[0].addresses"),
    ]
    assert "h2 (macvlan_links[0].addresses)" in str(result.problems.items[0])


def test_address_by_which_ansible_reaches_a_host_is_taken() -> None:
    result = planned(
        host("h1", network(), address="192.168.100.4"),
        host("h2", second(), address="192.168.100.3"),
        host("h3", address="192.168.100.150"),
        host("h4", address="h4.example.net"),
        host(
            "h5",
            links=[{"name": "mv0", "parent": "eth0", "addresses": ["192.168.100.50/24"]}],
            address="192.168.100.50",
        ),
    )
    assert reported(result) == [
        ("h2", "macvlan_networks[0].host_address", "192.168.100.4"),
        ("h1", "macvlan_networks[0].host_address", "192.168.100.3"),
        ("h2", "macvlan_networks[0].container_range", "192.168.100.144/28"),
    ]


def test_address_by_which_ansible_reaches_a_host_may_have_a_zone_id() -> None:
    links = [{"name": "mv0", "parent": "eth0", "addresses": ["fd00::9/64"]}]
    result = planned(host("h1", links=links), host("h2", address="fd00::9%eth0"))
    assert ("h1", "macvlan_links[0].addresses") in [found[:2] for found in reported(result)]


def test_named_segments_are_different_lans() -> None:
    here, there = network(segment="site a"), network(segment="site b")
    assert reported(planned(host("h1", here, address="192.168.100.4"), host("h2", there))) == []
    assert reported(planned(host("h1", here, address="192.168.100.4"), host("h2", second(segment="site b")))) == []
    assert len(reported(planned(host("h1", here), host("h2", network(segment="site a"))))) == 2


def test_both_families_are_compared() -> None:
    def dual(last: int, ranges: str, address: str) -> dict:
        return network(
            subnet=["192.168.100.0/24", "fd00::/64"],
            container_range=[f"192.168.100.{last}/28", ranges],
            host_address=[f"192.168.100.{last // 16}", address],
        )

    one = host("h1", dual(128, "fd00::100/120", "fd00::3"))
    assert reported(planned(one, host("h2", dual(144, "fd00::180/121", "fd00::4")))) == [
        ("h2", "macvlan_networks[0].container_range", "fd00::180/121"),
    ]
    assert reported(planned(one, host("h2", dual(144, "fd00::200/120", "fd00::1ff")))) == [
        ("h2", "macvlan_networks[0].host_address", "fd00::1ff"),
    ]
    assert reported(planned(one, host("h2", dual(144, "fd00::200/120", "fd00::4")))) == []


def test_several_gateways_are_a_warning() -> None:
    result = planned(host("h1", network()), host("h2", second(gateway="192.168.100.254")))
    assert not result.problems
    assert result.warnings == ["subnet 192.168.100.0/24 has 2 gateways: 192.168.100.1: h1; 192.168.100.254: h2"]


def test_faults_of_each_host_are_reported_by_declaration_key() -> None:
    result = planned(
        host("h1", network(host_address="192.168.100.130"), network(name="b", mac="01:00:00:00:00:01", parent="eth9")),
        host("h2", links=[{"name": "much-too-long-for-linux", "parent": "eth0"}, {"name": "mv0", "mtu": 9}]),
    )
    assert [item[:2] for item in reported(result)] == [
        ("h1", "macvlan_networks[0].host_address"),
        ("h1", "macvlan_networks[1].parent"),
        ("h1", "macvlan_networks[1].container_range"),
        ("h1", "macvlan_networks[1].mac"),
        ("h2", "macvlan_links[0].name"),
        ("h2", "macvlan_links[1].parent"),
        ("h2", "macvlan_links[1].mtu"),
    ]


def test_a_link_named_like_a_network_is_reported_in_declared_terms() -> None:
    problems = Problems("h1")
    read(host("h1", network(), links=[{"name": "lan0", "parent": "eth0"}]), problems)
    (problem,) = problems.items
    assert str(problem).startswith("h1: macvlan_links[0].name = 'lan0': macvlan_networks[0] has the same name.")


def test_stable_macs_differ_between_hosts_and_stay() -> None:
    one, again = planned(*fleet(200)), planned(*fleet(200))
    macs = [item.desired.present[0].mac for item in one.hosts]
    assert len(set(macs)) == 200
    assert macs == [item.desired.present[0].mac for item in again.hosts]


def test_hosts_outside_the_run_are_compared_but_do_not_fail_it() -> None:
    hosts = [host("h1", network()), host("h2", second()), host("h3", second()), host("h4", network(gateway="nonsense"))]
    result = planned(*hosts, selected={"h1"})
    assert reported(result) == [
        ("h1", "macvlan_networks[0].host_address", "192.168.100.3"),
        ("h1", "macvlan_networks[0].container_range", "192.168.100.128/28"),
    ]
    assert [item.host for item in result.elsewhere.items] == ["h4", "h2", "h2"]


def test_hundreds_of_hosts_with_one_mistake_each_way() -> None:
    hosts = fleet(500)
    assert reported(planned(*hosts)) == []
    hosts[400].networks[0]["host_address"] = hosts[7].networks[0]["host_address"]
    hosts[300].networks[0]["container_range"] = hosts[299].networks[0]["container_range"]
    hosts[200].networks[0]["host_address"] = str(SUBNET[0x8000 + 16 * 450 + 3])
    assert sorted(reported(planned(*hosts))) == [
        ("h200", "macvlan_networks[0].host_address", "192.168.156.35"),
        ("h299", "macvlan_networks[0].container_range", "192.168.146.176/28"),
        ("h7", "macvlan_networks[0].host_address", "192.168.0.9"),
    ]


def test_one_mistake_in_a_group_is_one_problem_for_all_its_hosts() -> None:
    result = planned(*(host(f"h{number}", network()) for number in range(300)))
    assert reported(result) == [
        ("h0", "macvlan_networks[0].host_address", "192.168.100.3"),
        ("h0", "macvlan_networks[0].container_range", "192.168.100.128/28"),
    ]
    assert "h1, h2, h3 and 296 more" in result.problems.items[0].problem
