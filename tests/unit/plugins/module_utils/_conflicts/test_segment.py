# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a segment keeps of the frames it hears, what its silence means, and what is reported of it."""

from __future__ import annotations

import ipaddress

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._conflicts import report as _probe_report
from ansible_collections.linuxnet.macvlan.plugins.module_utils._conflicts.report import Clock
from ansible_collections.linuxnet.macvlan.plugins.module_utils._conflicts.segment import ProbedSegment
from ansible_collections.linuxnet.macvlan.plugins.module_utils._conflicts.targets import parse
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.facts import Link
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire import frames as packets
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.ask import Vantage
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.frames import Arp, Frame, Neighbour

ADDRESS, OTHER, ZERO = map(ipaddress.ip_address, ("192.168.100.50", "192.168.100.60", "0.0.0.0"))
PARENT_MAC, CHILD_MAC, STRANGER = "52:54:00:00:00:01", "02:6c:6e:00:00:01", "52:54:00:00:00:0a"


@pytest.fixture
def segment():
    made = ProbedSegment(Link(2, "eth0"))
    made.targets = [parse("192.168.100.50", "addresses[0]", Problems())]
    made.vantages = [Vantage("parent", "eth0", PARENT_MAC, None), Vantage("child", "lnprobe1", CHILD_MAC, None)]
    made.sightings = {ADDRESS: {}}
    return made


def reply(destination, sha=STRANGER, spa=ADDRESS):
    return Frame(sha, destination, Arp(packets.ARP_REPLY, sha, spa, destination, ZERO))


def probe(sha, signed):
    return Frame(sha, packets.BROADCAST, Arp(packets.ARP_REQUEST, sha, ZERO, packets.NO_MAC, ADDRESS), signed)


def kept(segment):
    return {(item.mac, item.vantage, item.kind): item.count for item in segment.sightings[ADDRESS].values()}


def test_each_vantage_keeps_the_answers_to_its_own_questions(segment):
    parent, child = segment.vantages
    segment.hear(parent, reply(PARENT_MAC), False, 0.1)
    segment.hear(parent, reply(CHILD_MAC), False, 0.2)
    segment.hear(child, reply(CHILD_MAC), False, 0.2)
    segment.hear(child, reply(CHILD_MAC), False, 0.3)
    assert kept(segment) == {(STRANGER, "parent", "reply"): 1, (STRANGER, "child", "reply"): 2}
    assert [item.seconds for item in segment.sightings[ADDRESS].values()] == [0.1, 0.2]


def test_answers_to_other_children_of_the_parent_count(segment):
    segment.hear(segment.vantages[0], reply("02:00:00:00:00:99"), False, 0.1)
    assert kept(segment) == {(STRANGER, "parent", "reply"): 1}


def test_other_addresses_are_not_kept(segment):
    segment.hear(segment.vantages[0], reply(PARENT_MAC, spa=OTHER), False, 0.1)
    assert kept(segment) == {}


def test_own_probes_and_those_of_other_checks_are_no_foreign_ones(segment):
    parent = segment.vantages[0]
    segment.hear(parent, probe(CHILD_MAC, signed=True), True, 0.1)
    assert (kept(segment), parent.others) == ({}, 0)
    segment.hear(parent, probe(STRANGER, signed=True), False, 0.1)
    assert (kept(segment), parent.others) == ({}, 1)
    segment.hear(parent, probe(STRANGER, signed=False), False, 0.1)
    assert kept(segment) == {(STRANGER, "parent", "probe"): 1}


def test_frames_that_were_lost_make_silence_mean_nothing(segment):
    for vantage in segment.vantages:
        vantage.lost = 7
    segment.judge(frozenset())
    verdict = segment.verdicts[ADDRESS]
    assert verdict.status == "unknown"
    assert verdict.reason == (
        "eth0: 7 frames were lost as they came too fast; lnprobe1: 7 frames were lost as they came too fast"
    )
    segment.vantages[1].lost = 0
    segment.judge(frozenset())
    assert segment.verdicts[ADDRESS].status == "free_as_seen", "one vantage heard everything"


