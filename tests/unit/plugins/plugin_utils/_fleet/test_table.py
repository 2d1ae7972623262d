# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.declaration import expand
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._fleet.snippets import container_network
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._fleet.table import WIDTH, HostResults, summary, table

NETWORK = {
    "name": "lan0",
    "parent": {"default_route": True},
    "subnet": "192.168.100.0/24",
    "gateway": "192.168.100.1",
    "container_range": "192.168.100.128/28",
    "host_address": "192.168.100.3",
}
LINK = {"name": "lan0", "parent": "eth0", "persistence": "networkd"}
EVIDENCE = [
    {"what": "answered", "value": "3 of 10"},
    {"what": "route", "value": "the kernel sends it out of eth0 " * 9},
]


def check(kind: str, status: str = "PASS", number: int = 129, **more: object) -> dict:
    counted = {"PASS": (10, 10), "FAIL": (10, 3)}.get(status, (0, 0))
    return {
        "network": "lan0",
        "kind": kind,
        "from": "host",
        "target": f"192.168.100.{number}",
        "status": status,
        "sent": counted[0],
        "received": counted[1],
        "first_failure": {"after_seconds": 4.2} if status == "FAIL" else None,
        "evidence": [],
        "remedy": "",
        **more,
    }


PASSES = [
    check("gateway_from_parent"), check("gateway_from_link"), check("host_to_container"),
    check("host_to_container", number=130), check("container_to_host"), check("container_to_gateway"),
]  # fmt: skip


def host(name: str = "h1", network: dict | None = None, links: tuple = (), **results: dict) -> HostResults:
    problems = Problems()
    intent = expand([NETWORK if network is None else network] if network != {} else [], list(links), problems)
    assert not problems
    return HostResults(name, intent, results)


def healthy(name: str = "h1", changed: bool = False) -> HostResults:
    return host(name, interfaces_result={"links": [LINK], "changed": changed}, verify_result={"checks": PASSES})


def broken(name: str = "h1") -> HostResults:
    faults = [
        check("host_to_container", "FAIL", evidence=EVIDENCE, remedy="give lan0 a host prefix"),
        check("host_to_container", "FAIL", number=130, received=0),
    ]
    return host(
        name,
        interfaces_result={"links": [LINK]},
        verify_result={"checks": [PASSES[0], *faults]},
        macvlan_failure={"task": "Fail where the host differs from its declaration", "msg": "FAIL …"},
    )


def test_one_host_that_is_well_is_three_lines_of_table_and_a_summary() -> None:
    assert table([healthy()]) == [
        "host  link  parent  persistence  gateway from  host to     containers              result",
        "                                 parent  link  containers  to host     to gateway",
        "-----------------------------------------------------------------------------------------",
        "h1    lan0  eth0    networkd     ok      ok    2/2         1/1         1/1         ok",
        "",
        "1 host: 1 ok; checks: 6 passed",
    ]


def test_containers_beside_a_network_of_which_nothing_can_be_checked_are_not_ok() -> None:
    evidence = [{"what": "reason", "value": "no host_address"}, {"what": "unchecked", "value": "192.168.100.129 (web)"}]
    skipped = check("host_to_container", "SKIPPED", evidence=evidence)
    found = host("h1", interfaces_result={"links": [LINK]}, verify_result={"checks": [PASSES[0], skipped]})
    assert (found.result, found.first_failure()) == ("NOT CHECKED", "")
    lines = table([found])
    assert "h1: not checked: 192.168.100.129 (web)" in lines
    assert lines[-1] == "1 host: 1 not checked; checks: 1 passed, 1 skipped"


def test_a_fault_is_reported_with_time_evidence_and_remedy() -> None:
    lines = table([healthy(), broken("h2")])
    assert lines[4] == "h2    lan0  eth0    networkd     ok      -     0/2 FAIL    -           -           FAILED"
    text = "\n".join(lines)
    assert "h2:\n  host_to_container from host to 192.168.100.129: lost first after 4.2 s, 3 of 10 answered\n" in text
    assert "    route: the kernel sends it out of eth0" in text
    assert "    remedy: give lan0 a host prefix\n" in text
    assert "  host_to_container from host to 192.168.100.130: no answer, 0 of 10 answered" in text
    assert max(map(len, lines)) <= WIDTH
    assert lines[-1] == "2 hosts: 1 failed, 1 ok; checks: 2 failed, 7 passed"


