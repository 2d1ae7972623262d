# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import itertools

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._page.timeline import MARK_DISTANCE, lay_out

from . import diagnosis_samples as samples


def test_what_the_diagnosis_did_itself_is_no_culprit() -> None:
    own = {"pid": 9, "name": "python3", "self": True, "parents": []}
    tool = {
        "pid": 7,
        "name": "ip",
        "command": "ip address flush dev eth0",
        "parents": [{"pid": 6, "name": "sh"}, {"pid": 5, "name": "cron"}, {"pid": 1, "name": "systemd"}],
    }
    suspects = [{"pid": 8, "name": "ethtool"}]
    events = [
        samples.event(4.1, "link", "a link was made", own),
        samples.event(4.2, "address", "addresses are gone", tool),
        samples.event(4.3, "link", "eth0 down", suspects=suspects),
    ]
    shown = lay_out(samples.timeline(3, samples.REMOVED, events=events))
    assert [mark.named for _name, marks in shown.rows for mark in marks] == [False, True]
    assert [event.process for event in shown.listed] == ["ip (PID 7)", "", "this diagnosis"]
    assert shown.listed[0].origin == "ip address flush dev eth0, started by sh, by cron"
    assert shown.listed[1].unknown == "perhaps ethtool (PID 8)"


def test_only_what_can_break_a_path_is_marked_as_near() -> None:
    noise = [samples.event(4.0 + at / 100, "arp", f"who has {at}", action="seen") for at in range(40)]
    cause = samples.event(4.3, "route", "route removed", action="delete")
    shown = lay_out(samples.timeline(3, samples.REMOVED, events=[*noise, cause]))
    assert [event.what for event in shown.listed if event.near] == ["route removed"]
    assert len(shown.listed) == 7
    assert shown.not_listed == 34


def test_targets_that_could_not_be_asked_say_why() -> None:
    timeline = samples.timeline()
    timeline["targets"][0].update(sent=0, received=0, impossible="this host has no link lan0")
    lane = lay_out(timeline).lanes[0]
    assert (lane.state, lane.result) == ("unknown", "not asked")
    assert "this host has no link lan0" in lane.detail


def test_marks_of_many_events_do_not_overlap() -> None:
    timeline = samples.two_faults()["hosts"][0]["timeline"]
    shown = lay_out(timeline)
    for _name, marks in shown.rows:
        places = [mark.x for mark in marks]
        assert all(b - a >= MARK_DISTANCE - 0.02 for a, b in itertools.pairwise(places))
    assert sum(mark.count for _name, marks in shown.rows for mark in marks) == len(timeline["events"])
    assert shown.not_listed + sum(event.times for event in shown.listed) == len(timeline["events"])
    # what somebody did just before the first loss is among the listed
    assert {"address 192.168.100.3/32 removed from lan0", "eth0 down"} <= {event.what for event in shown.listed}


def test_events_that_repeat_are_listed_once() -> None:
    shown = lay_out(samples.fleet_duplicate()["hosts"][0]["timeline"])
    assert [(event.times, event.relative, event.last) for event in shown.listed] == [(12, "+1.600 s", "+56.600 s")]
    assert {mark.number for _name, marks in shown.rows for mark in marks} == {1}
    assert shown.not_listed == 0
