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


def test_equal_bars_are_one_row_that_counts_them() -> None:
    timeline = samples.timeline(3, samples.REMOVED)
    template = timeline["targets"][2]
    for number in range(40):
        address = f"10.0.0.{number}"
        timeline["targets"].append({**template, "id": f"lan0/host_to_container/{address}", "target": address})
    late = {**template, "id": "late", "target": "10.0.0.200", "losses": [[9.0, 60.0]], "first_loss": 9.0}
    timeline["targets"].append(late)
    lanes = lay_out(timeline, places={"lan0": {"192.168.100.129": "grafana"}}).lanes
    folded = next(lane for lane in lanes if len(lane.targets) > 1)
    assert (len(folded.targets), len(folded.alike), folded.state) == (41, 40, "broken")
    assert folded.name == "lan0 to container 10.0.0.0, ping"
    assert folded.alike[:2] == ["lan0 to container 10.0.0.1, ping", "lan0 to container 10.0.0.2, ping"]
    assert "lan0 to container grafana 192.168.100.129, ping" in folded.alike
    assert ["late"] in [lane.targets for lane in lanes]


def test_the_likely_event_comes_first() -> None:
    carrier = samples.event(4.44, "link", "eth0 lost its carrier", data={"changed": {"carrier": [True, False]}})
    events = [samples.event(1.0, "route", "much earlier"), samples.event(4.2, "address", "address added"), carrier]
    shown = lay_out(samples.timeline(3, samples.REMOVED, events=events))
    assert [(event.what, event.likely) for event in shown.listed] == [
        ("eth0 lost its carrier", True),
        ("address added", False),
        ("much earlier", False),
    ]
    # what a confirmed cause is about is no guess
    shown = lay_out(samples.timeline(3, samples.REMOVED, events=events), causes=[1.0])
    assert (shown.listed[0].what, shown.listed[0].likely) == ("much earlier", True)


def test_the_first_loss_is_that_of_a_lost_target() -> None:
    timeline = samples.timeline(3, samples.REMOVED)
    assert lay_out(timeline).break_text == "first loss +4.5 s: lan0 to gateway 192.168.100.1, ARP"
    for target in timeline["targets"]:
        if target["losses"]:
            target["received"] = 0
    timeline["first_break"] = None
    shown = lay_out(timeline)
    assert (shown.break_x, shown.break_text) == (None, "lost from the start: lan0 to gateway 192.168.100.1, ARP")


def test_a_single_lost_packet_is_no_loss() -> None:
    timeline = samples.timeline(3, {"host_to_container/192.168.100.129": [[4.5, 5.0]]})
    shown = lay_out(timeline)
    assert ({lane.state for lane in shown.lanes}, shown.break_x, shown.break_text) == ({"ok"}, None, "")
