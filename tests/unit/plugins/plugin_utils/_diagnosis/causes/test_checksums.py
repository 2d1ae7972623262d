# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wrong checksums: what is confirmed, and what is close to it and is not."""

from __future__ import annotations

import pytest

from . import causes_cases as cases

CAUSE = "bad_checksum_offload"
STATION = "52:54:00:00:00:99"


def _experiment(fleet: dict, name: str, result: dict) -> None:
    cases.experiment(fleet, name, result)


def _answers(fleet: dict, *counts: tuple[int, int, int]) -> None:
    """Datagrams of each kind, and answers to those with and without a checksum, of host, first container, ..."""
    labels = ("", "web1-c1", "web1-c2")
    pairs = [
        {"namespace": label, "target": "192.168.100.1", "sent": sent, "summed": summed, "unsummed": unsummed}
        for label, (sent, summed, unsummed) in zip(labels, counts, strict=False)
    ]
    _experiment(fleet, "datagrams", {"pairs": pairs})


def _heard(fleet: dict, right: int, **wrong: int) -> None:
    """Frames with the right checksum, and with a wrong one by the last octet of their sender's MAC address."""
    senders = [
        {"mac": f"52:54:00:00:00:{octet[1:]}", "frames": frames, "examples": ["udp from 192.168.100.2 port 5 to ..."]}
        for octet, frames in wrong.items()
    ]
    _experiment(fleet, "checksums", {"seconds": 2.0, "right": right, "wrong": senders})


def _count(fleet: dict, name: str, number: int, after: float) -> None:
    where = {"namespace": "web1-c1", "link": ""}
    fleet["web1"]["watch"]["counters"].append({**where, "name": name, "before": 5, "after": 5 + number})
    cases.event(fleet, kind="counter", after=after, data={"name": name}, **where)


def test_a_gateway_that_answers_only_what_has_no_checksum_is_proof() -> None:
    fleet = cases.healthy()
    _answers(fleet, (3, 0, 3), (3, 0, 3), (1, 1, 0))
    found = cases.verdict(fleet, CAUSE)
    assert found.status == "confirmed"
    assert found.summary.startswith("TCP and UDP of web1, web1-c1 get a wrong checksum on the path")
    assert "answered none of 3 datagrams with a checksum, and 3 of 3 without" in found.evidence[0].value
    assert cases.confirmed(fleet) == {("web1", CAUSE)}


@pytest.mark.parametrize(
    ("counts", "status"),
    [
        ((1, 1, 0), "ruled_out"),
        ((2, 1, 1), "ruled_out"),  # the first was lost
        ((3, 0, 2), "not_tested"),  # the gateway answers some only
        ((3, 0, 0), "not_tested"),  # or none
    ],
)
def test_answers_that_are_missing_by_chance_prove_nothing(counts: tuple[int, int, int], status: str) -> None:
    fleet = cases.healthy()
    _answers(fleet, counts)
    assert cases.verdict(fleet, CAUSE).status == status


def test_wrong_frames_of_one_machine_name_it_where_others_are_right() -> None:
    fleet = cases.healthy()
    _answers(fleet, (1, 1, 0))
    _heard(fleet, 8, x99=7)
    assert cases.verdict(fleet, CAUSE).status == "suspected", "nothing was dropped"
    _count(fleet, "UdpInCsumErrors", 9, 1.4)
    found = cases.verdict(fleet, CAUSE)
    assert (found.status, found.after, found.culprit["mac"]) == ("confirmed", 1.4, STATION)
    assert "arrive on eth0 of web1 with wrong checksums, and 9 packets were dropped for that at +1.4 s" in found.summary
    fleet["web1"]["experiments"].pop()
    _heard(fleet, 0, x99=7, x01=4)
    found = cases.verdict(fleet, CAUSE)
    assert (found.status, found.culprit) == ("confirmed", None)
    assert "of 2 senders" in found.summary


def test_the_counter_alone_is_a_hint_and_single_frames_are_none() -> None:
    fleet = cases.healthy()
    _heard(fleet, 5, x99=1)
    _count(fleet, "TcpInCsumErrors", 1, 0.5)
    assert cases.verdict(fleet, CAUSE).status == "ruled_out"
    _count(fleet, "UdpInCsumErrors", 1, 0.5)
    assert cases.verdict(fleet, CAUSE).status == "suspected"
    fleet = cases.healthy()
    _heard(fleet, 0)
    assert cases.verdict(fleet, CAUSE).status == "not_tested"
    assert cases.verdict(cases.healthy(), CAUSE).status == "not_tested"