@pytest.mark.parametrize(
    ("results", "result", "first"),
    [
        (
            {"prepare_kernel": {"unreachable": True, "msg": "Failed to connect\nmore"}},
            "UNREACHABLE",
            "unreachable: Failed to connect",
        ),
        (
            {
                "macvlan_failure": {
                    "task": "Make the links",
                    "msg": "2 problems, nothing was changed:\n  - links[0]: no\n",
                }
            },
            "FAILED",
            "Make the links: links[0]: no",
        ),
        ({}, "NOT RUN", "not run: the run ended before it came to this host"),
        (
            {"verify_drift_result": {"messages": ["link lan0 addresses: add 192.168.100.3/32"], "links": [LINK]}},
            "FAILED",
            "not as declared: link lan0 addresses: add 192.168.100.3/32",
        ),
        ({"interfaces_result": {"links": [LINK], "changed": True}}, "changed", ""),
        ({"interfaces_result": {"skipped": True}, "prepare_kernel": {"skipped": True}}, "NOT RUN", None),
    ],
    ids=["unreachable", "failed before the checks", "not run", "drift", "changed", "skipped"],
)
def test_result_and_first_failure(results: dict, result: str, first: str | None) -> None:
    one = host(**results)
    assert one.result == result
    if first is not None:
        assert one.first_failure() == first


def test_check_mode_predicts() -> None:
    results = {
        "interfaces_result": {"links": [LINK], "changed": True},
        "verify_result": {"checks": [check("host_to_container", "NOT RUN")]},
    }
    intent = host().intent
    changes = HostResults("h1", intent, results, check_mode=True)
    nothing = HostResults("h2", intent, {**results, "interfaces_result": {"links": [LINK]}}, check_mode=True)
    lines = table([changes, nothing])
    assert lines[3].endswith("not run     -           -           would change")
    assert lines[4].endswith("not run     -           -           ok")
    # a host whose library would be installed first: nothing else can be predicted there
    library = {"prepare_kernel": {"skipped": True}, "prepare_library": {"changed": True}}
    assert HostResults("h3", intent, library, check_mode=True).result == "would change"
    assert HostResults("h4", intent, {}, check_mode=True).result == "NOT RUN"


def test_hosts_with_several_links_with_links_only_and_with_nothing() -> None:
    links = ({"name": "mv1", "parent": "eth1"}, {"name": "gone", "state": "absent"})
    several = host("h1", links=links, interfaces_result={"links": [LINK, {"name": "mv1", "parent": "eth1"}]})
    nothing = HostResults("h2", host(network={}).intent, declared=False)
    lines = table([several, nothing])
    assert [line.split() for line in lines[3:6]] == [
        ["h1", "lan0", "eth0", "networkd", *["-"] * 5, "ok"],
        ["mv1", "eth1", *["-"] * 6],
        ["h2", *["-"] * 8, "nothing", "declared"],
    ]


def test_of_a_thousand_hosts_those_that_are_well_are_counted() -> None:
    hosts = [healthy(f"h{number:03}") for number in range(970)] + [broken(f"s{number:02}") for number in range(30)]
    lines = table(hosts)
    assert sum(1 for line in lines if line.startswith("h0")) == 0
    assert sum(1 for line in lines if line.endswith("FAILED")) == 30
    assert sum(1 for line in lines if line.endswith(":") and line.startswith("s")) == 20
    assert "and 10 more hosts, see the table" in lines
    assert lines[-1] == "1000 hosts: 30 failed, 970 ok; checks: 60 failed, 5850 passed"
    assert summary(hosts) == {"hosts": {"failed": 30, "ok": 970}, "checks": {"failed": 60, "passed": 5850}}
    assert len(table([healthy(f"h{number}") for number in range(970)])) == 1
    assert max(map(len, lines)) <= WIDTH


def test_a_long_inventory_name_is_cut_in_the_table_only() -> None:
    name = "a-host-with-a-very-long-name.in.a.deep.example.net"
    lines = table([broken(name)])
    assert lines[3].startswith("a-host-with-a-very-long-name.in…  lan0")
    assert f"{name}:" in lines


def test_container_networks_are_listed_once_per_command() -> None:
    docker, podman = {**NETWORK, "engine": "docker"}, {**NETWORK, "engine": "podman", "parent": "eth1"}
    made = {"interfaces_result": {"links": [LINK]}}
    lines = table([host("h1", docker, **made), host("h2", docker, **made), host("h3", podman, **made)])
    at = lines.index("The matching container networks, which the step containers creates:")
    (network,) = host(network=docker).intent.networks
    assert lines[at + 1 : at + 3] == ["  h1, h2:", f"    {container_network(network, 'eth0')}"]
    assert lines[at + 3] == "  h3:"


