# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What arp_conflict_check refuses (all problems at once), and which findings make it fail."""

from __future__ import annotations

import platform

import pytest

LAN, OWN = "192.168.100.2", "192.168.100.11"


@pytest.fixture
def host(segment):
    return segment.host("h1", addresses=[f"{OWN}/24"])


def refused(host, **arguments):
    result = host.module("arp_conflict_check", {**arguments, "host_id": "web1"})
    assert result.get("failed"), "this should have been refused"
    assert all(problem["remedy"] and problem["host"] == "web1" for problem in result["problems"])
    assert "web1: " in result["msg"]
    return {problem["key"]: problem["problem"] for problem in result["problems"]}


def test_all_malformed_input_is_reported_at_once(host):
    found = refused(
        host,
        probes=[
            {
                "parent": "eth0",
                "addresses": ["192.168.100.300", "0.0.0.0/0", "192.168.100.9-192.168.100.1", "127.0.0.1"],
            },
            {"parent": {"colour": "red"}, "addresses": []},
            {"parent": "a-name-that-is-too-long", "addresses": ["192.168.100.7/24"]},
            {"parent": "eth0", "addresses": ["10.0.0.0/8"]},
        ],
        known_macs=["52:54:00:12:34", "01:00:5e:00:00:01"],
        rate=0,
        max_addresses=0,
        vantages=[],
    )
    assert set(found) == {
        "probes[0].addresses[0]", "probes[0].addresses[1]", "probes[0].addresses[2]", "probes[0].addresses[3]",
        "probes[1].parent", "probes[1].addresses", "probes[2].parent", "probes[2].addresses[0]", "probes[3].addresses",
        "known_macs[0]", "known_macs[1]", "rate", "max_addresses", "vantages",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("parent", "addresses", "key", "problem"),
    [
        ("eth7", [LAN], "probes[0].parent", "no such interface"),
        ("lo", [LAN], "probes[0].parent", "loopback"),
        ("tun0", [LAN], "probes[0].parent", "not an Ethernet interface"),
        ({"mac": "52:54:00:99:99:99"}, [LAN], "probes[0].parent", "no interface of this host matches"),
        ({"default_route": True}, [LAN], "probes[0].parent", "no interface of this host matches"),
        ("eth0", [LAN, "192.168.100.0/24"], "probes[0].addresses[0]", "overlaps with probes[0].addresses[1]"),
        ("eth0", ["192.168.0.0/19"], "probes[0].addresses", "8192 addresses, which takes 49152 packets and 50 seconds"),
        ("eth0", ["fd00:100::/64"], "probes[0].addresses", "18446744073709551616 addresses"),
    ],
)  # fmt: skip
def test_input_that_cannot_be_right(host, parent, addresses, key, problem):
    host.ip("tuntap", "add", "tun0", "mode", "tun")
    found = refused(host, probes=[{"parent": parent, "addresses": addresses}])
    assert list(found) == [key]
    assert problem in found[key]


def test_one_address_in_two_probes_of_one_parent(host):
    probes = [{"parent": name, "addresses": [LAN]} for name in ("eth0", {"subnet": "192.168.100.0/24"})]
    assert "overlaps" in refused(host, probes=probes)["probes[1].addresses[0]"]


@pytest.mark.parametrize(
    ("options", "key", "problem"),
    [
        ({"mode": "listen"}, "listen_seconds", "needs time to hear anything"),
        ({"listen_seconds": 3601}, "listen_seconds", "out of range"),
        ({"listen_seconds": -1}, "listen_seconds", "out of range"),
        ({"mode": "listen", "listen_seconds": 5, "vantages": ["child"]}, "vantages", "mode listen makes no child"),
        ({"vantages": ["lan7"]}, "vantages[0]", "no link lan7"),
        ({"vantages": ["parent", {"namespace": "nowhere", "link": "eth0"}]}, "vantages[1]", "namespace nowhere"),
        ({"vantages": ["parent", "parent"]}, "vantages[1]", "listed twice"),
        ({"vantages": [["parent"]]}, "vantages[0]", "no vantage"),
    ],
)
def test_options_that_do_not_fit(host, options, key, problem):
    found = refused(host, probes=[{"parent": "eth0", "addresses": [LAN]}], **options)
    assert list(found) == [key]
    assert problem in found[key]


def test_listening_too_has_a_limit(host):
    probes = [{"parent": "eth0", "addresses": ["192.168.0.0/19"]}]
    found = refused(host, probes=probes, mode="listen", listen_seconds=30)
    assert "8192 addresses, which takes 0 packets and 30 seconds" in found["probes[0].addresses"]


def test_an_empty_list_of_probes(host):
    assert refused(host, probes=[]) == {"probes": "there is nothing to probe"}


def test_a_higher_limit_is_an_explicit_choice(host):
    probes = [{"parent": "eth0", "addresses": ["192.168.100.64/29"]}]
    assert "the limit is 7 addresses" in refused(host, probes=probes, max_addresses=7)["probes[0].addresses"]
    result = host.module("arp_conflict_check", {"probes": probes, "max_addresses": 8})
    assert result["summary"]["probed"] == 8


@pytest.mark.parametrize("capability", ["net_raw", "net_admin", "sys_admin"])
def test_a_missing_right_is_named(host, capability):
    wrapper = ["setpriv", f"--bounding-set=-{capability}", f"--inh-caps=-{capability}"]
    result = host.module("arp_conflict_check", {"probes": [{"parent": "eth0", "addresses": [LAN]}]}, wrapper=wrapper)
    assert [problem["key"] for problem in result["problems"]] == [f"CAP_{capability.upper()}"]
    assert [problem["host"] for problem in result["problems"]] == [platform.node()]


def test_fail_on_names_address_holder_place_and_time(segment, host):
    neighbour = segment.host("h2", addresses=[f"{LAN}/24"])
    arguments = {
        "probes": [{"parent": "eth0", "addresses": ["192.168.100.0/28", "192.168.100.99"]}],
        "fail_on": ["in_use", "duplicate"],
    }
    result = host.module("arp_conflict_check", arguments)
    assert result["failed"]
    found = {item["address"]: item for item in result["results"]}
    (first,) = (item for item in found[LAN]["holders"] if item["vantage"] == "parent")
    assert (
        f"{LAN} on eth0: in_use, {neighbour.mac()} seen by reply from parent at {first['first_seen']}" in result["msg"]
    )
    assert OWN not in result["msg"]
    assert result["summary"]["in_use"] == 1
    arguments["fail_on"] = ["duplicate", "unknown", "virtual_router"]
    assert not host.module("arp_conflict_check", arguments).get("failed")


def test_a_failure_names_ten_addresses_and_counts_the_others(host):
    result = host.module(
        "arp_conflict_check",
        {"probes": [{"parent": "eth0", "addresses": ["192.168.100.64/28"]}], "fail_on": ["free_as_seen"]},
    )
    assert "192.168.100.73" in result["msg"]
    assert "192.168.100.74" not in result["msg"]
    assert "and 6 more" in result["msg"]
