# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""arp_conflict_check with real holders of addresses, from each vantage that does or does not receive their frames."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire import frames as packets
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.frames import Arp
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.signature import ProbeSigner
from labkit.segment import Namespace

from .asking import (
    CHILD,
    LAN,
    LAN6,
    NOBODY,
    NOBODY6,
    PARENT,
    PARENT6,
    STRANGER,
    Ear,
    arp,
    ask,
    by_address,
    check,
    say,
    seen,
    solicitation,
    vantages,
)

RUN_MODULE = Path(__file__).resolve().parents[1] / "run_module.py"


@pytest.fixture
def host(segment):
    return segment.host("h1", addresses=[f"{PARENT}/24", f"{PARENT6}/64"])


@pytest.fixture
def neighbour(segment):
    return segment.host("h2", addresses=[f"{LAN}/24", f"{LAN6}/64"])


def links(host):
    """Where a leftover would show."""
    keys = ("ifname", "flags", "address", "promiscuity", "allmulti", "linkinfo")
    return [{key: link.get(key) for key in keys} for link in host.json("link", "show")]


def state(host):
    """Everything of a host that a check must leave as it was."""
    return links(host), [host.addresses(link["ifname"]) for link in links(host)]


def wait_until(condition, what):
    for dummy in range(200):
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError(f"never came true: {what}")


@pytest.mark.parametrize("mode", ["bridge", "vepa", "private"])
def test_an_own_child_is_found_in_every_mode(host, mode):
    container = host.container("c1", [f"{CHILD}/24"], mode=mode)
    item = ask(host, CHILD)
    assert item["status"] == "own"
    # A child in another mode does not receive its siblings' frames: the kernel's tables show them.
    expected = {(container.mac(), "inventory", "configured")}
    if mode == "bridge":
        expected.add((container.mac(), "child", "reply"))
    assert seen(item) == expected


def test_another_host_sees_all_of_them_and_a_shim_twice(host, neighbour):
    container = host.container("c1", [f"{CHILD}/24"])
    host.ip("link", "add", "link", "eth0", "name", "lan0", "type", "macvlan", "mode", "bridge")
    host.ip("link", "set", "lan0", "up")
    found = by_address(check(neighbour, PARENT, CHILD, LAN))
    assert [found[address]["status"] for address in (PARENT, CHILD, LAN)] == ["duplicate", "in_use", "own"]
    both = {host.mac(), host.mac("lan0")}
    assert {holder["mac"] for holder in found[PARENT]["holders"]} == both
    # If both are known to belong to one host of the fleet, there is no alarm.
    found = by_address(check(neighbour, PARENT, CHILD, known_macs=[mac.upper() for mac in both]))
    assert [found[address]["status"] for address in (PARENT, CHILD)] == ["own", "in_use"]
    assert {(holder["owner"], holder["own"], holder["where"]) for holder in found[PARENT]["holders"]} == {
        ("fleet", False, None)
    }
    assert ask(neighbour, CHILD, known_macs=[container.mac()])["status"] == "own"


@pytest.mark.parametrize("mac", ["00:00:5e:00:01:33", "00:00:0c:07:ac:05"], ids=["vrrp", "hsrp"])
def test_a_virtual_router(segment, host, neighbour, mac):
    segment.host("router", addresses=["192.168.100.1/24"], mac=mac)
    item = ask(host, "192.168.100.1")
    assert (item["status"], item["conflict"]) == ("virtual_router", "")
    assert {holder["owner"] for holder in item["holders"]} == {"virtual_router"}
    neighbour.ip("address", "add", "192.168.100.1/24", "dev", "eth0")
    assert ask(host, "192.168.100.1")["status"] == "duplicate"


@pytest.mark.parametrize(("address", "prefix"), [(NOBODY, 24), (NOBODY6, 64)], ids=["ipv4", "ipv6"])
def test_a_duplicate_on_the_lan(segment, host, address, prefix):
    twins = [segment.host(name, addresses=[f"{address}/{prefix}"]) for name in ("h2", "h3")]
    item = ask(host, address)
    assert (item["status"], item["conflict"]) == ("duplicate", "hard")
    assert {holder["mac"] for holder in item["holders"]} == {twin.mac() for twin in twins}
    assert vantages(item) == {"parent", "child"}


@pytest.mark.parametrize(("address", "prefix"), [(PARENT, 24), (PARENT6, 64)], ids=["ipv4", "ipv6"])
def test_an_own_address_that_somebody_else_has_too(segment, host, address, prefix):
    thief = segment.host("h2", addresses=[f"{address}/{prefix}"])
    item = ask(host, address)
    assert item["status"] == "duplicate"
    assert {(holder["mac"], holder["own"]) for holder in item["holders"]} == {(host.mac(), True), (thief.mac(), False)}
    assert ask(host, address, known_macs=[thief.mac()])["status"] == "duplicate", "two hosts of the fleet have it"


