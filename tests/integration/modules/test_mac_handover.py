# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""MAC addresses that go from one link to another in one run, on a real kernel; and back, where nobody confirms."""

from __future__ import annotations

import pytest

from .test_confirm import change, outcome, state
from .test_macvlan_link import converges, declare, refused

MACS = [f"02:00:00:00:00:1{number}" for number in range(4)]


def link(number: int, mac: int, **more: object) -> dict[str, object]:
    address = f"192.168.100.{3 + number}"
    return {"name": f"lan{number}", "parent": "eth0", "mac": MACS[mac], "addresses": [address], **more}


BEFORE = [link(0, 0), link(1, 1), link(2, 2)]
#: What becomes of them.
HANDOVERS = {
    "to the next": [link(0, 3), link(1, 0), link(2, 2)],
    "along a chain": [link(0, 1), link(1, 2), link(2, 3)],
    "swapped": [link(0, 1), link(1, 0), link(2, 2)],
    "in a ring": [link(0, 2), link(1, 0), link(2, 1)],
    "to a new link": [link(0, 3), link(1, 1), link(2, 2), link(3, 0)],
    "to one that comes before": [link(3, 2), link(0, 0), link(1, 1), link(2, 3)],
    "of one that is removed": [{"name": "lan0", "state": "absent"}, link(1, 0), link(2, 1)],
    "of links that are down": [link(0, 1, up=False), link(1, 0, up=False), link(2, 2)],
    "swapped and made anew": [link(0, 1, bcqueuelen=2000), link(1, 0, mode="private"), link(2, 2)],
}


@pytest.fixture
def host(segment):
    made = segment.host("h1", addresses=["192.168.100.11/24"])
    declare(made, *BEFORE)
    return made


@pytest.mark.parametrize("wanted", HANDOVERS.values(), ids=HANDOVERS)
def test_handover(host, wanted):
    predicted = declare(host, *wanted, check=True)
    made = converges(host, *wanted, recreate="when_needed")
    assert predicted["messages"] == made["messages"]
    assert {item["name"]: host.mac(item["name"]) for item in wanted if "mac" in item} == {
        item["name"]: item["mac"] for item in wanted if "mac" in item
    }


def test_a_swap_that_nobody_confirms_is_undone(host):
    before = state(host)
    result = change(host, "a1", *HANDOVERS["in a ring"], timeout=1)
    assert result["changed"], result
    assert outcome(host, "a1")["left"] == []
    assert state(host) == before


def test_an_address_that_is_kept_is_refused(host):
    problems = refused(host, link(0, 1), link(2, 2))
    assert "lan1 has the same MAC address" in problems["links[0].mac"]
