# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scenarios of network managers, and what is wrong with a diagnosis of them."""

from __future__ import annotations

from types import SimpleNamespace

from tests.faults.generated.managers import HARMLESS, HARMS, ManagedScenario, compose, wrong
from tests.faults.generated.terms import MOMENT
from tests.faults.lab import WEB1, WEB2

MANY = [compose(seed, index) for seed in range(1, 4) for index in range(100)]


def test_the_same_numbers_make_the_same_scenario():
    assert compose(7, 12).text == compose(7, 12).text
    assert len({item.text.split(": ")[1] for item in MANY}) > 20


def test_every_deed_is_done_and_harms_have_no_company_of_their_own_host():
    done = [deed for item in MANY for deed in item.deeds]
    assert {deed.what for deed in done} == {deed.what for deed in (*HARMS, *HARMLESS)}
    assert all(len({deed.host for deed in item.deeds}) == len(item.deeds) for item in MANY)


def said(scenario: ManagedScenario, *verdicts: tuple[str, str, str]) -> list[str]:
    items = [
        SimpleNamespace(status=status, host=host, cause=cause, summary="", culprit=None)
        for status, host, cause in verdicts
    ]
    confirmed = [item for item in items if item.status == "confirmed"]
    return [text.split(":")[0] for text in wrong(scenario, SimpleNamespace(verdicts=items, confirmed=confirmed), None)]


def test_cause_culprit_and_nothing_else_are_wanted():
    harm = next(deed for deed in HARMS if deed.host == WEB2 and deed.culprit)
    scenario = ManagedScenario(1, 0, (harm,), MOMENT)
    assert said(scenario) == [f"not named on {WEB2}"]
    assert said(scenario, ("confirmed", WEB2, "address_absent")) == ["another culprit, or none"]
    other = ("confirmed", WEB1, "gateway_dead")
    assert said(scenario, other)[1:] == [f"confirmed on {WEB1} and not there"]


def test_a_harmless_deed_raises_not_even_a_suspicion():
    scenario = ManagedScenario(1, 0, HARMLESS[:1], MOMENT)
    assert said(scenario, ("ruled_out", WEB1, "gateway_dead")) == []
    assert said(scenario, ("suspected", WEB1, "gateway_dead")) == [f"suspected on {WEB1} and not there"]