def test_a_container_that_has_the_hosts_address(host):
    container = host.container("c1", [f"{PARENT}/24"])
    item = ask(host, PARENT)
    assert item["status"] == "duplicate"
    places = {(holder["where"]["namespace"], holder["mac"]) for holder in item["holders"]}
    assert places == {("", host.mac()), (container.netns, container.mac())}


OVERHEARD = {
    "announcement": (NOBODY, arp(1, STRANGER, NOBODY, NOBODY), "announcement", "hard"),
    "gratuitous reply": (NOBODY, arp(2, STRANGER, NOBODY, NOBODY), "announcement", "hard"),
    "request for another": (NOBODY, arp(1, STRANGER, NOBODY, LAN), "request", "hard"),
    "probe": (NOBODY, arp(1, STRANGER, "0.0.0.0", NOBODY), "probe", "soft"),
    "solicitation for another": (NOBODY6, solicitation(STRANGER, NOBODY6, PARENT6), "request", "hard"),
    "duplicate address detection": (NOBODY6, solicitation(STRANGER, "::", NOBODY6), "probe", "soft"),
}


@pytest.mark.parametrize("case", OVERHEARD)
def test_who_does_not_answer_is_found_by_what_he_says(host, neighbour, case):
    address, frame, kind, conflict = OVERHEARD[case]
    say(neighbour, frame)
    item = ask(host, address)
    assert (item["status"], item["conflict"]) == ("in_use", conflict)
    assert (STRANGER, "parent", kind) in seen(item)
    assert all(holder["mac"] == STRANGER and holder["count"] > 3 for holder in item["holders"])


def test_other_vlans_on_the_same_cable_are_other_segments(host, neighbour):
    untagged = arp(1, STRANGER, NOBODY, NOBODY)

    def tagged(vlan):
        return untagged[:12] + b"\x81\x00" + vlan.to_bytes(2, "big") + untagged[12:]

    say(neighbour, tagged(5))
    assert ask(host, NOBODY)["status"] == "free_as_seen"
    say(neighbour, tagged(0))
    assert ask(host, NOBODY)["status"] == "in_use", "a tag with VLAN 0 gives a priority alone"


def test_hosts_that_check_at_the_same_time_are_no_conflict(host, neighbour):
    with ThreadPoolExecutor() as pool:
        asking = {"mode": "rfc5227", "run_key": "of this run"}
        found = list(pool.map(lambda one: check(one, NOBODY, NOBODY6, **asking), (host, neighbour)))
    for result in found:
        assert [item["status"] for item in result["results"]] == ["free_as_seen", "free_as_seen"]
        assert all(item["other_checks"] > 0 for item in result["vantages"])


def test_whoever_imitates_the_probes_wants_the_address(host, neighbour):
    """The text that was the mark of a probe, in the frames of a machine that is no host of this run."""
    say(neighbour, arp(1, STRANGER, "0.0.0.0", NOBODY)[:42] + b"linuxnet.macvlan\0\0")
    found = ask(host, NOBODY, run_key="of this run")
    assert (found["status"], found["conflict"]) == ("in_use", "soft")


def test_a_range_returns_what_is_held_and_counts_the_rest(segment, host, neighbour):
    host.container("c1", [f"{CHILD}/24"])
    segment.host("h3", addresses=["192.168.100.200/24"])
    segment.host("h4", addresses=["192.168.100.200/24"])
    result = check(host, "192.168.100.0/24", NOBODY6)
    assert {address: item["status"] for address, item in by_address(result).items()} == {
        LAN: "in_use", PARENT: "own", CHILD: "own", "192.168.100.200": "duplicate", NOBODY6: "free_as_seen",
    }  # fmt: skip
    counts = {"duplicate": 1, "in_use": 1, "virtual_router": 0, "own": 2, "unknown": 0}
    assert result["ranges"] == [
        {"parent": "eth0", "range": "192.168.100.0/24", "probed": 256, **counts, "free_as_seen": 252}
    ]
    assert result["summary"] == {"probed": 257, **counts, "free_as_seen": 253}
    # Because another machine answered: two more requests, which a router with proxy ARP would answer too.
    assert [item["packets"] for item in result["vantages"]] == [(257 + 2) * 3, 257 * 3]
    assert [item["lost"] for item in result["vantages"]] == [0, 0]


def test_a_large_range_of_ipv6(host, neighbour):
    result = check(host, "fd00:100::/119")
    assert {address: item["status"] for address, item in by_address(result).items()} == {LAN6: "in_use", PARENT6: "own"}
    assert result["summary"]["probed"] == 512


