# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs that lived too short for /proc are named by the kernel's trace."""

from __future__ import annotations

import os
from collections.abc import Sequence

from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.processes.changed_links import ChangedLinks
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.processes.culprit import (
    BY_START,
    BY_TRACE,
    NO_PORT,
    Culprits,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.processes.executed import (
    FILTERS,
    ExecutedPrograms,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.processes.looks import Looks
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.processes.process import Process
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.processes.taken_down import TakenDown

LINES = (
    "  <...>-7783    [001] .....   102.000150: sched_process_exec: filename=/usr/sbin/ip pid=7783 old_pid=7783",
    "  <...>-7784    [001] .....   102.000150: net_dev_queue: dev=eth0 skbaddr=00000000 len=105",
    "cut off",
)


#: Three programs within 40 ms, recorded on Linux 6.18; the second has ended before anybody could read it.
THREE = """\
              ip-26774   [000] .....   459.005476: sched_process_exec: filename=/usr/sbin/ip pid=26774 old_pid=26774
              ip-26774   [000] .....   459.016142: sched_process_exit: comm=ip pid=26774 prio=120 group_dead=true
           <...>-26781   [001] .....   459.116968: sched_process_exec: filename=/usr/sbin/ip pid=26781 old_pid=26781
           <...>-26781   [001] b..1.   459.121351: qdisc_reset: dev=va kind=noqueue parent=ffff:ffff handle=0:0
           <...>-26781   [001] b..1.   459.121351: qdisc_reset: dev=va kind=noqueue parent=ffff:ffff handle=0:0
           <...>-26781   [001] .....   459.121444: sched_process_exit: comm=ip pid=26781 prio=120
              ip-26941   [001] .....   459.172686: sched_process_exec: filename=/usr/sbin/ip pid=26941 old_pid=26941
""".splitlines()


class Table:
    """Of processes: 26781 is known by its parent alone, and 26790 belongs to the watch."""

    def get(self, pid: int) -> Process | None:
        known = {26781: Process(26781, parent=5, unit="net.service"), 26790: Process(26790, parent=os.getpid())}
        return known.get(pid)


def programs(lines: Sequence[str] = LINES) -> ExecutedPrograms:
    found = ExecutedPrograms()
    found.take(lines)
    return found


def complete(found: ExecutedPrograms, events: list[dict], begin: float, lines: Sequence[str] = LINES) -> None:
    down = TakenDown()
    down.take(lines)
    links = ChangedLinks()
    links.take(lines)
    looks = Looks()
    for moment in (459.11, 459.1175, 459.9, 460.0):
        looks.add(moment)
    found.complete(events, begin, down, links, looks, Culprits(Table()))


def event(after: float, **more) -> dict:
    """A change of an address, unless something else is said."""
    plain = {"kind": "address", "action": "new", "link": "va", "data": {}}
    return {"after": after, "namespace": "", "process": None, "process_unknown": "it ended", **plain, **more}


def test_a_process_is_what_it_executed_just_before():
    assert programs().name(7783, 102.001) == "ip"
    assert programs().name(7783, 102.0) == "ip", "the change was noted first"
    assert not programs().name(7783, 101.0)
    assert not programs().name(7783, 120.0), "another process has that number now"
    assert not programs().name(1, 102.0)


def test_a_nameless_process_gets_its_name():
    process = {"pid": 7783, "name": "", "command": ""}
    named = event(2.001, process=process)
    complete(programs(), [named], 100.0)
    assert named["process"]["name"] == "ip"


def test_a_port_id_of_a_process_that_has_ended_is_enough():
    known = event(2.001, port=7783 | 3 << 22)
    inside, other = event(2.001, port=7783, namespace="c1"), event(2.001, port=99)
    complete(programs(), [known, inside, other, event(2.001)], 100.0)
    assert (known["process"]["name"], known["process"]["known_by"], known["process_unknown"]) == ("ip", BY_TRACE, "")
    assert inside["process"] is None, "a container counts its processes itself"
    assert other["process"] is None


def test_who_took_a_link_down_is_seen_in_its_process():
    read = {"pid": 26941, "name": "ip", "unit": None, "command": "ip route", "known_by": BY_START}
    changed = {"up": [True, False]}
    seen = event(59.122, kind="link", action="change", data={"changed": changed}, suspects=[read])
    complete(programs(THREE), [seen], 400.0, THREE)
    named = seen["process"]
    assert (named["pid"], named["name"], named["unit"], named["known_by"]) == (26781, "ip", "net.service", BY_TRACE)
    assert "suspects" not in seen


def test_what_had_ended_or_had_not_begun_is_not_suspected():
    def suspect(pid: int) -> dict:
        return {"pid": pid, "name": "ip", "unit": None, "command": "ip", "known_by": BY_START}

    seen = event(59.121, kind="link", process_unknown=NO_PORT, suspects=[suspect(26774), suspect(26941)])
    seen["suspects"][0]["pid"] = 26774
    complete(programs(THREE), [seen], 400.05, THREE)
    assert [(item["pid"], item["unit"], item["known_by"]) for item in seen["suspects"]] == [
        (26941, None, BY_START), (26781, "net.service", BY_TRACE),
    ], "both may have asked for it: a notification can be read late"  # fmt: skip
    early = event(59.121, kind="link", process_unknown=NO_PORT, suspects=[suspect(26774), suspect(26941)])
    complete(programs(THREE), [early], 400.0, THREE)
    assert [item["pid"] for item in early["suspects"]] == [26781]


def test_what_the_watch_itself_started_is_not_suspected():
    own = [line.replace("26781", "26790") for line in THREE]
    seen = event(59.122, kind="link", action="delete", process_unknown=NO_PORT)
    complete(programs(own), [seen], 400.0, own)
    assert (seen["process"], seen.get("suspects")) == (None, None)


def test_two_processes_at_once_and_the_kernel_itself_are_nobody():
    line = "              ip-{}   [001] b..1.   459.12{}351: qdisc_reset: dev=va kind=noqueue parent=0:0 handle=0:0"
    seen = event(59.122, kind="link", action="delete")
    found = TakenDown()
    found.take([line.format(7, 0), line.format(8, 1)])
    assert found.process(seen, 459.122) is None, "links of this name in two namespaces"
    kernel = TakenDown()
    kernel.take([THREE[3].replace("<...>", "kworker/0:1")])
    assert kernel.process(seen, 459.122) is None, "a cable that was pulled out"
    brought_up = event(59.122, kind="link", action="change", data={"changed": {"up": [False, True]}})
    assert found.process(brought_up, 459.122) is None


def test_the_trace_is_asked_for_programs_that_configure_networks_alone():
    assert 'filename ~ "*/ip"' in FILTERS["sched/sched_process_exec"]
    assert 'comm == "ip"' in FILTERS["sched/sched_process_exit"]
    assert all(len(text) < 4096 for text in FILTERS.values())


#: Two programs that changed links, a reader, and the kernel's own work, recorded on Linux 6.18.
CHANGES = """\
              ip-26774   [001] .....   459.116718: notifier_run: rtnetlink_event
              ip-26774   [001] .....   459.117718: notifier_run: rtnetlink_event
     kworker/0:1-77      [000] .....   459.117900: notifier_run: rtnetlink_event
              ip-26941   [001] .....   459.118000: sched_process_exec: filename=/usr/sbin/ip pid=26941 old_pid=26941
           <...>-26781   [001] .....   462.164151: notifier_run: rtnetlink_event
""".splitlines()


def test_who_changed_a_link_is_the_one_that_the_kernel_informed_its_parts_for():
    changed = {"arp": [True, False]}
    seen = event(59.118, kind="link", action="change", data={"changed": changed}, process_unknown=NO_PORT)
    complete(programs(CHANGES), [seen], 400.0, CHANGES)
    assert (seen["process"]["pid"], seen["process"]["known_by"], seen["process_unknown"]) == (26774, BY_TRACE, "")
    carrier = event(59.118, kind="link", action="change", data={"changed": {"carrier": [True, False]}})
    complete(programs(CHANGES), [carrier], 400.0, CHANGES)
    assert carrier["process"] is None, "the kernel does that by itself"


def test_a_change_between_two_looks_is_not_one_from_before_them():
    seen = event(62.2, kind="link", action="change", data={"changed": {"mac": ["a", "b"]}}, process_unknown=NO_PORT)
    complete(programs(CHANGES), [seen], 400.0, CHANGES)
    assert seen["process"]["pid"] == 26781


def test_two_that_changed_links_are_suspected_and_no_others():
    both = [*CHANGES[:4], CHANGES[4].replace("462.164", "459.117")]
    seen = event(59.118, kind="link", action="change", data={"changed": {"mtu": [1500, 1400]}}, process_unknown=NO_PORT)
    seen["suspects"] = [{"pid": 26941, "name": "ip", "unit": None, "command": "ip route", "known_by": BY_START}]
    complete(programs(both), [seen], 400.0, both)
    assert [item["pid"] for item in seen["suspects"]] == [26781, 26774]
