# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The outcome of an undone change where places are full: the next one takes it. The log has it always."""

from __future__ import annotations

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._confirm import outcome

DATA = {"token": "a1", "reason": "no new connection", "undone": ["link lan0: remove"], "left": []}


@pytest.fixture
def places(tmp_path, monkeypatch):
    made = [tmp_path / name for name in ("run", "state", "config")]
    monkeypatch.setattr(outcome, "ELSEWHERE", tuple(map(str, made[1:])))
    return made


@pytest.fixture
def log(monkeypatch):
    lines = []
    monkeypatch.setattr(outcome.syslog, "syslog", lambda _level, text: lines.append(text))
    return lines


def refuse(place):
    """No file and no directory can be made there."""
    place.parent.mkdir(exist_ok=True)
    place.write_text("in the way")


def saved(places):
    base = str(places[0])
    outcome.save(base, f"{base}/net-7/confirm/outcome.json", DATA, "undone: link lan0: remove")
    return base, f"{base}/net-7/confirm/outcome.json"


@pytest.mark.parametrize("full", [0, 1, 2])
def test_the_first_place_that_takes_it_has_it_and_gives_it_back(places, log, full):
    for place in places[:full]:
        refuse(place)
    base, path = saved(places)
    assert outcome.load(base, path) == DATA
    found = [item for place in places[full:] for item in place.rglob("*.json")]
    assert [item.name for item in found] == (["outcome.json"] if full == 0 else ["net-7-confirm-outcome.json"])
    (line,) = log
    assert "a change of the network was undone: undone: link lan0: remove" in line
    assert ("net-7/confirm/outcome.json: " in line) == (full > 0)
    outcome.remove(base, path)
    assert outcome.load(base, path) == {}
    assert not [item for place in places[full:] for item in place.rglob("*.json")]


def test_where_no_place_takes_it_the_log_has_it(places, log):
    for place in places:
        refuse(place)
    with pytest.raises(OSError, match="run"):
        saved(places)
    assert len(log) == 1
    assert "undone: link lan0: remove" in log[0]


def test_a_long_one_is_whole_in_the_log(places, log):
    refuse(places[0])
    words = "; ".join(f"route {number}" for number in range(400))
    base = str(places[0])
    outcome.save(base, f"{base}/outcome.json", DATA, words)
    assert words in "".join(log)
    assert max(map(len, log)) <= outcome.LOG_MAX