def test_several_parents_in_one_call(segment, host, neighbour):
    segment.plug(host, "eth1")
    probes = [
        {"parent": "eth0", "addresses": [LAN, NOBODY]},
        {"parent": {"mac": host.mac("eth1")}, "addresses": [LAN, "192.168.100.0-192.168.100.1"]},
        {"parent": {"subnet": "192.168.100.0/24"}, "addresses": [LAN6]},
    ]
    result = host.module("arp_conflict_check", {"probes": probes})
    assert [(item["parent"], item["address"], item["status"]) for item in result["results"]] == [
        ("eth0", LAN, "in_use"),
        ("eth0", NOBODY, "free_as_seen"),
        ("eth0", LAN6, "in_use"),
        ("eth1", LAN, "in_use"),
    ]
    assert [(item["parent"], item["vantage"]) for item in result["vantages"]] == [
        ("eth0", "parent"), ("eth0", "child"), ("eth1", "parent"), ("eth1", "child"),
    ]  # fmt: skip


def test_rfc_5227_mode_and_the_clock(host, neighbour):
    result = check(host, LAN, NOBODY, mode="rfc5227", check_mode=True)
    assert [item["status"] for item in result["results"]] == ["in_use", "free_as_seen"]
    assert result["seconds"] >= 4, "two intervals of at least one second, and two more to listen"
    for holder in result["results"][0]["holders"]:
        assert holder["count"] == 3
        assert result["started"] < holder["first_seen"]
        assert 0 < holder["first_seen_seconds"] < result["seconds"]
    for item in result["vantages"]:
        assert result["started"] <= item["from"] < item["until"]


# Without a way to ask, the result is unknown, not free.


def silence(segment, host, how):
    if how == "is down":
        host.ip("link", "set", "eth0", "down")
    elif how == "has no carrier":
        segment.switch.ip("link", "set", host.port, "down")
    else:
        host.ip("link", "set", "eth0", "arp", "off")


@pytest.mark.parametrize("how", ["is down", "has no carrier", "has ARP turned off (NOARP)"])
def test_a_parent_that_cannot_ask(segment, host, neighbour, how):
    silence(segment, host, how)
    result = check(host, LAN, PARENT, "192.168.100.64/30")
    found = by_address(result)
    assert (found[LAN]["status"], found[LAN]["reason"]) == ("unknown", f"eth0 {how}")
    assert found[PARENT]["status"] == "own"
    assert result["ranges"][0]["unknown"] == 4
    assert {(item["asked"], item["reason"]) for item in result["vantages"]} == {(False, f"eth0 {how}")}
    failed = host.module(
        "arp_conflict_check", {"probes": [{"parent": "eth0", "addresses": [LAN]}], "fail_on": ["unknown"]}
    )
    assert failed["msg"].endswith(f"{LAN} on eth0: unknown, eth0 {how}")


