# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""macvlan_verify on healthy and broken networks of namespaces."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from ansible_collections.linuxnet.macvlan.plugins.filter.intent import intent

NETWORK = {
    "name": "lan0",
    "parent": "eth0",
    "subnets": ["192.168.100.0/24"],
    "gateways": ["192.168.100.1"],
    "container_ranges": ["192.168.100.128/28"],
    "host_addresses": ["192.168.100.3"],
    "containers": [],
    "link": "lan0",
}
DUAL_STACK = {
    "subnets": ["192.168.100.0/24", "fd00:100::/64"],
    "gateways": ["192.168.100.1", "fd00:100::1"],
    "container_ranges": ["192.168.100.128/28", "fd00:100::8000/120"],
    "host_addresses": ["192.168.100.3", "fd00:100::3"],
}
KINDS = (
    "gateway_from_parent", "gateway_from_link", "host_to_container", "container_to_host", "container_to_gateway",
)  # fmt: skip


@pytest.fixture
def lan(segment):
    """A host and a gateway; no link yet."""
    segment.gateway = segment.host("gw", addresses=["192.168.100.1/24", "fd00:100::1/64"])
    segment.h1 = segment.host("h1", addresses=["192.168.100.11/24", "fd00:100::11/64"])
    return segment


def add_link(host, *, address="192.168.100.3/32", route="192.168.100.128/28"):
    """The host's own link as macvlan_link creates it: host prefixes, routes to the containers, arp_filter."""
    host.ip("link", "add", "link", "eth0", "name", "lan0", "type", "macvlan", "mode", "bridge")
    host.ip("link", "set", "lan0", "up")
    for device in ("lan0", "eth0"):
        host.sysctl(f"net/ipv4/conf/{device}/arp_filter", 1)
    host.ip("address", "add", address, "dev", "lan0")
    host.ip("address", "add", "fd00:100::3/128", "dev", "lan0")
    if route:
        host.ip("route", "add", route, "dev", "lan0")
    host.ip("route", "add", "fd00:100::8000/120", "dev", "lan0")


def verify(host, *, check=False, fail=False, soak=0.5, interval=0.1, timeout=0.5, temporary_child=True, **network):
    args = {
        "networks": [{**NETWORK, **network}],
        "soak_seconds": soak,
        "interval": interval,
        "timeout": timeout,
        "temporary_child": temporary_child,
        "fail": fail,
    }
    return host.module("macvlan_verify", args, check=check)


def during(host, action, *, ready, **options):
    """Verify, and break something as soon as enough probes passed."""
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(verify, host, **options)
        while not ready() and not running.done():
            time.sleep(0.02)
        action()
        return running.result()


def echoes(namespace):
    """How many echo requests a namespace has received (RFC 4293 counters)."""
    names, values = (line.split() for line in namespace.run("grep", "^Icmp:", "/proc/net/snmp").stdout.splitlines())
    return int(values[names.index("InEchos")])


def found(result, kind, target=None):
    """The one check of a kind, or the one to a target."""
    (check,) = [
        item for item in result["checks"] if item["kind"] == kind and (target is None or item["target"] == target)
    ]
    return check


def proof(check, what):
    return " ".join(item["value"] for item in check["evidence"] if item["what"] == what)


def statuses(result):
    """The status of the checks of each kind; all of them where they differ."""
    return {
        kind: ", ".join(sorted({item["status"] for item in result["checks"] if item["kind"] == kind})) for kind in KINDS
    }


def test_a_healthy_network_passes_every_check_in_both_families(lan):
    add_link(lan.h1)
    lan.h1.container("c1", addresses=["192.168.100.129/24", "fd00:100::8001/64"])
    result = verify(lan.h1, **DUAL_STACK)
    assert result["passed"], result["first_failure"]
    assert not result["changed"]
    assert statuses(result) == dict.fromkeys(KINDS, "PASS")
    assert all(item["sent"] == item["received"] == 6 for item in result["checks"])
    assert [item["target"] for item in result["checks"] if item["kind"] == "container_to_host"] == [
        "192.168.100.3",
        "192.168.100.11",
        "fd00:100::3",
    ]
    assert result["summary"]["host_to_container"] == {"passed": 2, "failed": 0, "skipped": 0, "not_run": 0}
    assert result["first_failure"] is None
    again = verify(lan.h1, **DUAL_STACK)
    assert [item["id"] for item in again["checks"]] == [item["id"] for item in result["checks"]]


