# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import contextlib
import os
import selectors
import shutil
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.processes import seen as _seen
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.processes.connector import EXEC
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.processes.process import Process, read, unit_of
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.processes.seen import SeenProcesses
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.record import Budget


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
    assert found.command == f"{sys.executable} -c …"
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


def test_programs_that_configure_networks_are_known_however_many_others_start(tmp_path):
    program = shutil.copy(shutil.which("sleep"), tmp_path / "ip")
    started = []
    selector = selectors.DefaultSelector()
    seen = SeenProcesses(selector, started.append, lambda dummy: None)
    with contextlib.closing(selector), contextlib.closing(seen):
        seen._reads = Budget(0, 0)
        with subprocess.Popen([program, "60"]) as child, subprocess.Popen(["sleep", "60"]) as other:
            seen._take(EXEC, child.pid, 0)
            seen._take(EXEC, other.pid, 0)
            child.kill()
            other.kill()
    assert [item.pid for item in started] == [child.pid]


def test_programs_that_ended_before_they_were_read_are_counted():
    limits = []
    selector = selectors.DefaultSelector()
    seen = SeenProcesses(selector, lambda dummy: None, limits.append)
    with contextlib.closing(selector), contextlib.closing(seen):
        begin = time.monotonic()
        child = subprocess.Popen(["true"])
        child.wait()
        seen._take(EXEC, child.pid, 0)
        assert seen.missed(begin) == 1
        assert seen.missed(time.monotonic()) == 0
    assert not [text for text in limits if "were started" in text]


def test_a_program_that_entered_a_network_namespace_and_ended_is_among_the_recent_ones(monkeypatch):
    outside, inside, elsewhere = 1, 2, 3
    reads = [Process(7, name="ip", command="ip netns exec web1 ip link", network=outside), None]
    monkeypatch.setattr(_seen, "read", lambda dummy: reads.pop(0))
    monkeypatch.setattr(_seen, "name_of", lambda dummy: "ip")
    monkeypatch.setattr(_seen, "has_ended", lambda dummy: False)
    selector = selectors.DefaultSelector()
    seen = SeenProcesses(selector, lambda dummy: None, lambda dummy: None)
    with contextlib.closing(selector), contextlib.closing(seen):
        seen._take(EXEC, 7, 7)
        assert not list(seen.recent(0.0, {inside}))
        seen._take(EXEC, 7, 7)
        assert [item.pid for item in seen.recent(0.0, {inside})] == [7]
        seen._take(EXEC + 1, 7, 8)
        reads[:] = [Process(8, name="ip", network=elsewhere)]
        seen._take(EXEC, 8, 8)
        assert [item.pid for item in seen.recent(0.0, {inside})] == [7]