def start(host, *addresses):
    """A running check in RFC 5227 mode: its child is up."""
    before = promiscuity(host)
    process = host.start(
        sys.executable, str(RUN_MODULE), "arp_conflict_check", stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    process.stdin.write(json.dumps({"probes": [{"parent": "eth0", "addresses": list(addresses)}], "mode": "rfc5227"}))
    process.stdin.close()
    wait_until(lambda: promiscuity(host) > before, "the parent has a temporary child")
    return process


def promiscuity(host):
    """veth has no filter for further MAC addresses, so each child that is up makes it promiscuous."""
    return host.link("eth0")["promiscuity"]


def test_a_carrier_that_is_lost_meanwhile(segment, host, neighbour):
    process = start(host, LAN, NOBODY)
    segment.switch.ip("link", "set", host.port, "down")
    result = json.loads(process.stdout.read())
    assert by_address(result)[NOBODY]["status"] == "unknown"
    assert "eth0 has no carrier" in by_address(result)[NOBODY]["reason"]


def test_a_container_that_comes_up_meanwhile_is_no_conflict(host):
    process = start(host, CHILD)
    container = host.container("c1", [f"{CHILD}/24"])
    item = by_address(json.loads(process.stdout.read()))[CHILD]
    assert item["status"] == "own"
    assert (container.mac(), "child", "reply") in seen(item)


@pytest.mark.parametrize("passthru_in_container", [True, False])
def test_where_no_child_can_be_the_parent_asks_alone(host, neighbour, passthru_in_container):
    if passthru_in_container:
        container = host.container("c1", [f"{CHILD}/24"], mode="passthru")
        where = f"eth0 in namespace {container.netns}"
    else:
        host.ip("link", "add", "link", "eth0", "name", "lan0", "type", "macvlan", "mode", "passthru")
        where = "lan0"
    result = check(host, LAN, NOBODY)
    assert [item["status"] for item in result["results"]] == ["in_use", "free_as_seen"]
    parent, child = result["vantages"]
    assert (parent["vantage"], parent["asked"]) == ("parent", True)
    assert (child["vantage"], child["asked"]) == ("child", False)
    refusal = f"{where} is in passthru mode, which tolerates no other child"
    assert child["reason"] == f"eth0 takes no temporary child: Invalid argument ({refusal})"
    (item,) = check(host, NOBODY, vantages=["child"])["results"]
    assert (item["status"], item["reason"]) == ("unknown", child["reason"])


def bridged(host):
    """Make eth0 the port of a bridge br0, with a container behind another port of it."""
    host.ip("link", "add", "br0", "type", "bridge", "mcast_snooping", "0")
    host.ip("link", "set", "eth0", "master", "br0")
    host.ip("link", "set", "br0", "up")
    container = Namespace(host.segment, "c1")
    host.ip("link", "add", "v1", "type", "veth", "peer", "name", "eth0", "netns", container.netns)
    host.ip("link", "set", "v1", "master", "br0", "up")
    container.ip("link", "set", "eth0", "up")
    container.ip("address", "add", f"{CHILD}/24", "dev", "eth0")
    wait_until(lambda: "FORWARDING" in host.run("bridge", "link", "show", "dev", "v1").stdout.upper(), "v1 forwards")
    return container


def test_a_bridge_as_parent_knows_the_containers_on_it(host, neighbour):
    container = bridged(host)
    found = by_address(check(host, LAN, CHILD, NOBODY, parent="br0"))
    assert [found[address]["status"] for address in (LAN, CHILD, NOBODY)] == ["in_use", "own", "free_as_seen"]
    assert (container.mac(), "parent", "reply") in seen(found[CHILD])
    assert (container.mac(), "inventory", "configured") in seen(found[CHILD])


def test_what_a_bridge_forwards_is_not_taken_for_the_hosts_own(segment, host, neighbour):
    bridged(host)
    # A foreign machine on another port of the same bridge, such as a virtual machine.
    guest = Namespace(segment, "guest")
    host.ip("link", "add", "v2", "type", "veth", "peer", "name", "eth0", "netns", guest.netns)
    host.ip("link", "set", "v2", "master", "br0", "up")
    guest.ip("link", "set", "eth0", "up")
    say(guest, arp(1, STRANGER, NOBODY, NOBODY))
    result = check(host, LAN, NOBODY)
    assert by_address(result)[NOBODY]["status"] == "in_use"
    child = result["vantages"][1]
    assert (child["asked"], child["reason"]) == (False, "eth0 is a port of br0 (bridge), the kernel answers EBUSY")


# It leaves nothing behind.


def test_nothing_is_left_and_nothing_else_was_said(host, neighbour, monkeypatch):
    before = state(host)
    listener = Ear(neighbour)
    monkeypatch.setattr(packets, "SIGNER", ProbeSigner())
    packets.SIGNER.share("of this run")
    result = check(host, LAN, NOBODY, NOBODY6, run_key="of this run")
    assert state(host) == before
    # A passthru child tolerates no other: that it can be created proves that there is none.
    host.ip("link", "add", "link", "eth0", "name", "lan0", "type", "macvlan", "mode", "passthru")
    macs = {item["mac"] for item in result["vantages"]}
    child = next(item["mac"] for item in result["vantages"] if item["vantage"] == "child")
    assert child.startswith("02:6c:6e:")
    heard = listener.heard()
    said = [packets.parse(frame) for frame in heard if packets.mac_text(frame[6:12]) == child]
    assert len(said) == 9
    assert all(frame is not None and frame.signed for frame in said), "the child sent something other than its probes"
    questions = [frame for frame in map(packets.parse, heard) if frame is not None and frame.signed]
    assert {frame.source for frame in questions} == macs
    for frame in questions:
        assert (frame.body.spa if isinstance(frame.body, Arp) else frame.body.source).is_unspecified


@pytest.mark.parametrize("signal", ["KILL", "TERM"])
def test_a_killed_check_leaves_nothing(host, neighbour, signal):
    before = state(host)
    process = start(host, LAN, "192.168.100.64/26")
    assert state(host) != before
    subprocess.run(["kill", f"-{signal}", str(process.pid)], check=True)
    process.wait()
    wait_until(lambda: state(host) == before, "everything is as it was")
    assert ask(host, LAN)["status"] == "in_use"


def test_check_mode_asks_all_the_same(host, neighbour):
    result = check(host, LAN, NOBODY, check_mode=True)
    assert [item["status"] for item in result["results"]] == ["in_use", "free_as_seen"]