def test_a_router_is_declared_by_its_link_local_address(lan):
    """As router advertisements announce it: it is in no subnet of the network, and on every link."""
    add_link(lan.h1)
    lan.gateway.ip("address", "add", "fe80::1/64", "dev", "eth0", "nodad")
    lan.h1.container("c1", addresses=["192.168.100.129/24", "fd00:100::8001/64"])
    result = verify(lan.h1, **{**DUAL_STACK, "gateways": ["192.168.100.1", "fe80::1"]})
    assert not result.get("msg"), result["msg"]
    for kind in ("gateway_from_parent", "gateway_from_link"):
        check = found(result, kind, "fe80::1")
        assert check["status"] == "PASS", check


def test_once_sends_one_probe_per_check(lan):
    add_link(lan.h1)
    container = lan.h1.container("c1", addresses=["192.168.100.129/24"])
    result = verify(lan.h1, soak=0)
    assert result["passed"], result["first_failure"]
    assert {item["sent"] for item in result["checks"]} == {1}
    assert echoes(container) == 1


def test_fresh_ipv6_addresses_are_waited_for(lan):
    add_link(lan.h1)
    container = lan.h1.container("c1")
    container.ip("address", "add", "fd00:100::8001/64", "dev", "eth0")
    assert "tentative" in container.ip("address", "show", "dev", "eth0").stdout
    result = verify(lan.h1, **DUAL_STACK)
    assert found(result, "host_to_container")["status"] == "PASS", result["first_failure"]


def test_without_the_declared_link_the_host_is_isolated(lan):
    lan.h1.container("c1", addresses=["192.168.100.129/24"])
    result = verify(lan.h1)
    assert statuses(result) == {
        "gateway_from_parent": "PASS",
        "gateway_from_link": "FAIL",
        "host_to_container": "FAIL",
        "container_to_host": "FAIL",
        "container_to_gateway": "PASS",
    }
    check = found(result, "host_to_container")
    assert "host_isolation" in proof(check, "suspected_cause")
    assert "out of eth0" in proof(check, "route")
    assert proof(check, "link") == "this host has no link lan0"
    assert "mode bridge" in proof(check, "container")
    assert "macvlan_link" in check["remedy"]


def test_a_prefix_that_competes_with_the_parent_is_route_order(lan):
    add_link(lan.h1, address="192.168.100.3/24", route=None)
    lan.h1.container("c1", addresses=["192.168.100.129/24"])
    result = verify(lan.h1, fail=True)
    assert result["failed"]
    check = found(result, "host_to_container")
    assert "out of eth0" in proof(check, "route")
    assert "route_order" in proof(check, "suspected_cause")
    assert found(result, "gateway_from_parent")["status"] == "PASS"
    assert "FAIL lan0 host_to_container" in result["msg"]
    assert "Remedy: give lan0 a host prefix" in result["msg"]


def test_a_gateway_reached_over_the_link_does_not_pass_for_the_parent(lan):
    add_link(lan.h1, address="192.168.100.3/24")
    lan.h1.ip("address", "del", "192.168.100.11/24", "dev", "eth0")
    lan.h1.ip("address", "add", "192.168.100.11/24", "dev", "eth0")
    assert "dev lan0" in lan.h1.ip("route", "get", "192.168.100.1").stdout
    check = found(verify(lan.h1), "gateway_from_parent")
    assert check["status"] == "FAIL"
    assert "out of lan0" in proof(check, "route")


def filter_macs(lan):
    """Port security: the switch drops what the host's port sends from any MAC address but the parent's."""
    rule = f"iifname {lan.h1.port} ether saddr != {lan.h1.mac()} drop"
    lan.switch.run("nft", "add table bridge f; add chain bridge f c { type filter hook forward priority 0; }")
    lan.switch.run("nft", f"add rule bridge f c {rule}")


