# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When which address is probed and announced."""

from __future__ import annotations

import ipaddress

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._announce.schedule import (
    ANNOUNCING,
    BURST,
    PROBING,
    Announcements,
    ContainerClaim,
    read_state,
    write_state,
)

MAC, OTHER = "02:00:5e:00:00:01", "02:00:5e:00:00:02"
V4, V6 = ipaddress.ip_address("192.168.100.130"), ipaddress.ip_address("fd00:100::82")


def claim(number: int = 1, mac: str = MAC, address=V4) -> ContainerClaim:
    return ContainerClaim(number, 2, mac, address)


def made(*announced: ContainerClaim) -> Announcements:
    return Announcements(lambda: 0.5, announced)


def follow(schedule: Announcements, until: float, start: float = 0.0) -> list[tuple[float, str]]:
    """Everything that is sent, as nothing is in the way, with its time."""
    sent, now = [], start
    while now < until:
        for one, what in schedule.due(now):
            sent.append((round(now, 1), what))
            schedule.sent(now, one)
        now += 0.1
    return sent


@pytest.mark.parametrize(
    ("address", "times"), [(V4, [0.0, 0.2, 0.4, 2.4]), (V6, [0.0, 0.2, 0.4, 1.4, 2.4])], ids=["ipv4", "ipv6"]
)
def test_a_start_is_probed_twice_and_then_announced(address, times):
    schedule = made()
    schedule.update(0.0, [claim(address=address)], [claim(address=address)])
    sent = follow(schedule, 60)
    assert [what for _when, what in sent] == [PROBING, PROBING, *[ANNOUNCING] * (len(times) - 2)]
    assert [when for when, _what in sent] == pytest.approx(times, abs=0.11)
    assert schedule.announced == {claim(address=address)}
    schedule.update(60.0, [claim(address=address)], [claim(address=address)])
    assert follow(schedule, 120, 60.0) == []


def test_what_is_not_in_use_yet_waits():
    schedule = made()
    schedule.update(0.0, [claim()], [])
    assert follow(schedule, 5) == []
    schedule.update(5.0, [claim()], [claim()])
    assert follow(schedule, 10, 5.0)[0] == (5.0, PROBING)


def test_what_an_earlier_process_announced_is_not_announced_again():
    schedule = made(claim())
    schedule.update(0.0, [], [], complete=False)
    schedule.update(0.1, [claim(), claim(2, address=V6)], [claim(), claim(2, address=V6)])
    assert {one.address for one, _what in schedule.due(0.1)} == {V6}


def test_an_address_of_another_station_is_probed_and_never_announced():
    schedule = made()
    schedule.update(0.0, [claim()], [claim()])
    sent, now = [], 0.0
    while now < 300:
        for one, what in schedule.due(now):
            sent.append(what)
            schedule.sent(now, one)
            schedule.heard(now, V4, OTHER)
        now += 0.1
    assert set(sent) == {PROBING}
    assert 3 <= len(sent) < 10
    assert not schedule.announced


def test_who_answers_late_ends_the_announcements():
    schedule = made()
    schedule.update(0.0, [claim()], [claim()])
    assert len(follow(schedule, 1)) == 3
    assert schedule.heard(1.0, V4, OTHER) == [claim()]
    assert not schedule.announced
    assert [what for _when, what in follow(schedule, 3.9, 1.0)] == []


def test_own_frames_and_other_addresses_are_no_conflict():
    schedule = made()
    schedule.update(0.0, [claim()], [claim()])
    follow(schedule, 0.3)
    assert schedule.heard(0.3, V4, MAC) == schedule.heard(0.3, V6, OTHER) == []


def test_of_two_containers_with_one_address_only_an_announced_one_remains():
    schedule = made(claim())
    both = [claim(), claim(2, OTHER)]
    assert schedule.update(0.0, both, both) == [claim(2, OTHER)]
    assert schedule.update(0.1, both, both) == [], "it is reported once"
    assert follow(schedule, 10) == []
    assert schedule.announced == {claim()}
    schedule.update(10.0, [claim(2, OTHER)], [claim(2, OTHER)])
    assert len(follow(schedule, 20, 10.0)) == 4


def test_a_container_that_restarts_in_a_loop_is_announced_less_often():
    schedule, started = made(), 0
    for second in range(120):
        one = claim(second, f"02:00:5e:00:01:{second:02x}")
        schedule.update(float(second), [one], [one])
        sent = follow(schedule, second + 1.0, float(second))
        started += any(what == ANNOUNCING for _when, what in sent)
    assert 5 <= started <= 16
    schedule.update(120.0, [one], [one])
    follow(schedule, 160, 120.0)
    assert schedule.announced == {one}, "the last one is announced in the end"


def test_many_at_once_are_spread():
    schedule = made()
    every = [claim(number, address=V4 + number) for number in range(1000)]
    schedule.update(0.0, every, every)
    assert len(schedule.due(0.0)) == BURST
    assert schedule.due(0.0) == []
    assert 0 < schedule.wake(0.0, 60.0) < 0.1


def test_what_has_vanished_is_forgotten():
    schedule = made()
    schedule.update(0.0, [claim()], [claim()])
    follow(schedule, 1)
    schedule.lost(claim())
    assert not schedule.announced
    assert schedule.wake(1.0, 60.0) == 60.0
    schedule.update(2.0, [claim()], [claim()])
    schedule.update(3.0, [], [])
    assert follow(schedule, 10, 3.0) == []


def test_the_state_is_read_as_it_was_written():
    some = {claim(), claim(1 << 60, OTHER, V6)}
    assert read_state(write_state(some)) == some


@pytest.mark.parametrize("text", ["", "{", "[1]", "[[1]]", '[[1, 2, "a", "b"]]', '{"a": 1}', "[" * 100_000, "null"])
def test_a_spoilt_state_is_none(text):
    assert read_state(text) == set()
