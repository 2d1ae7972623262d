# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing that a module has started goes on once its change is undone, whoever has ended the module."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._confirm import hung
from ansible_collections.linuxnet.macvlan.plugins.module_utils._confirm.proc import stat

#: A module with a program that has a program of its own; it says their PIDs.
MODULE = """
import os, subprocess, sys, time
os.environ["LINUXNET_MACVLAN_CHANGE"] = sys.argv[1]
child = subprocess.Popen(["sh", "-c", "sleep 60 & echo $!; wait"], stdout=subprocess.PIPE, text=True)
print(child.pid, child.stdout.readline(), flush=True)
time.sleep(60)
"""


def module(token: str) -> tuple[subprocess.Popen, hung.RunningModule, list[int]]:
    process = subprocess.Popen([sys.executable, "-c", MODULE, token], stdout=subprocess.PIPE, text=True)
    pids = [int(word) for word in process.stdout.readline().split()]
    return process, hung.RunningModule(process.pid, stat(process.pid)[1]), pids


def alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists() and stat(pid)[2] not in "ZX"


@pytest.mark.parametrize("what", ["hangs", "is stopped", "was killed"])
def test_module_and_what_it_started_are_ended(what: str) -> None:
    process, running, pids = module("a1")
    other, _running, others = module("a2")
    try:
        assert len(pids) == 2
        if what == "is stopped":
            os.kill(process.pid, signal.SIGSTOP)
        elif what == "was killed":
            process.kill()
            process.wait()
        assert hung.end(None if what == "was killed" else running, "a1")
        assert not any(alive(pid) for pid in (process.pid, *pids))
        assert all(alive(pid) for pid in (other.pid, *others)), "those of another change go on"
        assert hung.end(running, "a1"), "once more there is nothing"
    finally:
        hung.end(_running, "a2")
        for one in (process, other):
            one.wait()
            one.stdout.close()


def test_a_process_that_only_has_the_same_pid_is_left_alone() -> None:
    with subprocess.Popen(["sleep", "60"]) as process:
        while not stat(process.pid)[1]:
            time.sleep(0.01)
        assert hung.end(hung.RunningModule(process.pid, stat(process.pid)[1] - 1), "a1")
        assert process.poll() is None
        process.kill()