def test_a_mac_filtering_switch_differs_from_a_dead_gateway(lan):
    add_link(lan.h1)
    filter_macs(lan)
    result = verify(lan.h1, **DUAL_STACK)
    for gateway in DUAL_STACK["gateways"]:
        assert found(result, "gateway_from_parent", gateway)["status"] == "PASS"
        check = found(result, "gateway_from_link", gateway)
        assert check["status"] == "FAIL"
        assert check["received"] == 0
        assert lan.h1.mac("lan0") in proof(check, "filter")
        assert proof(check, "suspected_cause") == "mac_filtering_upstream"

    lan.gateway.ip("link", "set", "eth0", "down")
    dead = verify(lan.h1)
    assert found(dead, "gateway_from_parent")["status"] == "FAIL"
    check = found(dead, "gateway_from_link")
    assert check["status"] == "FAIL"
    assert not proof(check, "suspected_cause")


def test_a_mac_limit_after_ageing_is_a_failure_with_its_time(lan):
    add_link(lan.h1)
    switch, port, mac = lan.switch, lan.h1.port, lan.h1.mac("lan0")
    # A locked port passes the MAC addresses that it knows, and learns no more.
    switch.run("bridge", "fdb", "replace", lan.h1.mac(), "dev", port, "master", "static")
    switch.run("bridge", "fdb", "replace", mac, "dev", port, "master", "static")
    switch.run("bridge", "link", "set", "dev", port, "learning", "off", "locked", "on")
    result = during(
        lan.h1,
        lambda: switch.run("bridge", "fdb", "del", mac, "dev", port, "master"),
        ready=lambda: echoes(lan.gateway) > 5,
        soak=3,
    )
    assert found(result, "gateway_from_parent")["status"] == "PASS"
    check = found(result, "gateway_from_link")
    assert check["status"] == "FAIL"
    assert 0 < check["received"] < check["sent"]
    assert check["first_failure"]["after_seconds"] > 0
    assert proof(check, "suspected_cause") == "mac_limit_after_ageing"


def test_what_works_and_then_breaks_is_a_failure_with_its_time(lan):
    add_link(lan.h1)
    container = lan.h1.container("c1", addresses=["192.168.100.129/24"])
    before = echoes(container)
    result = during(
        lan.h1,
        lambda: container.ip("address", "del", "192.168.100.129/24", "dev", "eth0"),
        ready=lambda: echoes(container) > before + 10,
        soak=3,
        interval=0.1,
    )
    check = found(result, "host_to_container")
    assert check["status"] == "FAIL"
    assert 0 < check["received"] < check["sent"]
    assert 0 < check["first_failure"]["after_seconds"] < 4
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", check["first_failure"]["at"])
    assert "had 192.168.100.129 at the start and has lost it" in proof(check, "container")
    assert result["first_failure"].startswith("FAIL lan0 ")
    assert "lost first after" in result["first_failure"]
    assert found(result, "gateway_from_link")["status"] == "PASS"


def test_a_link_that_vanishes_meanwhile_is_a_verdict(lan):
    add_link(lan.h1)
    container = lan.h1.container("c1", addresses=["192.168.100.129/24"])
    before = echoes(container)
    result = during(
        lan.h1,
        lambda: lan.h1.ip("link", "del", "lan0"),
        ready=lambda: echoes(container) > before + 10,
        soak=3,
        interval=0.1,
    )
    assert statuses(result) == {
        "gateway_from_parent": "PASS",
        "gateway_from_link": "FAIL",
        "host_to_container": "FAIL",
        "container_to_host": "FAIL",
        "container_to_gateway": "PASS",
    }
    check = found(result, "host_to_container")
    assert "host_isolation" in proof(check, "suspected_cause")


def test_a_gateway_that_drops_pings_is_reachable_by_arp_and_nd(lan):
    add_link(lan.h1)
    lan.gateway.sysctl("net/ipv4/icmp_echo_ignore_all", 1)
    lan.gateway.sysctl("net/ipv6/icmp/echo_ignore_all", 1)
    result = verify(lan.h1, **DUAL_STACK)
    for gateway, protocol in zip(DUAL_STACK["gateways"], ("ARP", "neighbour discovery"), strict=True):
        check = found(result, "gateway_from_parent", gateway)
        assert check["status"] == "PASS"
        assert f"answers no pings (0 of 6) but {protocol} (6 of 6)" in proof(check, "method")
        assert found(result, "gateway_from_link", gateway)["status"] == "PASS"


