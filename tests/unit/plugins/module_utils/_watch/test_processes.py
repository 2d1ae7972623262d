# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import contextlib
import os
import selectors
import struct
import subprocess
import sys
from dataclasses import replace

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.processes import connector
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.processes.connector import EXEC, FORK
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.processes.culprit import socket_of, user_of
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.processes.process import Process, read, unit_of
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.processes.seen import SeenProcesses
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.record import (
    EVENTS_MAX,
    OF_ONE_KIND_MAX,
    Budget,
    Record,
)


def event(what: int, *numbers: int) -> bytes:
    """struct nlmsghdr, struct cn_msg, struct proc_event."""
    body = struct.pack("=IIQ", what, 0, 0) + struct.pack(f"={len(numbers)}i", *numbers)
    return bytes(16) + bytes(20) + body


def test_process_events():
    assert connector.parse(event(EXEC, 812, 812)) == (EXEC, 812, 0)
    assert connector.parse(event(FORK, 1, 1, 900, 900)) == (FORK, 1, 900)
    assert connector.parse(event(FORK, 1, 1, 901, 900)) is None, "a thread"
    assert connector.parse(event(0x80000000, 1, 1, 0, 0)) is None, "an exit"
    assert connector.parse(b"short") is None


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        pytest.param("0::/system.slice/NetworkManager.service\n", "NetworkManager.service", id="unified"),
        pytest.param(
            "5:cpu,cpuacct:/a.service\n1:name=systemd:/system.slice/cron.service\n0::/\n", "cron.service", id="hybrid"
        ),
        pytest.param("0::/user.slice/user-0.slice/session-3.scope\n", "session-3.scope", id="session"),
        pytest.param(
            "0::/user.slice/user-0.slice/user@0.service/app.slice/fix.service\n", "fix.service", id="user's own unit"
        ),
        pytest.param("0::/system.slice/docker-0123.scope/init\n", "docker-0123.scope", id="below a unit"),
        pytest.param("0::/\n", "", id="no systemd"),
        pytest.param("", "", id="no cgroups"),
    ],
)
def test_the_unit_of_a_process(text, unit):
    assert unit_of(text) == unit


def test_a_live_process_is_read():
    argv = [sys.executable, "-c", "print(flush=True); input()", "an argument"]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        child.stdout.readline()
        found = read(child.pid)
        child.communicate(b"\n")
    assert (found.pid, found.parent, found.own_pid) == (child.pid, os.getpid(), child.pid)
    assert found.command.endswith("input() an argument")
    assert read(child.pid) is None


def test_process_that_left_its_cgroup_has_the_unit_of_its_parent():
    selector = selectors.DefaultSelector()
    seen = SeenProcesses(selector, lambda dummy: None, lambda dummy: None)
    seen._older[os.getpid()] = Process(os.getpid(), unit="cron.service")
    argv = [sys.executable, "-c", "print(flush=True); input()"]
    with contextlib.closing(selector), contextlib.closing(seen):
        child = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        child.stdout.readline()
        found = Process(child.pid, parent=os.getpid(), command="python")
        assert seen.complete(found).unit == "", "it lives outside of all units"
        child.stdin.close()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert seen.complete(found) == replace(found, unit="cron.service")
        child.wait()


def test_the_socket_with_a_port_id():
    table = (
        "sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode\n"
        "0000000000000000 16  812        00000000 0        0        0     2        0        11\n"
        "0000000000000000 0   4294963200 00000551 0        0        0     2        0        12\n"
        "0000000000000000 0   812        00000551 0        0        0     2        0        13\n"
    )
    assert socket_of(table, 812) == 13
    assert socket_of(table, 4294963200) == 12
    assert socket_of(table, 7) is None
    assert socket_of("", 7) is None


def test_socket_opened_by_init_belongs_to_its_program():
    init = Process(1, name="systemd", command="/usr/lib/systemd/systemd", own_pid=1)
    service = Process(46, name="systemd-network", command="/usr/lib/systemd/systemd-networkd", own_pid=46)
    # init has forked to start something else, which has all that init has open until then
    child = Process(540, name="systemd", command=init.command, own_pid=540)
    assert user_of([init, service, child]) == service
    assert user_of([init, child]) == init
    assert user_of([service]) == service
    assert user_of([]) is None


def test_a_storm_of_one_kind_leaves_room_for_the_others():
    record = Record()
    for number in range(EVENTS_MAX):
        record.add(number, "route", "new", "", "eth0", "a route", {})
    record.add(9, "address", "delete", "", "eth0", "an address", {})
    assert [item["kind"] for item in record.events] == ["route"] * OF_ONE_KIND_MAX + ["address"]
    (limit,) = record.limits
    assert limit.startswith(f"{EVENTS_MAX - OF_ONE_KIND_MAX} more route events were only counted")


def test_no_more_events_than_are_promised_are_kept():
    record = Record()
    for number in range(2 * EVENTS_MAX):
        record.add(number, f"kind {number % 10}", "new", "", "", "", {})
    assert len(record.events) == EVENTS_MAX


def test_a_budget_is_a_rate_with_a_burst():
    budget = Budget(rate=10, burst=5)
    assert [budget.take(100.0) for dummy in range(7)] == [True] * 5 + [False] * 2
    assert [budget.take(100.2) for dummy in range(3)] == [True, True, False]
    assert [budget.take(200.0) for dummy in range(6)] == [True] * 5 + [False]
