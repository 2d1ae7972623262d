# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import copy
import json

from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import limits as _limits
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.limits import RESULT_MAX, bounded


def size(value):
    return len(json.dumps(value))


def conflict(number, status="in_use", holders=1):
    holder = {"mac": "02:00:00:00:00:01", "kind": "reply", "owner": "foreign", "where": None, "text": "x" * 200}
    return {"address": f"192.0.2.{number}", "status": status, "holders": [dict(holder) for dummy in range(holders)]}


def test_a_small_result_is_the_same_object():
    result = {"changed": False, "results": [conflict(number) for number in range(20)]}
    assert bounded(result) is result


def test_a_large_one_is_cut_and_says_so_and_what_is_rare_stays():
    result = {
        "results": [conflict(number) for number in range(5000)] + [conflict(1, "duplicate")],
        "overrun": ["before"],
    }
    cut = bounded(copy.deepcopy(result))
    assert size(cut) <= RESULT_MAX
    left_out = len(result["results"]) - len(cut["results"])
    assert cut["overrun"] == ["before", f"{left_out} of results are left out: the result would have been too large"]
    assert cut["results"][0] == result["results"][0]
    assert cut["results"][-1]["status"] == "duplicate", "many of one status displace no other"


def test_what_the_host_has_stays_whole_and_leaves_room_for_what_others_say():
    links = [{"name": f"eth{number}", "text": "x" * 500} for number in range(1000)]
    events = [{"kind": "arp", "what": "y" * 500} for dummy in range(2000)]
    cut = bounded({"system": {"links": links}, "watch": {"events": events}, "problems": []}, "problems")
    assert cut["system"]["links"] == links
    assert RESULT_MAX // 4 < size(cut["watch"]["events"]) < RESULT_MAX
    assert cut["problems"] == [
        f"{2000 - len(cut['watch']['events'])} of watch.events are left out: the result would have been too large"
    ]


def test_pairs_are_never_cut():
    data = {"changed": {"mac": ["02:00:00:00:00:01", "02:00:00:00:00:02"]}, "text": "x" * 900}
    events = [{"kind": "arp", "data": data} for dummy in range(2000)]
    assert all(event["data"] == data for event in bounded({"events": events})["events"])


NAMES = [*sorted(_limits._FOREIGN), "addresses"]
LEAVES = st.one_of(
    st.integers(), st.none(), st.text(max_size=20), st.integers(0, 40).map(lambda number: "x" * 25 * number)
)
ITEMS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.dictionaries(st.sampled_from([*NAMES, "status", "what"]), inner, max_size=4), st.lists(inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from(NAMES), st.tuples(ITEMS, st.integers(0, 3000)), max_size=3))
def test_whatever_others_say_the_result_is_small_and_keeps_its_shape(given_lists):
    result = {"changed": False, **{name: [item] * number for name, (item, number) in given_lists.items()}}
    cut = bounded(json.loads(json.dumps(result)))
    assert size(cut) <= RESULT_MAX
    assert set(cut) - {"overrun"} == set(result)
    assert ("overrun" in cut) == (size(result) > RESULT_MAX)
    for name, (dummy, number) in given_lists.items():
        assert min(number, _limits.SHORT) <= len(cut[name]) <= number