def test_a_gateway_that_drops_pings_is_reachable_for_containers_whose_arp_it_answers(lan):
    add_link(lan.h1)
    container = lan.h1.container("c1", addresses=["192.168.100.129/24", "fd00:100::8001/64"])
    lan.gateway.sysctl("net/ipv4/icmp_echo_ignore_all", 1)
    lan.gateway.sysctl("net/ipv6/icmp/echo_ignore_all", 1)
    result = verify(lan.h1, **DUAL_STACK)
    for gateway, protocol in zip(DUAL_STACK["gateways"], ("ARP", "neighbour discovery"), strict=True):
        check = found(result, "container_to_gateway", gateway)
        assert check["status"] == "PASS"
        assert f"drops the pings of all (0 of 6), and answers {protocol}" in proof(check, "method")
    container.run(
        "nft", "add table netdev f; add chain netdev f c { type filter hook ingress device eth0 priority 0; }"
    )
    container.run("nft", "add rule netdev f c arp operation reply drop")
    container.ip("neighbour", "flush", "all")
    check = found(verify(lan.h1, soak=1), "container_to_gateway")
    assert check["status"] == "FAIL"
    assert "no ARP answer for 192.168.100.1" in proof(check, "neighbour")


def test_only_the_container_that_the_gateway_does_not_answer_fails(lan):
    """The gateway has another MAC address for it."""
    add_link(lan.h1)
    for number in (1, 2):
        lan.h1.container(f"c{number}", addresses=[f"192.168.100.{128 + number}/24"])
    entry = ["lladdr", "02:00:5e:10:00:04", "dev", "eth0", "nud", "permanent"]
    lan.gateway.ip("neighbour", "replace", "192.168.100.129", *entry)
    result = verify(lan.h1)
    checks = {item["from"].rsplit("-", 1)[-1]: item for item in result["checks"] if item["kind"] == KINDS[-1]}
    assert {name: item["status"] for name, item in checks.items()} == {"c1": "FAIL", "c2": "PASS"}
    assert "neighbour table" in checks["c1"]["remedy"]


def test_a_gateway_that_ignores_arp_probes_is_no_proof_of_a_filter(lan):
    add_link(lan.h1)
    lan.gateway.run("nft", "add table arp f; add chain arp f c { type filter hook input priority 0; }")
    lan.gateway.run("nft", "add rule arp f c arp saddr ip 0.0.0.0 drop")
    result = verify(lan.h1)
    assert found(result, "gateway_from_parent")["status"] == "PASS"
    check = found(result, "gateway_from_link")
    assert check["status"] == "SKIPPED"
    assert "nor the parent's" in proof(check, "reason")


def test_a_parent_without_address_asks_by_arp_alone(lan):
    lan.h1.ip("address", "flush", "dev", "eth0")
    check = found(verify(lan.h1), "gateway_from_parent")
    assert check["status"] == "PASS"
    assert "asked by ARP alone" in proof(check, "method")


def test_a_gateway_in_a_container_of_the_host_is_named(lan):
    lan.gateway.ip("link", "set", "eth0", "down")
    add_link(lan.h1)
    lan.h1.container("router", addresses=["192.168.100.1/24"])
    result = verify(lan.h1)
    check = found(result, "gateway_from_parent")
    assert check["status"] == "FAIL"
    assert "router" in proof(check, "container")
    assert proof(check, "suspected_cause") == "host_isolation"
    assert found(result, "gateway_from_link")["status"] == "PASS"


def test_a_host_that_is_the_gateway_has_nothing_to_ask(lan):
    add_link(lan.h1)
    result = verify(lan.h1, gateways=["192.168.100.11"])
    assert statuses(result)["gateway_from_parent"] == statuses(result)["gateway_from_link"] == "SKIPPED"


def test_a_container_in_private_mode_is_named(lan):
    add_link(lan.h1)
    lan.h1.container("c1", addresses=["192.168.100.129/24"], mode="private")
    result = verify(lan.h1)
    for kind in ("host_to_container", "container_to_host"):
        assert statuses(result)[kind] == "FAIL"
    check = found(result, "host_to_container")
    assert "wrong_mode: eth0 is in mode private, lan0 in bridge" in proof(check, "suspected_cause")
    assert "bridge" in check["remedy"]