COMPARED = {"networks": [{"engine": "docker", "name": "lan0"}], "drift": []}
RANGE = {
    "engine": "docker",
    "name": "lan0",
    "text": "docker network lan0: parent: declared eth0, found eth1. Remedy: run it.",
}


@pytest.mark.parametrize("name", ["container_network_result", "verify_containers_result"])
def test_a_network_that_the_role_creates_has_no_command(name: str) -> None:
    made = host(network={**NETWORK, "engine": "docker"}, interfaces_result={"links": [LINK]}, **{name: COMPARED})
    lines = "\n".join(table([made]))
    assert "network create" not in lines
    assert "A container on lan0 of h1 (compose.yml)" in lines
    assert summary([made])["container_networks"] == {"ok": 1}


def test_a_container_network_that_differs_fails_the_host() -> None:
    found = {**COMPARED, "drift": [RANGE], "failed": True, "msg": "refused"}
    differs = host(network={**NETWORK, "engine": "docker"}, verify_containers_result=found)
    assert (differs.result, differs.first_failure()) == ("FAILED", f"not as declared: {RANGE['text']}")
    assert summary([differs])["container_networks"] == {"fail": 1}
    assert "engine's" in table([differs])[0]


def test_an_engine_that_does_not_answer_fails_the_host() -> None:
    found = {"failed": True, "msg": "macvlan_networks[0].engine = 'docker': docker does not run."}
    silent = host(network={**NETWORK, "engine": "docker"}, verify_containers_result=found)
    assert silent.result == "FAILED"
    assert "docker does not run" in silent.first_failure()


def test_what_the_role_refused_is_said_once() -> None:
    refused = {"failed": True, "msg": "it differs", "drift": [RANGE]}
    failure = {"task": "Plan the container networks", "msg": "it differs"}
    results = {"container_network_result": refused, "macvlan_failure": failure}
    lines = table([host(network={**NETWORK, "engine": "docker"}, **results)])
    assert any("it differs" in line for line in lines)
    assert not any("found eth1" in line for line in lines)


def test_the_command_for_two_families_and_for_podman() -> None:
    dual = {
        **NETWORK,
        "subnet": ["192.168.100.0/24", "fd00::/64"],
        "gateway": ["192.168.100.1", "fd00::1"],
        "container_range": ["192.168.100.128/28", "fd00::100/120"],
        "host_address": ["192.168.100.3", "fd00::3"],
        "parent": "eth0",
    }
    (network,) = host(network={**dual, "engine": "docker"}).intent.networks
    assert container_network(network, "eth0") == (
        "docker network create -d macvlan -o parent=eth0 --ipv6"
        " --subnet 192.168.100.0/24 --gateway=192.168.100.1 --ip-range=192.168.100.128/28"
        " --aux-address=host4=192.168.100.3"
        " --subnet fd00::/64 --gateway=fd00::1 --ip-range=fd00::100/120 --aux-address=host6=fd00::3 lan0"
    )
    (network,) = host(network={**NETWORK, "engine": "podman"}).intent.networks
    assert container_network(network, "eth0") == (
        "podman network create -d macvlan -o parent=eth0 --subnet 192.168.100.0/24 --gateway=192.168.100.1"
        " --ip-range=192.168.100.128/28 lan0"
    )


def test_a_conflict_flags_a_host_that_passes_all_checks() -> None:
    conflict = "192.168.100.3 on eth0 (host_address of h1) is in use by 00:1b:21:00:00:01"
    healthy = host(interfaces_result={"links": [LINK]}, verify_result={"checks": PASSES})
    held = replace(healthy, conflicts=[conflict])
    assert (healthy.result, held.result) == ("ok", "FAILED")
    assert held.first_failure() == f"conflict: {conflict}"
    lines = table([held], notes=["Not seen by the comparison of addresses:", "  h2: not in this run"])
    assert f"  conflict: {conflict}" in lines
    assert lines[-3:] == ["  h2: not in this run", "", "1 host: 1 failed; checks: 6 passed"]


def test_a_refusal_is_reported_once() -> None:
    conflicts = [f"192.168.100.{number} on eth0 is in use by 00:1b:21:00:00:01" for number in range(3, 10)]
    failure = {"task": "Fail for addresses that are in conflict", "msg": "\n".join(conflicts)}
    refused = replace(host(macvlan_failure=failure), conflicts=conflicts)
    lines = "\n".join(table([refused]))
    assert lines.count("192.168.100.3 on eth0") == 1
    assert "and 2 more conflicts" in lines
    assert "Put no address" not in lines
    other = replace(host(macvlan_failure={"task": "Check the kernel", "msg": "no macvlan"}), conflicts=conflicts[:1])
    assert "Check the kernel" in "\n".join(table([other]))
