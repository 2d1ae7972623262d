# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Promiscuous mode that brings answers: what is confirmed, and what is close to it and is not."""

from __future__ import annotations

import pytest

from . import causes_cases as cases

CAUSE = "promisc_needed"


def _silence(fleet: dict) -> None:
    """Of this port's MAC addresses only the parent's is answered."""
    made = next(item for item in fleet["web1"]["experiments"] if item["id"] == "gateway_ask")["result"]
    for item in made["asked"]:
        if item["vantage"] != "parent":
            item["answered"] = []


def _tried(fleet: dict, promiscuous: int, after: int | None) -> None:
    """A new link was not answered, and then asked in promiscuous mode."""
    _silence(fleet)
    result = {"gateway": "192.168.100.1", "mac": "02:6c:6e:00:00:01", "sent": 2}
    result.update(promiscuous=promiscuous, after=after)
    cases.experiment(fleet, "promiscuous", result)


def test_answers_in_promiscuous_mode_alone_are_proof() -> None:
    fleet = cases.healthy()
    cases.lose(fleet, "gateway_from_link", at=1.5)
    change = {"changed": {"promiscuity": [2, 1]}}
    cases.event(fleet, link="eth0", after=1.4, what="eth0: promiscuity from 2 to 1", data=change)
    _tried(fleet, 2, 0)
    found = cases.verdict(fleet, CAUSE)
    assert (found.status, found.after) == ("confirmed", 1.5)
    assert found.remedy.startswith("ip link set eth0 promisc on")
    assert "eth0: promiscuity from 2 to 1" in [item.value for item in found.evidence]


def test_it_explains_why_no_other_mac_address_is_answered() -> None:
    fleet = cases.healthy()
    _silence(fleet)
    cases.lose(fleet, "gateway_from_link", at=0)
    assert cases.verdict(fleet, "mac_filtering_upstream").status == "confirmed"
    _tried(fleet, 2, 0)
    assert cases.confirmed(fleet) == {("web1", CAUSE)}
    assert cases.verdict(fleet, "mac_filtering_upstream").explained_by == CAUSE


@pytest.mark.parametrize(
    ("answers", "lost", "status"),
    [
        ((0, None), True, "ruled_out"),
        ((1, 0), True, "suspected"),
        ((2, 1), True, "suspected"),  # it may have begun to answer by itself
        ((2, 0), False, "suspected"),
    ],
)
def test_answers_at_other_times_prove_less(answers: tuple, lost: bool, status: str) -> None:
    fleet = cases.healthy()
    if lost:
        cases.lose(fleet, "gateway_from_link", at=0)
    _tried(fleet, *answers)
    assert cases.verdict(fleet, CAUSE).status == status


def test_a_new_link_that_is_answered_needs_no_experiment() -> None:
    fleet = cases.healthy()
    assert cases.verdict(fleet, CAUSE).status == "ruled_out"
    _silence(fleet)
    assert cases.verdict(fleet, CAUSE).status == "not_tested"