def test_a_container_that_drops_pings_differs_from_a_missing_one(lan):
    add_link(lan.h1)
    lan.h1.container("c1", addresses=["192.168.100.129/24"]).sysctl("net/ipv4/icmp_echo_ignore_all", 1)
    result = verify(lan.h1, containers=["192.168.100.130"])
    silent = found(result, "host_to_container", "192.168.100.129")
    assert silent["status"] == "PASS"
    assert "it drops pings (0 of 6): it answers ARP, and its own pings to the host are answered" in proof(
        silent, "method"
    )
    absent = found(result, "host_to_container", "192.168.100.130")
    assert absent["status"] == "FAIL"
    assert proof(absent, "container") == "no container on this host's eth0 has 192.168.100.130"
    assert "start the container" in absent["remedy"]


@pytest.mark.parametrize(
    ("checks", "status", "method"),
    [
        (["arp"], "PASS", "asked by ARP, as declared"),
        (["tcp:8080"], "PASS", "asked by connections to TCP port 8080, as declared"),
        (["192.168.100.129 tcp:8081"], "FAIL", "asked by connections to TCP port 8081, as declared"),
        (["icmp"], "FAIL", ""),
    ],
)
def test_a_container_is_asked_as_declared(lan, checks, status, method):
    add_link(lan.h1)
    inner = lan.h1.container("c1", addresses=["192.168.100.129/24"])
    inner.sysctl("net/ipv4/icmp_echo_ignore_all", 1)
    server = inner.start(
        sys.executable, "-m", "http.server", "8080", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    wait_for(lambda: "8080" in inner.run("ss", "-ltn").stdout)
    check = found(verify(lan.h1, checks=checks), "host_to_container")
    assert server.poll() is None
    assert (check["status"], method in proof(check, "method")) == (status, True)


def wait_for(condition):
    for _attempt in range(100):
        if condition():
            return
        time.sleep(0.1)
    raise AssertionError("it never came")


def test_a_wrong_neighbour_entry_is_named(lan):
    add_link(lan.h1)
    lan.h1.container("c1", addresses=["192.168.100.129/24"])
    lan.h1.ip("neigh", "replace", "192.168.100.129", "lladdr", "02:00:00:00:00:99", "dev", "lan0", "nud", "permanent")
    check = found(verify(lan.h1), "host_to_container")
    assert "02:00:00:00:00:99 (PERMANENT)" in proof(check, "neighbour")
    assert "stale_neighbour or duplicate_ip" in proof(check, "suspected_cause")


def test_a_container_on_another_host_is_checked_over_the_link(lan):
    add_link(lan.h1)
    lan.host("h2", addresses=["192.168.100.12/24"]).container("c2", addresses=["192.168.100.140/24"])
    result = verify(lan.h1, containers=["192.168.100.140"])
    assert found(result, "host_to_container")["status"] == "PASS", result["first_failure"]
    assert statuses(result)["container_to_host"] == "SKIPPED"


def test_an_address_of_the_host_itself_does_not_pass_for_a_container(lan):
    add_link(lan.h1)
    lan.h1.ip("address", "add", "192.168.100.129/32", "dev", "lo")
    check = found(verify(lan.h1, containers=["192.168.100.129"]), "host_to_container")
    assert check["status"] == "FAIL"
    assert check["sent"] == 0
    assert proof(check, "suspected_cause") == "address_belongs_to_host"


def test_a_container_outside_the_range_fails_with_the_cause(lan):
    add_link(lan.h1)
    lan.h1.container("c1", addresses=["192.168.100.50/24"])
    check = found(verify(lan.h1), "host_to_container")
    assert (check["target"], check["status"]) == ("192.168.100.50", "FAIL")
    assert proof(check, "suspected_cause").startswith("container_outside_range: ")
    lan.h1.ip("route", "add", "192.168.100.50/32", "dev", "lan0")
    assert found(verify(lan.h1), "host_to_container")["status"] == "PASS", "the operator routes it"


def test_without_containers_there_is_nothing_to_fail(lan):
    add_link(lan.h1)
    result = verify(lan.h1)
    assert result["passed"], result["first_failure"]
    assert statuses(result)["host_to_container"] == statuses(result)["container_to_host"] == "SKIPPED"


def test_a_found_container_that_ends_meanwhile_is_no_failure(lan):
    add_link(lan.h1)
    container = lan.h1.container("c1", addresses=["192.168.100.129/24"], mac="02:00:00:00:00:31")
    lan.h1.container("c2", addresses=["192.168.100.130/24"])
    before = echoes(container)

    def restart():
        """With the same MAC address, which the kernel refuses as long as the old link exists."""
        lan.h1.run("ip", "netns", "delete", container.netns)
        successor = lan.h1.container("c1new")
        deadline = time.monotonic() + 4
        change = ("link", "set", "eth0", "address", "02:00:00:00:00:31")
        while successor.ip(*change, check=False).returncode and time.monotonic() < deadline:
            time.sleep(0.05)
        restart.mac = successor.mac()

    result = during(lan.h1, restart, ready=lambda: echoes(container) > before + 5, soak=6)
    assert restart.mac == "02:00:00:00:00:31", "an open socket kept the old container's link alive"
    assert result["passed"], result["first_failure"]
    assert found(result, "host_to_container", "192.168.100.129")["status"] == "SKIPPED"
    assert found(result, "host_to_container", "192.168.100.130")["status"] == "PASS"
    ended = [item for item in result["checks"] if item["from"] == container.netns]
    assert {item["status"] for item in ended} == {"SKIPPED"}


def test_fifty_containers_are_checked_in_the_same_rounds(lan):
    add_link(lan.h1, route="192.168.100.128/25")
    for number in range(50):
        lan.h1.container(f"c{number}", addresses=[f"192.168.100.{130 + number}/24"])
    result = verify(lan.h1, soak=1, interval=0.5, timeout=1, container_ranges=["192.168.100.128/25"])
    assert result["passed"], result["first_failure"]
    assert result["summary"]["host_to_container"]["passed"] == 50
    assert result["summary"]["container_to_host"]["passed"] == 100
    left_out = [item for item in result["checks"] if item["from"] == "42 more containers"]
    assert [(item["kind"], item["status"]) for item in left_out] == [("container_to_gateway", "SKIPPED")]
    assert result["summary"]["container_to_gateway"]["passed"] == 8
    assert {item["sent"] for item in result["checks"] if item not in left_out} == {3}


def test_check_mode_sends_nothing_and_returns_the_catalogue(lan):
    add_link(lan.h1)
    container = lan.h1.container("c1", addresses=["192.168.100.129/24"])
    predicted = verify(lan.h1, check=True)
    assert echoes(container) == echoes(lan.gateway) == echoes(lan.h1) == 0
    assert not lan.h1.json("neigh", "show"), "somebody was asked"
    assert {item["status"] for item in predicted["checks"]} == {"NOT RUN"}
    assert not predicted["changed"]
    real = verify(lan.h1)
    assert [item["id"] for item in predicted["checks"]] == [item["id"] for item in real["checks"]]
    assert predicted["summary"]["host_to_container"] == {"passed": 0, "failed": 0, "skipped": 0, "not_run": 1}


def test_check_mode_takes_a_network_that_is_not_deployed_yet(lan):
    predicted = verify(lan.h1, check=True, fail=True, parent="eth9")
    assert not predicted.get("failed")
    assert {item["status"] for item in predicted["checks"]} == {"NOT RUN"}


def test_a_missing_parent_is_a_verdict(lan):
    result = verify(lan.h1, parent={"mac": "02:00:00:00:00:01"})
    assert statuses(result) == dict.fromkeys(KINDS, "FAIL")
    assert "no interface of this host matches" in proof(found(result, "gateway_from_parent"), "parent")


def test_a_parent_that_is_down_is_a_verdict(lan):
    add_link(lan.h1)
    lan.h1.container("c1", addresses=["192.168.100.129/24"])
    lan.h1.ip("link", "set", "eth0", "down")
    result = verify(lan.h1)
    check = found(result, "gateway_from_parent")
    assert check["status"] == "FAIL"
    assert proof(check, "parent") == "eth0 is down"
    assert found(result, "gateway_from_link")["status"] == "FAIL"


def test_a_link_on_another_parent_is_a_verdict(lan):
    lan.plug(lan.h1, "eth1")
    add_link(lan.h1)
    result = verify(lan.h1, parent="eth1")
    assert proof(found(result, "gateway_from_link"), "link") == "the parent of lan0 is eth0, not eth1"


def test_without_a_link_a_temporary_child_asks_the_gateway(lan):
    container = lan.h1.container("c1", addresses=["192.168.100.129/24"])
    result = verify(lan.h1, **DUAL_STACK | {"host_addresses": []}, link=None)
    assert statuses(result) == {
        "gateway_from_parent": "PASS",
        "gateway_from_link": "PASS",
        "host_to_container": "SKIPPED",
        "container_to_host": "SKIPPED",
        "container_to_gateway": "PASS",
    }
    assert echoes(container) == 0
    filter_macs(lan)
    filtered = verify(lan.h1, **DUAL_STACK | {"host_addresses": []}, link=None)
    for gateway in DUAL_STACK["gateways"]:
        check = found(filtered, "gateway_from_link", gateway)
        assert check["from"] == "temporary child of eth0"
        assert proof(check, "suspected_cause") == "mac_filtering_upstream"
    assert statuses(filtered)["container_to_gateway"] == "FAIL"
    assert {link["ifname"] for link in lan.h1.json("link", "show")} == {"lo", "eth0"}

    off = verify(lan.h1, host_addresses=[], link=None, temporary_child=False)
    assert statuses(off)["gateway_from_link"] == "SKIPPED"


def test_bad_input_is_reported_all_at_once(lan):
    result = lan.h1.module(
        "macvlan_verify",
        {
            "networks": [
                {**NETWORK, "gateways": ["192.168.100.300"], "subnets": ["192.168.100.1/24"]},
                {
                    "name": "lan0",
                    "parent": {"mac": "nonsense"},
                    "subnets": ["10.0.0.0/24"],
                    "link": "much-too-long-name",
                },
                {**NETWORK, "name": "lan2", "containers": ["10.9.9.9"], "parent": None},
            ],
            "soak_seconds": -1,
            "interval": 0,
            "timeout": float("inf"),
        },
    )
    assert result["failed"]
    assert sorted(problem["key"] for problem in result["problems"]) == [
        "interval",
        "networks[0].gateways[0]",
        "networks[0].subnets[0]",
        "networks[1].link",
        "networks[1].name",
        "networks[1].parent.mac",
        "networks[2].containers",
        "networks[2].parent",
        "soak_seconds",
        "timeout",
    ]


@pytest.mark.parametrize("strict", [0, 1])
def test_a_link_without_an_address_of_its_own_reaches_the_containers_from_the_parent_s(lan, strict):
    """Also with strict reverse path filtering; the LAN goes on to see the address at the parent's MAC address."""
    declared = {"name": "lan0", "parent": "eth0", "subnet": "192.168.100.0/24", "host_address": "parent"}
    data = intent({"inventory_hostname": "h1"}, [{**declared, "container_range": "192.168.100.128/28"}])
    lan.h1.container("c1", addresses=["192.168.100.129/24"])
    for name in ("all", "eth0"):
        lan.h1.sysctl(f"net/ipv4/conf/{name}/rp_filter", strict)
    result = lan.h1.module("macvlan_link", {"links": data["links"], "host_id": "h1"})
    assert result["changed"], result
    assert lan.h1.addresses("lan0") == []
    assert not lan.h1.module("macvlan_link", {"links": data["links"], "host_id": "h1"})["changed"]
    result = lan.h1.module("macvlan_verify", {"networks": data["networks"], "soak_seconds": 0.5, "interval": 0.1})
    assert not result.get("failed"), result["msg"]
    check = found(result, "host_to_container")
    says = "lan0 has no address of its own: asked from 192.168.100.11, the address of eth0"
    assert (check["status"], proof(check, "source")) == ("PASS", says)
    assert statuses(result)["container_to_host"] == "PASS"
    assert lan.gateway.pings("192.168.100.11")
    (entry,) = lan.gateway.json("neigh", "show", "192.168.100.11")
    assert entry["lladdr"] == lan.h1.mac("eth0")
