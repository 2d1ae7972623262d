# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the probes of a watch repaired by being sent."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.taught import FIRST, corrections

ADDRESS, OLD, NEW = "192.168.100.129", "02:00:00:00:00:01", "02:00:00:00:00:02"
TARGETS = [{"target": ADDRESS, "sent": 5, "from": {"namespace": "", "link": "lan0"}}]


def _changed(before: str, mac: str, after: float = 1.0, address: str = ADDRESS) -> dict:
    data = {"address": address, "mac": mac, "state": "REACHABLE", "router": False, "changed": {"mac": [before, mac]}}
    return {"kind": "neighbour", "action": "change", "after": after, "namespace": "", "link": "lan0", "data": data}


def test_an_entry_that_the_probes_corrected_is_said() -> None:
    (found,) = corrections([_changed(OLD, NEW)], TARGETS)
    assert (found.before, found.mac, found.after) == (OLD, NEW, 1.0)
    assert f"{ADDRESS} on lan0 at +1.0 s: it had {OLD} from before the watch" in found.text


def test_an_entry_that_was_given_up_first_is_the_same() -> None:
    (found,) = corrections([_changed(OLD, "", 8.0), _changed("", NEW, 9.0)], TARGETS)
    assert (found.before, found.mac) == (OLD, NEW)


def test_what_was_not_asked_came_late_or_is_the_same_again_is_nothing() -> None:
    for events in (
        [_changed(OLD, NEW, address="192.168.100.7")],
        [_changed(OLD, NEW, FIRST + 1)],
        [_changed(OLD, ""), _changed("", OLD, 2.0)],
        [_changed("", NEW)],
    ):
        assert not corrections(events, TARGETS)


def test_what_its_holder_announced_was_not_taught_by_a_probe() -> None:
    told = {"address": ADDRESS, "mac": NEW, "what": "announcement"}
    announced = {"kind": "arp", "action": "seen", "after": 0.9, "namespace": "", "link": "eth0", "data": told}
    assert not corrections([announced, _changed(OLD, NEW)], TARGETS)
