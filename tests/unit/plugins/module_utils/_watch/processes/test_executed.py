# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs that lived too short for /proc are named by the kernel's trace."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.processes.executed import (
    BY_TRACE,
    FILTER,
    ExecutedPrograms,
)

LINES = [
    "  <...>-7783    [001] .....   102.000150: sched_process_exec: filename=/usr/sbin/ip pid=7783 old_pid=7783",
    "  <...>-7784    [001] .....   102.000150: net_dev_queue: dev=eth0 skbaddr=00000000 len=105",
    "cut off",
]


def programs() -> ExecutedPrograms:
    found = ExecutedPrograms()
    found.take(LINES)
    return found


def event(after: float, **more) -> dict:
    return {"after": after, "namespace": "", "process": None, "process_unknown": "it ended", **more}


def test_a_process_is_what_it_executed_just_before():
    assert programs().name(7783, 102.001) == "ip"
    assert programs().name(7783, 102.0) == "ip", "the change was noted first"
    assert not programs().name(7783, 101.0)
    assert not programs().name(7783, 120.0), "another process has that number now"
    assert not programs().name(1, 102.0)


def test_a_nameless_process_gets_its_name():
    process = {"pid": 7783, "name": "", "command": ""}
    named = event(2.001, process=process)
    programs().complete([named], 100.0)
    assert named["process"]["name"] == "ip"


def test_a_port_id_of_a_process_that_has_ended_is_enough():
    known = event(2.001, port=7783 | 3 << 22)
    inside, other = event(2.001, port=7783, namespace="c1"), event(2.001, port=99)
    programs().complete([known, inside, other, event(2.001)], 100.0)
    assert (known["process"]["name"], known["process"]["known_by"], known["process_unknown"]) == ("ip", BY_TRACE, "")
    assert inside["process"] is None, "a container counts its processes itself"
    assert other["process"] is None


def test_the_trace_is_asked_for_programs_that_configure_networks_alone():
    assert 'filename ~ "*/ip"' in FILTER
    assert len(FILTER) < 4096
