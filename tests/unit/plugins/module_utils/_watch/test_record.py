# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.record import (
    EVENTS_MAX,
    OF_ONE_KIND_MAX,
    Budget,
    Record,
)


def test_a_storm_of_one_kind_leaves_room_for_the_others():
    record = Record()
    for number in range(EVENTS_MAX):
        record.add(number, "route", "new", "", "eth0", "a route", {})
    record.add(9, "address", "delete", "", "eth0", "an address", {})
    assert [item["kind"] for item in record.events] == ["route"] * OF_ONE_KIND_MAX + ["address"]
    (limit,) = record.limits
    assert limit.startswith(f"{EVENTS_MAX - OF_ONE_KIND_MAX} more route events were only counted")


def test_no_more_events_than_are_promised_are_kept():
    record = Record()
    for number in range(2 * EVENTS_MAX):
        record.add(number, f"kind {number % 10}", "new", "", "", "", {})
    assert len(record.events) == EVENTS_MAX


def test_a_budget_is_a_rate_with_a_burst():
    budget = Budget(rate=10, burst=5)
    assert [budget.take(100.0) for dummy in range(7)] == [True] * 5 + [False] * 2
    assert [budget.take(100.2) for dummy in range(3)] == [True, True, False]
    assert [budget.take(200.0) for dummy in range(6)] == [True] * 5 + [False]
