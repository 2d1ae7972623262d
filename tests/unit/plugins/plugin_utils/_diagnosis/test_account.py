# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The account of a broken target: its pattern in time, its edge, and whom to ask."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.account import Account, accounts
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.rhythm import of_losses

from .causes import causes_cases as cases


@pytest.mark.parametrize(
    ("losses", "received", "expected"),
    [
        ([], 0, ("constant", None)),
        ([[2.0, 60.0]], 4, ("constant", None)),
        ([[2.0, 4.0]], 50, ("once", None)),
        ([[1.0, 1.5], [4.0, 4.6], [7.1, 7.5], [10.0, 10.5]], 50, ("periodic", 3.0)),
        ([[1.0, 1.5], [2.0, 2.6], [17.1, 17.5], [18.0, 18.5]], 50, ("random", None)),
        ([[1.0, 1.5], [4.0, 4.6]], 50, ("random", None)),
    ],
)
def test_the_pattern_in_time(losses: list[list[float]], received: int, expected: tuple[str, float | None]) -> None:
    assert of_losses(losses, received, 60.0) == expected


def located(fleet: dict[str, Any]) -> list[Account]:
    return accounts(fleet["web1"], [], {})


def test_the_edge_is_the_port_where_the_parent_is_answered_and_the_link_is_not() -> None:
    fleet = cases.healthy()
    cases.lose(fleet, "gateway_from_link", at=1.0)
    [found] = located(fleet)
    assert found.edge == ("link", "switch")
    assert found.name == "lan0 to gateway 192.168.100.1, ARP"
    assert found.text == (
        "lan0 to gateway 192.168.100.1, ARP: lost for good at +1.0 s (50 % lost), between lan0 and the switch port of"
        " eth0"
    )
    assert "accept the MAC address of lan0" in found.ask


def test_a_container_is_named_and_looked_at() -> None:
    fleet = cases.healthy()
    cases.lose(fleet, "container_to_host", at=0.0)
    found = located(fleet)
    assert {item.edge for item in found} == {("container:web1-c1", "link"), ("container:web1-c2", "link")}
    assert found[0].name == "container web1-c1 to the host 192.168.100.3, ping"
    assert (found[0].after, found[0].when) == (None, "never answered")
    assert "container web1-c1" in found[0].ask


def test_what_the_diagnosis_itself_changed_is_no_reason() -> None:
    fleet = cases.healthy()
    cases.lose(fleet, "gateway_from_parent", at=2.0)
    cases.event(fleet, after=1.9, what="by itself", process=cases.process("python", self=True))
    cases.event(fleet, after=1.2, what="much earlier than a probe and a second", link="eth0")
    cases.event(fleet, after=1.8, what="eth0 went down", link="eth0")
    assert located(fleet)[0].before[0] == "at +1.80 s eth0 went down, 0.20 s before the first loss"
    assert not any("by itself" in text for text in located(fleet)[0].before)
