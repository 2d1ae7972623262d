# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The order of a run: what is written is planned from what was read last."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._converge import run
from ansible_collections.linuxnet.macvlan.plugins.module_utils._converge.plan import plan
from ansible_collections.linuxnet.macvlan.plugins.module_utils._link.apply import ApplyFailed
from ansible_collections.linuxnet.macvlan.plugins.module_utils._link.steps import AddAddress

from .test_plan import DECLARED, GIVEN, MADE, OWN, declared


@pytest.fixture
def applied(monkeypatch):
    """The plans that were applied, and the state that each was made from."""
    found = []
    monkeypatch.setattr(run, "apply", lambda state, planned: found.append((state, planned)) or ["restart x"])
    monkeypatch.setattr(run._persistence, "release", lambda steps: ["ifdown lan0"] if steps == "release" else [])
    return found


def test_without_a_release_the_first_plan_is_applied(applied):
    planned = plan(DECLARED)
    assert run.change(DECLARED, planned) == ["restart x"]
    assert applied == [(DECLARED, planned)]


def test_after_a_release_the_host_is_read_and_planned_again(applied, monkeypatch):
    flushed = replace(MADE, facts=replace(MADE.facts, addresses=(), routes=()))
    monkeypatch.setattr(run, "read_again", lambda state, at_work: flushed if at_work else None)
    assert run.change(MADE, replace(plan(MADE), persistence="release")) == ["ifdown lan0", "restart x"]
    ((state, planned),) = applied
    assert state is flushed
    assert AddAddress("lan0", OWN) in planned.links


def test_what_never_settles_is_named_in_the_error(monkeypatch):
    monkeypatch.setattr(run, "SETTLE_TIMEOUT", 0)
    monkeypatch.setattr(run, "SETTLE_INTERVAL", 0)
    monkeypatch.setattr(run, "read_again", lambda state: state)
    with pytest.raises(ApplyFailed, match="this still differs: link lan0 mtu: 1500 -> 1400"):
        run.settle(replace(MADE, present=[declared(**GIVEN, mtu=1400)]))
    with pytest.raises(ApplyFailed, match="this is above the MTU of its parent eth0"):
        run.settle(replace(MADE, present=[declared(**GIVEN, mtu=9000)]))
