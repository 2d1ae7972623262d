# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The evidence of arp_conflict_check beside answers to its probes: from other links, by listening, from the kernel."""

from __future__ import annotations

import sys
import time

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire import frames as packets

from .asking import (
    CHILD,
    FRAMES,
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
)

OTHER = "52:54:00:00:00:bb"


@pytest.fixture
def host(segment):
    return segment.host("h1", addresses=[f"{PARENT}/24", f"{PARENT6}/64"])


@pytest.fixture
def neighbour(segment):
    return segment.host("h2", addresses=[f"{LAN}/24", f"{LAN6}/64"])


# Existing links.


def test_links_that_cannot_be_asked_from_say_why(segment, host, neighbour):
    segment.plug(host, "eth1")
    for name, parent in (("off0", "eth0"), ("far0", "eth1"), ("mute0", "eth0")):
        host.ip("link", "add", "link", parent, "name", name, "type", "macvlan", "mode", "bridge")
    host.ip("link", "set", "far0", "up")
    host.ip("link", "set", "mute0", "arp", "off", "up")
    result = check(host, LAN, NOBODY, vantages=["off0", "far0", "mute0", "lo"])
    assert {item["vantage"]: (item["asked"], item["reason"]) for item in result["vantages"]} == {
        "off0": (False, "off0 is down"),
        "far0": (False, "far0 is not a child of eth0"),
        "mute0": (False, "mute0 has ARP turned off (NOARP)"),
        "lo": (False, "lo is not an Ethernet interface"),
    }
    assert [item["status"] for item in result["results"]] == ["unknown", "unknown"]
    assert "off0 is down; far0 is not a child of eth0" in by_address(result)[LAN]["reason"]


def test_all_of_them_at_once(host, neighbour):
    container = host.container("c1", [f"{CHILD}/24"])
    host.ip("link", "add", "link", "eth0", "name", "lan0", "type", "macvlan", "mode", "bridge")
    host.ip("link", "set", "lan0", "up")
    inside = {"namespace": container.netns, "link": "eth0"}
    result = check(host, LAN, CHILD, vantages=["parent", "child", "lan0", inside])
    names = ["parent", "child", "lan0", f"{container.netns}/eth0"]
    assert [(item["vantage"], item["asked"], item["listened"]) for item in result["vantages"]] == [
        (name, True, True) for name in names
    ]
    assert [item["mac"] for item in result["vantages"]][2:] == [host.mac("lan0"), container.mac()]
    found = by_address(result)
    assert seen(found[LAN]) == {(neighbour.mac(), name, "reply") for name in names}
    assert found[CHILD]["status"] == "own"


# Listening.


def test_who_only_listens_says_nothing(host, neighbour):
    listener = Ear(neighbour)
    result = check(host, LAN, PARENT, "192.168.100.64/28", mode="listen", listen_seconds=1)
    heard = [packets.parse(frame) for frame in listener.heard()]
    assert not any(frame.signed for frame in heard if frame is not None)
    found = by_address(result)
    assert (found[LAN]["status"], found[LAN]["reason"]) == (
        "unknown", "no questions were sent, and no host claimed it within 1 seconds",
    )  # fmt: skip
    assert found[PARENT]["status"] == "own"
    assert len(found) == 2, "of a range only addresses that were seen"
    assert [(item["vantage"], item["asked"], item["listened"], item["reason"]) for item in result["vantages"]] == [
        ("parent", False, True, ""),
        ("child", False, False, "mode listen makes no child"),
    ]
    assert result["vantages"][0]["packets"] == 0
    assert result["seconds"] >= 1


def test_everything_that_is_said_on_the_lan(host, neighbour):
    container = host.container("c1", [f"{CHILD}/24"])
    say(
        neighbour,
        arp(1, STRANGER, NOBODY, NOBODY),
        arp(1, STRANGER, "192.168.100.98", LAN),
        arp(1, STRANGER, "0.0.0.0", "192.168.100.97"),
    )
    container.start("sh", "-c", f"while :; do ip neigh flush dev eth0; ping -c 1 -W 0.1 {LAN}; done >/dev/null 2>&1")
    result = check(host, mode="listen", listen_seconds=1.5, fail_on=["duplicate"])
    found = {
        address: (item["status"], item["conflict"], {(holder["mac"], holder["kind"]) for holder in item["holders"]})
        for address, item in by_address(result).items()
    }
    # Each kernel may ask the other, and answer or ask again.
    for address, status, mac, kind in (
        (LAN, ("in_use", "hard"), neighbour.mac(), "reply"),
        (CHILD, ("own", ""), container.mac(), "request"),
    ):
        *reported, holders = found.pop(address)
        assert (tuple(reported), {item for item, dummy in holders}) == (status, {mac})
        assert (mac, kind) in holders
    # The kernel's own messages, for IPv6 addresses, are received too.
    assert {address: item for address, item in found.items() if "." in address} == {
        NOBODY: ("in_use", "hard", {(STRANGER, "announcement")}),
        "192.168.100.98": ("in_use", "hard", {(STRANGER, "request")}),
        "192.168.100.97": ("in_use", "soft", {(STRANGER, "probe")}),
    }


def test_more_addresses_than_are_kept_are_counted(host, neighbour):
    say(neighbour, *(arp(1, STRANGER, f"192.168.100.{number}", LAN) for number in (97, 98, 99)))
    result = check(host, mode="listen", listen_seconds=1, max_addresses=2)
    assert len(result["results"]) == 2
    assert result["vantages"][0]["ignored"] > 3


