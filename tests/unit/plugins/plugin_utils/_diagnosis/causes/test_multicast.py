# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Multicasts of neighbour discovery that a switch drops: what is confirmed, and what is close to it and is not."""

from __future__ import annotations

import pytest

from . import causes_cases as cases

GATEWAY = "2001:db8:100::1"


def _solicit(fleet: dict, multicast: int, broadcast: int) -> None:
    result = {"gateway": GATEWAY, "link": "eth0", "sent": 3, "multicast": multicast, "broadcast": broadcast}
    cases.experiment(fleet, "solicit", result)


def _lose(fleet: dict) -> None:
    """The gateway's IPv6 address was asked for too, and never answered."""
    targets = fleet["web1"]["watch"]["targets"]
    copied = next(item for item in targets if item["kind"] == "gateway_from_link")
    targets.append({**copied, "id": "six", "target": GATEWAY, "received": 0, "first_loss": 0.0, "losses": [[0.0, 3.0]]})


def test_a_gateway_that_answers_only_broadcasts_is_confirmed() -> None:
    fleet = cases.healthy()
    _solicit(fleet, 0, 3)
    assert cases.verdict(fleet, "multicast_snooping").status == "suspected", "nothing is lost yet"
    cases.lose(fleet, "gateway_from_link")
    assert cases.verdict(fleet, "multicast_snooping").status == "suspected", "IPv4 is something else"
    _lose(fleet)
    found = cases.verdict(fleet, "multicast_snooping")
    assert (found.status, found.after) == ("confirmed", None)
    assert [item.value for item in found.evidence[:2]] == [
        f"{GATEWAY} answered 0 of 3 solicitations by multicast",
        f"{GATEWAY} answered 3 of 3 solicitations by broadcast",
    ]


@pytest.mark.parametrize(
    ("multicast", "broadcast", "status"),
    [(3, 3, "ruled_out"), (1, 3, "ruled_out"), (3, 0, "ruled_out"), (0, 0, "not_tested"), (0, 1, "suspected")],
)
def test_answers_to_multicasts_rule_it_out_and_silence_proves_nothing(
    multicast: int, broadcast: int, status: str
) -> None:
    fleet = cases.healthy()
    _solicit(fleet, multicast, broadcast)
    _lose(fleet)
    assert cases.verdict(fleet, "multicast_snooping").status == status


def test_a_network_without_ipv6_is_not_tested() -> None:
    assert cases.verdict(cases.healthy(), "multicast_snooping").status == "not_tested"