def test_the_report_has_both_clocks(segment):
    clock = Clock(wall=1772359200.0, monotonic=5000.0, asked=5000.05, done=5001.06)
    segment.hear(segment.vantages[0], reply(PARENT_MAC), False, 0.1234567)
    segment.judge(frozenset())
    result = _probe_report.result([segment], clock)
    assert result["started"] == "2026-03-01T10:00:00.000Z"
    assert result["seconds"] == 1.06
    assert (result["vantages"][0]["from"], result["vantages"][0]["until"]) == (
        "2026-03-01T10:00:00.050Z", "2026-03-01T10:00:01.060Z",
    )  # fmt: skip
    assert result["results"] == [
        {
            "parent": "eth0",
            "address": "192.168.100.50",
            "status": "in_use",
            "conflict": "hard",
            "reason": "",
            "holders": [
                {
                    "mac": STRANGER,
                    "vantage": "parent",
                    "kind": "reply",
                    "count": 1,
                    "first_seen": "2026-03-01T10:00:00.123Z",
                    "first_seen_seconds": 0.123457,
                    "last_seen_seconds": 0.123457,
                    "own": False,
                    "owner": "foreign",
                    "where": None,
                }
            ],
        }
    ]
    assert _probe_report.failure([segment], ["in_use"], clock) == (
        "address conflict check:\n"
        f"  - 192.168.100.50 on eth0: in_use, {STRANGER} seen by reply from parent at 2026-03-01T10:00:00.123Z"
    )
    assert _probe_report.failure([segment], ["duplicate"], clock) == ""


def announcement(sha):
    return Frame(sha, packets.BROADCAST, Arp(packets.ARP_REQUEST, sha, ADDRESS, packets.NO_MAC, ADDRESS))


def test_an_address_that_flaps_is_counted_per_vantage(segment):
    parent, child = segment.vantages
    for number, sha in enumerate((STRANGER, "52:54:00:00:00:0b", STRANGER)):
        for vantage in (parent, child):
            segment.hear(vantage, announcement(sha), False, float(number))
    flips = {key: count for key, count in kept(segment).items() if key[2] == "flip_flop"}
    assert flips == {
        (mac, place, "flip_flop"): 1 for mac in (STRANGER, "52:54:00:00:00:0b") for place in ("parent", "child")
    }
    first = next(item for item in segment.sightings[ADDRESS].values() if item.kind == "announcement")
    assert (first.seconds, first.last, first.count) == (0.0, 2.0, 2)


def test_without_questions_silence_is_unknown_and_nothing_is_asked(segment):
    segment.silent = 30.0
    segment.judge(frozenset())
    verdict = segment.verdicts[ADDRESS]
    assert (verdict.status, verdict.reason) == (
        "unknown",
        "no questions were sent, and no host claimed it within 30 seconds",
    )
    assert segment.hear(segment.vantages[0], reply(PARENT_MAC), False, 0.1) == []


def test_addresses_that_nobody_asked_for_are_kept_up_to_the_limit(segment):
    parent = segment.vantages[0]
    segment.targets, segment.sightings, segment.keep = [], {}, 1
    segment.hear(parent, reply(PARENT_MAC, spa=OTHER), False, 0.1)
    segment.hear(parent, reply(PARENT_MAC), False, 0.1)
    segment.judge(frozenset())
    assert [item.address for item in segment.others()] == [OTHER]
    assert parent.ignored == 1


