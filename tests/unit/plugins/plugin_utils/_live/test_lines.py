# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is printed of many watches is little, and says each thing once."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._live import lines
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._live import state as states
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._live.lines import Said, fold
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._live.state import NewsItem, WatchedHost

LOSS = NewsItem(3.2, "no answer: 192.168.100.1", "")
EVENT = NewsItem(3.1, "route removed", "ip (PID 7)")


def host(name: str, phase: str = states.WATCHING, **known: object) -> WatchedHost:
    return WatchedHost(name, phase, **{"targets": 6, "answering": 6, "after": 4.0, **known})  # type: ignore[arg-type]


def test_how_things_stand_is_printed_when_it_changes() -> None:
    found, said = fold([host("h1"), host("h2", states.STARTING, targets=0)], 3, Said(), 100.0)
    assert found == ["watch: 1 of 3 hosts watched, 1 starting; 6 of 6 targets answer (+4 s)"]
    assert fold([host("h1", after=5.0), host("h2", states.STARTING)], 3, said, 101.0)[0] == []
    found, said = fold([host("h1", answering=5), host("h2", states.DONE)], 3, said, 102.0)
    assert found == ["watch: 1 of 3 hosts watched, 1 done; 5 of 6 targets answer (+4 s)"]


def test_it_is_printed_again_after_a_while() -> None:
    dummy, said = fold([host("h1")], 1, Said(), 100.0)
    assert fold([host("h1")], 1, said, 100.0 + lines.AGAIN)[0] == [
        "watch: 1 of 1 hosts watched; 6 of 6 targets answer (+4 s)"
    ]


def test_losses_and_events_are_printed_once_with_their_process() -> None:
    found, said = fold([host("h1", news=(EVENT,))], 1, Said(), 100.0)
    assert found[0] == "watch: h1 +3.1 s: route removed, by ip (PID 7)"
    found, said = fold([host("h1", news=(EVENT, LOSS), broken_for=0.1)], 1, said, 101.0)
    assert found == [
        "watch: h1 +3.2 s: no answer: 192.168.100.1",
        "watch: 1 of 1 hosts watched; 6 of 6 targets answer; broken: h1 (+4 s)",
    ]


def test_a_thousand_hosts_print_a_few_lines() -> None:
    fleet = [host(f"h{number}", news=(EVENT, LOSS), broken_for=0.1) for number in range(1000)]
    found, said = fold(fleet, 1000, Said(), 100.0)
    assert len(found) == lines.AT_ONCE + 2
    assert found[-2] == "watch: and 1995 more on 998 hosts, which the report lists"
    assert found[-1].endswith("broken: h0, h1, h2, h3, h4 and 995 more (+4 s)")
    total = len(found)
    for number in range(2, 50):
        fleet = [host(f"h{index}", news=(EVENT, LOSS) * number) for index in range(1000)]
        found, said = fold(fleet, 1000, said, 100.0 + number)
        total += len(found)
    assert total < 3 * lines.IN_ALL
