# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import ipaddress

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._conflicts import verdict as conflicts
from ansible_collections.linuxnet.macvlan.plugins.module_utils._conflicts.verdict import (
    AddressSighting,
    LinkPlace,
    OwnAddresses,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire import frames as packets
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.claims import claim, is_virtual_router

ADDRESS = ipaddress.ip_address("192.168.100.50")
OTHER = ipaddress.ip_address("192.168.100.60")
ALICE, BOB = "52:54:00:00:00:0a", "52:54:00:00:00:0b"
OURS, CHILD = "52:54:00:00:00:01", "52:54:00:00:00:02"
MEMBER, MEMBER_SHIM = "52:54:00:00:00:f1", "52:54:00:00:00:f2"
VRRP, CARP_TWIN, HSRP, GLBP = "00:00:5e:00:01:33", "00:00:5e:00:01:34", "00:00:0c:07:ac:05", "00:07:b4:00:01:02"

HOST_PLACE, CONTAINER, SECOND = LinkPlace("", "eth0"), LinkPlace("c1", "eth0"), LinkPlace("c2", "eth0")
MACS = {OURS: HOST_PLACE, CHILD: CONTAINER}
NOBODY = OwnAddresses(MACS)
PARENT_HAS_IT = OwnAddresses(MACS, {ADDRESS: ((OURS, HOST_PLACE),)})
CONTAINER_HAS_IT = OwnAddresses(MACS, {ADDRESS: ((CHILD, CONTAINER),)})
BOTH_HAVE_IT = OwnAddresses(MACS, {ADDRESS: ((OURS, HOST_PLACE), (CHILD, CONTAINER))})
TWO_LINKS_HAVE_IT = OwnAddresses(MACS, {ADDRESS: ((OURS, HOST_PLACE), (OURS, LinkPlace("", "lo")))})
STANDBY = LinkPlace("", "vrrp51")
BACKUP = OwnAddresses({**MACS, VRRP: STANDBY})
MASTER = OwnAddresses({**MACS, VRRP: STANDBY}, {ADDRESS: ((VRRP, STANDBY),)})
FLEET = frozenset({MEMBER, MEMBER_SHIM})


REFUSED = OwnAddresses(MACS, refused={ADDRESS: ((OURS, HOST_PLACE),)})
ONE_REFUSED = OwnAddresses(MACS, {ADDRESS: ((OURS, HOST_PLACE),)}, refused={ADDRESS: ((CHILD, CONTAINER),)})


def seen(mac, kind="reply", vantage="parent", outgoing=False, twin=False):
    return AddressSighting(ADDRESS, mac, vantage, kind, 0.1, outgoing=outgoing, twin=twin)


@pytest.mark.parametrize(
    ("inventory", "sightings", "status", "conflict"),
    [
        pytest.param(NOBODY, [], "free_as_seen", "", id="nobody"),
        pytest.param(NOBODY, [seen(ALICE)], "in_use", "hard", id="a LAN host answers"),
        pytest.param(NOBODY, [seen(ALICE, vantage="child")], "in_use", "hard", id="only the child hears it"),
        pytest.param(
            NOBODY, [seen(ALICE), seen(ALICE, vantage="child")], "in_use", "hard", id="both hear the same one"
        ),
        pytest.param(NOBODY, [seen(ALICE, "request")], "in_use", "hard", id="overheard asking for another"),
        pytest.param(NOBODY, [seen(ALICE, "announcement")], "in_use", "hard", id="overheard announcing"),
        pytest.param(NOBODY, [seen(ALICE, "probe")], "in_use", "soft", id="another prober"),
        pytest.param(NOBODY, [seen(ALICE, "probe"), seen(ALICE)], "in_use", "hard", id="a prober that took it"),
        pytest.param(NOBODY, [seen(ALICE), seen(BOB, "probe")], "in_use", "hard", id="a holder and a prober"),
        pytest.param(NOBODY, [seen(ALICE), seen(BOB)], "duplicate", "hard", id="two LAN hosts"),
        pytest.param(
            NOBODY, [seen(ALICE), seen(BOB, vantage="child")], "duplicate", "hard", id="one from each vantage"
        ),
        pytest.param(NOBODY, [seen(OURS)], "own", "", id="an own MAC answers"),
        pytest.param(NOBODY, [seen(OURS), seen(CHILD, vantage="child")], "own", "", id="ARP flux of our own"),
        pytest.param(NOBODY, [seen(OURS, "probe")], "free_as_seen", "", id="the manager here probes it"),
        pytest.param(NOBODY, [seen(BOB, "request", outgoing=True)], "own", "", id="sent here, in no namespace known"),
        pytest.param(
            NOBODY,
            [seen(BOB, vantage="child"), seen(BOB, "request", outgoing=True)],
            "own",
            "",
            id="the same, answered",
        ),
        pytest.param(PARENT_HAS_IT, [], "own", "", id="on the parent, which no probe from here shows"),
        pytest.param(CONTAINER_HAS_IT, [], "own", "", id="on an own child"),
        pytest.param(CONTAINER_HAS_IT, [seen(CHILD, vantage="child")], "own", "", id="on a sibling that answers"),
        pytest.param(PARENT_HAS_IT, [seen(ALICE, "probe")], "own", "", id="ours, and another probes for it"),
        pytest.param(PARENT_HAS_IT, [seen(ALICE)], "duplicate", "hard", id="ours and a LAN host's"),
        pytest.param(PARENT_HAS_IT, [seen(MEMBER)], "duplicate", "hard", id="ours and another fleet host's"),
        pytest.param(PARENT_HAS_IT, [seen(VRRP)], "duplicate", "hard", id="ours and a virtual router's"),
        pytest.param(BOTH_HAVE_IT, [], "duplicate", "hard", id="ours and a container's"),
        pytest.param(TWO_LINKS_HAVE_IT, [], "own", "", id="on two links of one namespace"),
        pytest.param(NOBODY, [seen(MEMBER)], "own", "", id="another fleet host"),
        pytest.param(NOBODY, [seen(MEMBER), seen(MEMBER_SHIM)], "own", "", id="a fleet host with a shim: two MACs"),
        pytest.param(NOBODY, [seen(MEMBER, "probe")], "free_as_seen", "", id="a fleet host probes it"),
        pytest.param(NOBODY, [seen(MEMBER), seen(ALICE)], "duplicate", "hard", id="fleet and foreign"),
        pytest.param(REFUSED, [seen(ALICE)], "in_use", "hard", id="refused, and its holder answers"),
        pytest.param(ONE_REFUSED, [], "duplicate", "hard", id="ours, and refused to a container"),
        pytest.param(NOBODY, [seen(CHILD, twin=True)], "in_use", "hard", id="a twin of a container's MAC"),
        pytest.param(
            NOBODY,
            [seen(CHILD, twin=True), seen(CHILD, vantage="child")],
            "in_use",
            "hard",
            id="the same, received by a child that cannot distinguish them",
        ),
        pytest.param(
            CONTAINER_HAS_IT,
            [seen(CHILD, twin=True), seen(CHILD, vantage="child")],
            "duplicate",
            "hard",
            id="a copy of a container, with its address",
        ),
        pytest.param(NOBODY, [seen(VRRP)], "virtual_router", "", id="VRRP"),
        pytest.param(BACKUP, [seen(VRRP)], "virtual_router", "", id="VRRP, and this host is the backup"),
        pytest.param(MASTER, [seen(VRRP, vantage="child")], "own", "", id="VRRP, and this host is the master"),
        pytest.param(NOBODY, [seen(HSRP)], "virtual_router", "", id="HSRP"),
        pytest.param(
            NOBODY, [seen(GLBP), seen("00:07:b4:00:01:01")], "virtual_router", "", id="GLBP: two MACs by design"
        ),
        pytest.param(NOBODY, [seen(VRRP), seen(ALICE)], "duplicate", "hard", id="a virtual router and a LAN host"),
        pytest.param(NOBODY, [seen(VRRP), seen(MEMBER)], "virtual_router", "", id="a fleet host that is the router"),
    ],
)
def test_the_verdict(inventory, sightings, status, conflict):
    verdict = conflicts.judge(ADDRESS, sightings, inventory, FLEET)
    assert (verdict.status, verdict.conflict) == (status, conflict)
    assert verdict.reason == ""


@pytest.mark.parametrize(
    ("inventory", "sightings", "status", "reason"),
    [
        (NOBODY, [], "unknown", "eth0 is down"),
        (PARENT_HAS_IT, [], "own", ""),
        (NOBODY, [seen(ALICE)], "in_use", ""),
        (NOBODY, [seen(ALICE, "probe")], "in_use", ""),
        (REFUSED, [], "in_use", "the duplicate address detection of this host's kernel has failed for it"),
    ],
)
def test_where_nobody_could_be_asked_only_silence_says_nothing(inventory, sightings, status, reason):
    verdict = conflicts.judge(ADDRESS, sightings, inventory, FLEET, unseen="eth0 is down")
    assert (verdict.status, verdict.reason) == (status, reason)


def test_who_answers_by_proxy_holds_nothing():
    verdict = conflicts.judge(ADDRESS, [seen(ALICE), seen(MEMBER)], NOBODY, FLEET, proxies=frozenset({ALICE, MEMBER}))
    assert (verdict.status, verdict.conflict) == ("free_as_seen", "")
    assert [holder.owner for holder in verdict.holders] == ["proxy_arp", "proxy_arp"]
    verdict = conflicts.judge(ADDRESS, [seen(ALICE), seen(BOB)], NOBODY, FLEET, proxies=frozenset({ALICE}))
    assert verdict.status == "in_use"


def test_holders_are_listed_with_owner_and_place():
    verdict = conflicts.judge(
        ADDRESS, [seen(CHILD, vantage="child"), seen(MEMBER), seen(VRRP), seen(BOB)], CONTAINER_HAS_IT, FLEET
    )
    assert [(holder.owner, holder.place, holder.sighting.vantage) for holder in verdict.holders] == [
        ("host", CONTAINER, "child"),
        ("fleet", None, "parent"),
        ("virtual_router", None, "parent"),
        ("foreign", None, "parent"),
        ("host", CONTAINER, "inventory"),
    ]


@pytest.mark.parametrize(
    "mac", [VRRP, CARP_TWIN, HSRP, GLBP, "00:00:5e:00:02:01", "00:00:0c:9f:f0:0a", "00:05:73:a0:00:01"]
)
def test_virtual_router_macs(mac):
    assert is_virtual_router(mac)


@pytest.mark.parametrize(
    "mac", [ALICE, "00:00:5e:00:03:01", "00:00:0c:07:ad:05", "00:00:0c:9f:e0:0a", "00:00:5e:10:00:01"]
)
def test_macs_that_are_only_similar(mac):
    assert not is_virtual_router(mac)


ZERO4, ZERO6 = ipaddress.ip_address("0.0.0.0"), packets.UNSPECIFIED
SIX = ipaddress.ip_address("fd00::50")


def arp(operation, spa, tpa):
    return packets.Arp(operation, ALICE, spa, BOB, tpa)


def nd(solicitation, source, link_layer=None):
    return packets.Neighbour(solicitation, source, packets.ALL_NODES, SIX, link_layer)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(arp(1, ZERO4, ADDRESS), (ADDRESS, ALICE, "probe"), id="arp probe"),
        pytest.param(arp(1, ADDRESS, ADDRESS), (ADDRESS, ALICE, "announcement"), id="arp announcement"),
        pytest.param(arp(2, ADDRESS, ADDRESS), (ADDRESS, ALICE, "announcement"), id="gratuitous reply"),
        pytest.param(arp(1, ADDRESS, OTHER), (ADDRESS, ALICE, "request"), id="arp request"),
        pytest.param(arp(2, ADDRESS, OTHER), (ADDRESS, ALICE, "reply"), id="arp reply"),
        pytest.param(arp(2, ADDRESS, ZERO4), (ADDRESS, ALICE, "reply"), id="reply to a probe"),
        pytest.param(arp(2, ZERO4, ADDRESS), None, id="a reply from nobody"),
        pytest.param(nd(True, ZERO6), (SIX, BOB, "probe"), id="dad solicitation"),
        pytest.param(
            nd(True, ipaddress.ip_address("fd00::9")), (ipaddress.ip_address("fd00::9"), BOB, "request"), id="ns"
        ),
        pytest.param(
            nd(True, ipaddress.ip_address("fd00::9"), ALICE),
            (ipaddress.ip_address("fd00::9"), ALICE, "request"),
            id="ns with its option",
        ),
        pytest.param(nd(False, ipaddress.ip_address("fe80::9")), (SIX, BOB, "reply"), id="na"),
        pytest.param(nd(False, ipaddress.ip_address("fe80::9"), ALICE), (SIX, ALICE, "reply"), id="na with its option"),
    ],
)
def test_what_a_frame_claims(body, expected):
    assert claim(packets.Frame(BOB, packets.BROADCAST, body)) == expected


def test_counts():
    verdicts = [conflicts.judge(ADDRESS, sightings, NOBODY, FLEET) for sightings in ([], [], [seen(ALICE)])]
    assert conflicts.count(verdicts) == {
        "probed": 3, "free_as_seen": 2, "in_use": 1, "duplicate": 0, "own": 0, "virtual_router": 0, "unknown": 0,
    }  # fmt: skip
