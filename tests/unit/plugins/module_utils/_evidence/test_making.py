# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When experiments are made: during the watch, after it, in turns, or not at all."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence import making
from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.experiments.model import (
    ASKING,
    REPAIRING,
    Experiment,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.experiments.turns import Turn

CONTEXT = making.Context(SimpleNamespace(network=SimpleNamespace(name="lan0")))


class Made:
    """Experiments that note in which order they end."""

    def __init__(self, monkeypatch) -> None:
        self.order: list[str] = []
        self.released = threading.Event()
        known = (
            Experiment("hears", "", self.note("hears"), listens=True),
            Experiment("asks", "", self.note("asks")),
            Experiment("in_turns", "", self.late, in_turns=True),
            Experiment("repairs", "", self.last, phase=REPAIRING, early=self.early),
        )
        assert known[1].phase == ASKING
        monkeypatch.setattr(making, "EXPERIMENTS", known)

    def note(self, name: str):
        def run(dummy_context):
            self.order.append(name)
            return {}

        return run

    def late(self, context):
        self.released.wait(60)
        return self.note("in_turns")(context)

    def early(self, dummy_context):
        self.order.append("before the repair")
        return SimpleNamespace(close=lambda: self.order.append("closed"))

    def last(self, context):
        """What was asked is known; what has a turn may still be under way."""
        assert {item["id"] for item in context.made} == {"hears", "asks"}
        self.released.set()
        return self.note("repairs")(context)


@pytest.fixture
def made(monkeypatch) -> Made:
    return Made(monkeypatch)


def outcome(found: list) -> dict[str, bool]:
    return {item["id"]: item["ran"] for item in found}


def test_repairs_do_not_wait_for_what_has_a_turn(made):
    found = making.experiments([CONTEXT], True, Turn(), making.DuringWatch([], []), [])
    assert outcome(found) == {"hears": True, "asks": True, "in_turns": True, "repairs": True}
    assert [item for item in made.order if item in {"repairs", "in_turns"}] == ["repairs", "in_turns"]


@pytest.mark.parametrize("turn", [Turn(), Turn(0, 2)])
def test_what_is_asked_before_a_repair_is_asked_just_before_it(made, turn):
    making.experiments([CONTEXT], True, turn, making.DuringWatch([], []), [])
    assert ("before the repair" in made.order) == (turn == Turn())
    assert made.order.count("closed") == made.order.count("before the repair")


def test_a_healthy_host_of_a_broken_fleet_takes_no_turn(made):
    found = making.experiments([CONTEXT], True, None, making.DuringWatch([], []), [])
    assert outcome(found) == {"hears": True, "asks": True, "in_turns": False, "repairs": True}
    assert next(item["why_not"] for item in found if item["id"] == "in_turns") == making.SPARED


def test_what_was_heard_during_the_watch_is_not_made_again(made):
    listening = making.DuringWatch([CONTEXT], [])
    listening.start(lambda dummy_seconds: False, lambda: True)
    making.experiments([CONTEXT], True, Turn(), listening, [])
    assert made.order.count("hears") == 1


def test_what_was_heard_long_ago_is_heard_again(made, monkeypatch):
    monkeypatch.setattr(making, "FRESH", -1.0)
    listening = making.DuringWatch([CONTEXT], [])
    listening.start(lambda dummy_seconds: False, lambda: True)
    making.experiments([CONTEXT], True, Turn(), listening, [])
    assert made.order.count("hears") == 2


def test_nothing_is_heard_where_nothing_breaks(made):
    listening = making.DuringWatch([CONTEXT], [])
    listening.start(lambda dummy_seconds: True, lambda: False)
    assert (listening.heard(making.EXPERIMENTS[0], "lan0"), made.order) == (None, [])
