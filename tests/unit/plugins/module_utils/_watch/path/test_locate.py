# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Edge and direction from what each interface saw, over every place where a packet can vanish."""

from __future__ import annotations

import ipaddress
import random

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.probes import Attempt, Series
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.path.drops import Drop
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.path.locate import (
    HopRuns,
    ProbeRoute,
    Resolving,
    edges,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.path.marks import (
    MAGIC,
    NONCE,
    length,
    program,
    sighting,
    token,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.path.runs import (
    RUNS_MAX,
    NumberRuns,
    overlap,
    runs_of,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.frames import build_echo

HOPS = ("lan0", "eth0", "c1/eth0")
ROUTE = ProbeRoute(HOPS, "holder", 213, "arp")
#: Where a packet goes: to the holder and back.
WAY = ("sender", *HOPS, "holder", *reversed(HOPS), "sender")


def _lost(at: int, numbers=range(4)) -> tuple[Series, list[HopRuns]]:
    """Attempts that vanish on the edge from WAY[at]."""
    seen = [HopRuns() for dummy in HOPS]
    for number in numbers:
        for place, hop in enumerate(WAY[: at + 1]):
            if hop in HOPS:
                runs = seen[HOPS.index(hop)]
                (runs.requests if place <= len(HOPS) else runs.answers).add(number)
    return Series(tuple(Attempt(0.5 * number) for number in numbers)), seen


def _edges(series, seen, resolved=None, drops=(), untaken=None, kernel=True):
    resolving = Resolving(resolved or [HopRuns() for dummy in HOPS], kernel)
    return edges(ROUTE, series, seen, resolving, drops, 100.0, 1.0, {"icmp": untaken, "arp": untaken})


@pytest.mark.parametrize("at", range(len(WAY) - 1))
def test_every_edge_of_the_way_is_found(at):
    series, seen = _lost(at)
    # That the holder has taken the request is known from its counters alone.
    (found,), request, answer = _edges(series, seen, untaken=0 if at > len(HOPS) else 4)
    assert found["edge"] == list(WAY[at : at + 2]) or (at == len(HOPS) + 1 and found["edge"] == ["holder", HOPS[-1]])
    assert found["direction"] == ("request" if at <= len(HOPS) else "answer")
    assert (found["count"], found["numbers"]) == (4, [[0, 3]])
    assert request == (HOPS[min(at, len(HOPS)) - 1] if at else "")
    assert answer == (WAY[at] if at > len(HOPS) + 1 else "")


def test_requests_that_were_taken_without_an_answer_were_lost_as_answers():
    series, seen = _lost(len(HOPS))
    (found,), *dummy = _edges(series, seen, untaken=0)
    assert (found["edge"], found["direction"]) == (["holder", "c1/eth0"], "answer")


def test_a_question_that_waits_for_arp_is_lost_where_that_is():
    series, resolved = _lost(2)
    (found,), *dummy = _edges(series, [HopRuns() for dummy in HOPS], resolved)
    assert (found["edge"], found["protocol"]) == (["eth0", "c1/eth0"], "arp")


def test_answers_to_arp_that_the_asker_does_not_get_were_lost_above_its_interface():
    silent = [HopRuns() for dummy in HOPS]
    series, asked_in_vain = _lost(len(WAY) - 2)
    (found,), *dummy = _edges(series, silent, asked_in_vain)
    assert (found["edge"], found["direction"], found["protocol"]) == (["lan0", "sender"], "answer", "arp")
    # The watch itself asks as often as it likes; and what is asked once was taken, whatever was asked before.
    asked_once = _lost(len(WAY) - 2, [0])[1]
    for runs in (asked_once[0].requests, asked_once[0].answers):
        runs.add(9)
    for resolved, kernel in ((asked_in_vain, False), (asked_once, True)):
        (found,), *dummy = _edges(series, silent, resolved, kernel=kernel)
        assert (found["edge"], found["direction"], found["protocol"]) == (["sender", "lan0"], "request", "icmp")


def test_arp_that_the_holder_has_taken_was_lost_as_an_answer():
    series, resolved = _lost(len(HOPS))
    (found,), *dummy = _edges(series, [HopRuns() for dummy in HOPS], resolved, untaken=0)
    assert (found["edge"], found["direction"], found["protocol"]) == (["holder", "c1/eth0"], "answer", "arp")


def test_drops_of_the_kernel_belong_to_the_attempts_of_their_time_and_length():
    series, seen = _lost(len(HOPS))
    drops = [
        Drop(100.0001, "eth0", 213, "NETFILTER_DROP", "nft_do_chain"),
        Drop(100.0001, "eth0", 214, "NETFILTER_DROP", "nft_do_chain"),
        Drop(100.0001, "eth9", 213, "NETFILTER_DROP", "nft_do_chain"),
        Drop(100.0001, "eth0", 213, "NETFILTER_DROP", "nft_do_chain", version=6),
        Drop(300.0, "eth0", 213, "NETFILTER_DROP", "nft_do_chain"),
    ]
    (found,), *dummy = _edges(series, seen, drops=drops)
    assert found["drops"] == [{"reason": "NETFILTER_DROP", "location": "nft_do_chain", "device": "eth0", "count": 1}]


@pytest.mark.parametrize(("request_dropped", "direction"), [(False, "answer"), (True, "request")])
def test_an_answer_was_dropped_where_the_request_was_not(request_dropped, direction):
    series, seen = _lost(len(HOPS))
    drops = [Drop(100.0002 + at, "eth0", 213, "NETFILTER_DROP", "nft_do_chain", answer=True) for at in range(4)]
    # The trace is of the whole kernel: answers of others are dropped, too.
    drops += [Drop(item.moment, "eth0", 213, item.reason, item.location) for item in drops if request_dropped]
    (found,), *dummy = _edges(series, seen, drops=sorted(drops, key=lambda item: item.moment), untaken=4)
    assert found["direction"] == direction


def test_what_was_answered_is_on_no_edge():
    series = Series((Attempt(0.0, 0.001), Attempt(0.5, 0.001)))
    assert _edges(series, [HopRuns() for dummy in HOPS])[0] == []


def test_runs_hold_what_was_added_and_stay_small():
    draw = random.Random(3)
    numbers = {draw.randrange(300) for dummy in range(120)}
    runs = runs_of(numbers)
    assert {number for first, last in runs for number in range(first, last + 1)} == numbers
    assert overlap(runs, [[0, 300]]) == len(numbers)
    many = NumberRuns()
    for number in range(0, 10 * RUNS_MAX, 2):
        many.add(number)
    assert len(many.as_data()) == RUNS_MAX


@pytest.mark.parametrize("version", [4, 6])
def test_a_marked_echo_is_recognised(version):
    nonce = bytes(range(NONCE))
    echo = build_echo(version, 7, 513, token(nonce, 70000) + bytes(40))
    source, target = ("192.0.2.1", "192.0.2.2") if version == 4 else ("fe80::1", "fe80::2")
    packed = ipaddress.ip_address(source).packed + ipaddress.ip_address(target).packed
    if version == 4:
        frame = bytes(12) + b"\x08\x00\x45" + bytes(8) + b"\x01\x00\x00" + packed + echo
    else:
        frame = bytes(12) + b"\x86\xdd\x60" + bytes(5) + b"\x3a\x40" + packed + echo
    found = sighting(frame)
    assert found is not None
    assert (found.nonce, found.probe, found.number, str(found.address)) == (nonce, 70000, 513, target)
    assert found.request
    assert sighting(frame.replace(MAGIC, b"none")) is None


def test_no_octets_break_the_recognition():
    draw = random.Random(4)
    for dummy in range(2000):
        sighting(bytes(draw.randrange(256) for dummy in range(draw.randrange(130))))


def test_lengths_differ_and_are_valid_for_every_family():
    assert len({length(number, 17) for number in range(48)}) == 48
    assert min(length(number, 0) for number in range(100)) > 40 + 8 + 16


def test_the_filter_s_jumps_reach_with_the_most_addresses():
    addresses = [ipaddress.ip_address(f"10.0.0.{number}") for number in range(60)]
    addresses = [*addresses[:16], *(ipaddress.ip_address(f"2001:db8::{number:x}") for number in range(1, 60))]
    assert all(0 <= jump <= 255 for item in program(addresses) for jump in item[1:3])