def test_who_answers_makes_the_parent_ask_for_what_nobody_has(segment):
    parent, child = segment.vantages
    asked = segment.hear(child, reply(CHILD_MAC), False, 0.1)
    assert [(vantage, sender) for vantage, dummy, sender in asked] == [(parent, None)]
    assert segment.hear(child, reply(CHILD_MAC), False, 0.2) == []
    segment.hear(parent, reply(PARENT_MAC, spa=asked[0][1]), False, 0.3)
    segment.judge(frozenset())
    assert segment.verdicts[ADDRESS].status == "free_as_seen"
    assert {holder.owner for holder in segment.verdicts[ADDRESS].holders} == {"proxy_arp"}


def test_an_advertisement_that_nobody_asked_for_is_an_announcement(segment):
    address = ipaddress.ip_address("fd00::50")
    parent = segment.vantages[0]
    body = Neighbour(False, address, packets.ALL_NODES, address, STRANGER, override=True)
    advertisement = Frame(STRANGER, packets.multicast_mac(packets.ALL_NODES), body)
    detection = Neighbour(True, packets.UNSPECIFIED, packets.solicited_node(address), address)
    segment.sightings, segment.silent = {address: {}}, 30.0
    segment.hear(parent, advertisement, False, 0.1)
    segment.hear(parent, Frame("52:54:00:00:00:0b", "33:33:ff:00:00:50", detection), False, 0.2)
    segment.hear(parent, advertisement, False, 0.3)
    assert [(item.kind, item.count) for item in segment.sightings[address].values() if item.mac == STRANGER] == [
        ("announcement", 1), ("reply", 1),
    ]  # fmt: skip
    segment.sightings, segment.silent = {address: {}}, None
    segment.hear(parent, advertisement, False, 0.1)
    assert [item.kind for item in segment.sightings[address].values()] == ["reply"]


def claims(number, kind=packets.ARP_REPLY):
    """Of so many machines for the address."""
    for place in range(number):
        mac = f"02:66:00:00:{place >> 8:02x}:{place & 255:02x}"
        sender, target = (ADDRESS, ZERO) if kind == packets.ARP_REPLY else (ZERO, ADDRESS)
        yield Frame(mac, packets.BROADCAST, Arp(kind, mac, sender, packets.NO_MAC, target))


@pytest.mark.parametrize("number", [1, 8, 9, 3000])
def test_the_first_holders_are_kept_and_the_rest_is_counted(segment, number):
    for frame in claims(number):
        segment.hear(segment.vantages[0], frame, False, 0.1)
    assert len({item.mac for item in segment.sightings[ADDRESS].values()}) == min(number, 8)
    segment.judge(frozenset())
    verdict = segment.verdicts[ADDRESS]
    assert verdict.status == ("in_use" if number == 1 else "duplicate")
    assert bool(verdict.reason) == bool(segment.overrun()) == (number > 8)


@pytest.mark.parametrize("fleet", [False, True])
def test_harmless_claims_without_end_hide_no_holder(segment, fleet):
    """An attacker with the MAC addresses of the fleet, or of virtual routers, and then the one that has it."""
    known = [f"02:66:00:00:00:{place:02x}" if fleet else f"00:00:5e:00:01:{place:02x}" for place in range(20)]
    for mac in known:
        segment.hear(segment.vantages[0], reply(PARENT_MAC, sha=mac), False, 0.1)
    segment.hear(segment.vantages[0], reply(PARENT_MAC), False, 0.2)
    segment.judge(frozenset(known))
    verdict = segment.verdicts[ADDRESS]
    assert (verdict.status, verdict.conflict) == ("unknown", "")
    assert "only counted" in verdict.reason


def test_those_that_only_want_an_address_take_no_room_from_its_holder(segment):
    for frame in claims(100, packets.ARP_REQUEST):
        segment.hear(segment.vantages[0], frame, False, 0.1)
    segment.hear(segment.vantages[0], reply(PARENT_MAC), False, 0.2)
    segment.judge(frozenset())
    assert (segment.verdicts[ADDRESS].status, segment.verdicts[ADDRESS].conflict) == ("in_use", "hard")
