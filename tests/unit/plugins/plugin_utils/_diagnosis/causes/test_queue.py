# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Broadcasts that the parent's queue drops: what is confirmed, and what is close to it and is not."""

from __future__ import annotations

import pytest

from . import causes_cases as cases


def _heard(fleet: dict, link: str, count: int, asked: str = "192.168.100.3") -> None:
    data = {
        "what": "request", "address": "192.168.100.2", "mac": "52:54:00:00:00:02", "asked": asked, "incoming": True,
        "own_mac": False, "count": count, "last": 2.0,
    }  # fmt: skip
    cases.event(fleet, kind="arp", action="seen", link=link, after=0.5, data=data)


def _dropped(fleet: dict, number: int) -> None:
    fleet["web1"]["watch"]["counters"].append(
        {"namespace": "", "link": "eth0", "name": "rx_dropped", "before": 7, "after": 7 + number}
    )


def _room(fleet: dict, frames: int) -> None:
    for space in fleet["web1"]["after"]["namespaces"]:
        for link in space["links"]:
            if link["kind"] == "macvlan":
                link["bcqueuelen"] = frames


def test_requests_heard_by_the_parent_alone_are_confirmed_with_drops() -> None:
    fleet = cases.healthy()
    _room(fleet, 10)
    _heard(fleet, "eth0", 9)
    _heard(fleet, "lan0", 3)
    _dropped(fleet, 50)
    found = cases.verdict(fleet, "broadcast_queue_overflow")
    assert [dict(step.values) for step in found.steps] == [{"bcqueuelen": 1000}]
    assert "bcqueuelen: 1000" in found.remedy
    assert (found.status, found.after) == ("confirmed", 0.5)
    assert found.summary.startswith("6 of 9 ARP requests that arrived on eth0 never reached lan0 on web1")
    assert "bcqueuelen 10" in found.summary
    fleet["web1"]["watch"]["limits"].append("700 more arp events were only counted: 2000 are kept, 500 of a kind")
    assert cases.verdict(fleet, "broadcast_queue_overflow").status == "suspected", "not all of ARP was seen"


@pytest.mark.parametrize(
    ("parent", "link", "dropped", "asked"),
    [
        (9, 9, 50, "192.168.100.3"),  # others' broadcasts, or frames of an unknown kind
        (9, 8, 50, "192.168.100.3"),  # the last one was on its way
        (9, 3, 0, "192.168.100.3"),  # the link's own business
        (9, 0, 50, "192.168.100.129"),  # may have been sent to the container alone
        (9, 0, 50, "192.168.100.11"),  # likewise to the parent
    ],
)
def test_drops_or_missing_requests_alone_prove_nothing(parent: int, link: int, dropped: int, asked: str) -> None:
    fleet = cases.healthy()
    _heard(fleet, "eth0", parent, asked)
    if link:
        _heard(fleet, "lan0", link, asked)
    _dropped(fleet, dropped)
    assert cases.verdict(fleet, "broadcast_queue_overflow").status == "ruled_out"


def test_a_queue_without_any_room_is_suspected_before_anybody_asks() -> None:
    fleet = cases.healthy()
    assert cases.verdict(fleet, "broadcast_queue_overflow").status == "ruled_out"
    _room(fleet, 0)
    assert cases.verdict(fleet, "broadcast_queue_overflow").status == "suspected"
    cases.own_link(fleet, "lan0")["bcqueuelen"] = 1000
    assert cases.verdict(fleet, "broadcast_queue_overflow").status == "ruled_out", "the largest one counts"


def test_a_link_that_changed_or_is_down_is_not_compared() -> None:
    fleet = cases.healthy()
    _heard(fleet, "eth0", 9)
    _dropped(fleet, 50)
    cases.event(fleet, link="lan0", what="lan0 is up")
    assert cases.verdict(fleet, "broadcast_queue_overflow").status == "not_tested"
    cases.own_link(fleet, "lan0")["up"] = False
    assert cases.verdict(fleet, "broadcast_queue_overflow").status == "ruled_out"
