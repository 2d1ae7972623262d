# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host says of its watch is read whatever it is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._live import state as states
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._live.state import NewsItem, WatchedHost

STATUS: dict[str, Any] = {
    "after": 3.5,
    "targets": 6,
    "answering": 5,
    "broken_for": 0.4,
    "news": [{"after": 3.1, "what": "route removed", "by": "ip (PID 7)"}],
    "more": 2,
    "comes_back": True,
}
STATE = WatchedHost("h1", states.WATCHING, 3.5, 6, 5, 0.4, (NewsItem(3.1, "route removed", "ip (PID 7)"),), 2, True)


def said(**changed: object) -> str:
    return f"7 {json.dumps({**STATUS, **changed})}\n"


def test_a_status_is_read_behind_what_else_the_host_prints() -> None:
    assert states.of_host("h1", f"Welcome to h1\n3 {{}}\n{said()}") == ("7", STATE)
    assert states.of_host("h1", said().replace("\n", "\r\n")) == ("7", STATE)


@pytest.mark.parametrize("output", ["", "no watch", "7 {", "7 []", "x {}", '7 {"after": ' + "[" * 100_000])
def test_what_is_no_status_is_none(output: str) -> None:
    assert states.of_host("h1", output) is None


@pytest.mark.parametrize("value", ["3", None, -1, True, float("nan"), [1]])
def test_what_is_no_number_is_zero(value: object) -> None:
    found = states.of_host("h1", said(targets=value, after=value))
    assert found is not None
    assert (found[1].targets, found[1].after) == (0, 0.0)


def test_text_of_a_host_is_cleaned_and_cut() -> None:
    news = [{"after": 1, "what": "\x1b[2Jlan0\n" + "x" * 300, "by": 5}] * 100
    found = states.of_host("h1", said(news=news))
    assert found is not None
    assert len(found[1].news) == states.NEWS_MAX
    assert found[1].news[0].what.startswith("\\x1b[2Jlan0\\nx")
    assert len(found[1].news[0].what) <= 200
    assert found[1].news[0].by == ""


def test_workers_pass_it_on_as_it_is() -> None:
    assert states.of_text(STATE.as_text()) == STATE
    assert states.of_text("[]") is None


def test_a_watch_that_is_over_says_what_it_has_found() -> None:
    revision, state = states.of_host("h1", said(over=True, broken_for=1.5)) or ("", STATE)
    assert (revision, state.phase, state.broken_for) == ("7", states.COLLECTING, 1.5)