def test_an_address_that_changes_hands(host, neighbour):
    say(neighbour, arp(1, STRANGER, NOBODY, NOBODY), arp(1, OTHER, NOBODY, NOBODY))
    (item,) = check(host, NOBODY, mode="listen", listen_seconds=1)["results"]
    assert (item["status"], item["conflict"]) == ("duplicate", "hard")
    flips = {holder["mac"]: holder for holder in item["holders"] if holder["kind"] == "flip_flop"}
    assert set(flips) == {STRANGER, OTHER}
    assert all(holder["count"] > 3 for holder in flips.values())
    assert all(holder["last_seen_seconds"] > holder["first_seen_seconds"] for holder in flips.values())


def test_listening_goes_on_after_the_questions(host, neighbour):
    process = neighbour.start("sh", "-c", f"sleep 1.6; exec {sys.executable} {FRAMES} say eth0 $0 >/dev/null",
                              arp(1, STRANGER, NOBODY, NOBODY).hex())  # fmt: skip
    item = ask(host, NOBODY, listen_seconds=6)
    process.kill()
    assert (item["status"], {holder["kind"] for holder in item["holders"]}) == ("in_use", {"announcement"})


# Other machines with a MAC address of this host.


def test_a_container_elsewhere_with_the_mac_of_one_here(host, neighbour):
    here = host.container("c1", [f"{CHILD}/24"], mac=STRANGER)
    there = neighbour.container("c2", [f"{NOBODY}/24"], mac=STRANGER)
    result = check(host, NOBODY, CHILD)
    (twin,) = result["duplicate_macs"]
    assert (twin["parent"], twin["mac"]) == ("eth0", STRANGER)
    assert NOBODY in twin["addresses"]
    assert twin["where"] == {"namespace": here.netns, "link": "eth0"}
    assert twin["count"] >= 1
    assert twin["first_seen"] > result["started"]
    found = by_address(result)
    # The answer does not count as our own container's, although the MAC address is the same.
    assert (found[NOBODY]["status"], found[CHILD]["status"]) == ("in_use", "own")
    assert {holder["owner"] for holder in found[NOBODY]["holders"] if holder["vantage"] == "parent"} == {"foreign"}
    arguments = {"probes": [{"parent": "eth0", "addresses": [NOBODY]}], "fail_on": ["duplicate_mac"]}
    failed = host.module("arp_conflict_check", arguments)
    assert failed["failed"]
    assert f"{STRANGER} on eth0: eth0 in namespace {here.netns}, and frames of another machine" in failed["msg"]
    there.ip("link", "set", "eth0", "down")
    assert not host.module("arp_conflict_check", arguments).get("failed")


def test_a_machine_that_is_a_copy_of_this_one(segment, host):
    segment.host("copy", addresses=[f"{NOBODY}/24"], mac=host.mac())
    result = check(host, NOBODY, PARENT)
    assert [twin["mac"] for twin in result["duplicate_macs"]] == [host.mac()]
    assert by_address(result)[NOBODY]["status"] == "in_use"


def test_what_the_switch_sends_back_is_no_other_machine(segment, host, neighbour):
    segment.switch.run("bridge", "link", "set", "dev", host.port, "hairpin", "on")
    container = host.container("c1", [f"{CHILD}/24"])
    container.start("sh", "-c", f"while :; do ip neigh flush dev eth0; ping -c 1 -W 0.1 {LAN}; done >/dev/null 2>&1")
    result = check(host, LAN, CHILD, PARENT, NOBODY, listen_seconds=1.5)
    assert result["duplicate_macs"] == []
    assert result["vantages"][0]["reflected"] > 0
    assert [item["status"] for item in result["results"]] == ["in_use", "own", "own", "free_as_seen"]


# What the kernel found out before.


def test_an_address_that_the_kernel_refuses(host, neighbour):
    neighbour.ip("address", "add", f"{NOBODY6}/64", "dev", "eth0", "nodad")
    host.ip("address", "add", f"{NOBODY6}/64", "dev", "eth0")
    for dummy in range(100):
        if "dadfailed" in host.ip("address", "show", "dev", "eth0").stdout:
            break
        time.sleep(0.1)
    item = ask(host, NOBODY6)
    assert (item["status"], item["conflict"]) == ("in_use", "hard")
    assert (host.mac(), "inventory", "dad_failed") in seen(item)
    assert (neighbour.mac(), "parent", "reply") in seen(item)
    # The holder of then may be gone, but the address still does not work.
    neighbour.ip("address", "del", f"{NOBODY6}/64", "dev", "eth0")
    item = ask(host, NOBODY6)
    assert (item["status"], item["conflict"]) == ("in_use", "hard")
    assert item["reason"] == "the duplicate address detection of this host's kernel has failed for it"
    assert seen(item) == {(host.mac(), "inventory", "dad_failed")}


def test_a_whole_22_in_one_call(host, neighbour):
    result = check(host, "192.168.100.0/22", rate=20000)
    assert result["summary"]["probed"] == 1024
    assert {address: item["status"] for address, item in by_address(result).items()} == {LAN: "in_use", PARENT: "own"}
    assert [item["lost"] for item in result["vantages"]] == [0, 0]
