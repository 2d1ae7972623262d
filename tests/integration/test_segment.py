# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The segment itself, on which the other tests rely."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from ansible_collections.linuxnet.macvlan.plugins.module_utils._confirm.proc import stat
from labkit import netns
from labkit.segment import ENTRIES, Segment

#: Makes a segment with a program in it and state of a module beside it, says so, and waits.
KILLED = """
import sys, time
sys.path[:0] = sys.argv[1:]
from labkit.segment import Segment
segment = Segment()
host = segment.host("h1", addresses=["192.168.100.11/24"])
host.memory.mkdir(parents=True)
program = host.start("sleep", "1000")
print(segment.prefix, program.pid, host.memory, flush=True)
time.sleep(1000)
"""


def test_container_reaches_the_lan_and_not_its_own_host(segment):
    host = segment.host("h1", addresses=["192.168.100.11/24"])
    other = segment.host("h2", addresses=["192.168.100.12/24"])
    container = host.container("c1", addresses=["192.168.100.129/24"])
    assert other.pings("192.168.100.129")
    assert container.pings("192.168.100.12")
    assert not container.pings("192.168.100.11"), "macvlan isolates parent and child by design"


def test_the_next_segment_removes_what_a_killed_process_has_left():
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, *sys.path], stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        prefix, program, memory = process.stdout.readline().split()
        with Segment():
            assert netns.names(f"{prefix}-"), "it is in use"
        os.kill(process.pid, signal.SIGKILL)
    assert Path(memory).exists()
    with Segment():
        assert netns.names(f"{prefix}-") == []
    assert not Path(memory).exists()
    assert stat(int(program))[2] in "ZX", "it has ended, whether or not anybody has asked for its status"
    assert not (ENTRIES / prefix).exists()
