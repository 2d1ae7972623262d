# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several runs at once on one host: none undoes what another has had confirmed; one that hangs is undone."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from .seeds import seeds
from .test_confirm import LINK, ROOT, ask, change, left, made_by_a_run, state, until, until_nobody_works_on

#: A run that waits at a named place, ``read``, ``plan`` or a number of a write, until a file is there.
PAUSED = """
import itertools, json, os, sys, time, typing
sys.path.insert(0, sys.argv[1])
from ansible_collections.linuxnet.macvlan.plugins.module_utils._confirm import request
from ansible_collections.linuxnet.macvlan.plugins.module_utils._converge import run as convergence
from ansible_collections.linuxnet.macvlan.plugins.module_utils._link import steps
where, place, token, timeout, making, links = sys.argv[2:]
request.MAKING = float(making)
writes = itertools.count()
module = os.getpid()

def pause():
    open(f"{where}.reached", "w").close()
    while not os.path.exists(where):
        time.sleep(0.02)

def pausing(call, wanted):
    def paused(*arguments):
        done = call(*arguments)
        if os.getpid() == module and wanted() == place:
            pause()
        return done
    return paused

convergence.read = pausing(convergence.read, lambda: "read")
convergence.plan = pausing(convergence.plan, lambda: "plan")
for step in typing.get_args(steps.Step):
    step.write = pausing(step.write, lambda: str(next(writes)))
options = convergence.ConvergeOptions(json.loads(links), host_id="web1")
try:
    result = convergence.converge(options, request=request.Request(token, int(timeout)))
except Exception as error:
    result = {"failed": True, "msg": str(error)}
print(json.dumps(result))
"""


class Run:
    """A run in the background, held at a place."""

    def __init__(self, host, directory, place, token, links, *, timeout=30, making=30.0) -> None:
        self.at = Path(directory, token)
        words = [str(ROOT / "collections"), str(self.at), place, token, str(timeout), str(making), json.dumps(links)]
        self.process = subprocess.Popen(
            ["ip", "netns", "exec", host.netns, sys.executable, "-c", PAUSED, *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def reached(self) -> bool:
        return Path(f"{self.at}.reached").exists() or self.process.poll() is not None

    def go_on(self) -> None:
        self.at.touch()

    def result(self) -> dict:
        out, err = self.process.communicate(timeout=180)
        assert out, err
        return json.loads(out)


@pytest.fixture
def host(segment):
    return made_by_a_run(segment)


NEW = {"name": "lan1", "parent": "eth0", "addresses": ["192.168.100.4"], "routes": []}


@pytest.mark.parametrize("place", ["read", "plan", "0"])
def test_a_run_plans_from_what_the_other_has_made(host, tmp_path, place):
    """B has read, A makes the same link and is confirmed; B must not fail on it, nor undo it."""
    b = Run(host, tmp_path, place, "b1", [NEW])
    until(b.reached)
    with ThreadPoolExecutor(1) as pool:
        a = pool.submit(change, host, "a1", {**NEW, "mac": "02:00:00:00:00:77"}, timeout=60)
        time.sleep(1.5)
        b.go_on()
        second = b.result()
        assert not second.get("failed"), second["msg"]
        assert ask(host, "b1")[0] == "confirmed"
        first = a.result()
    assert not first.get("failed"), first["msg"]
    assert ask(host, "a1")[0] == "confirmed"
    until_nobody_works_on(host)
    assert host.link("lan1")["address"] == "02:00:00:00:00:77"
    assert not change(host, "c1", {**NEW, "mac": "02:00:00:00:00:77"})["changed"]
    assert left(host) == []


@pytest.mark.parametrize("seed", seeds(3))
def test_of_any_runs_at_once_the_last_one_is_what_is_there(segment, seed):
    """Three runs with other declarations of the same names; some are confirmed, some are not, some fail."""
    generator = random.Random(seed)
    host = made_by_a_run(segment)
    before = state(host)
    declarations = []
    for number in range(3):
        links = [
            {**LINK, "mode": generator.choice(["bridge", "private"]), "mtu": generator.choice([1400, 1500])},
            {**NEW, "mac": f"02:00:00:00:00:7{number}", "state": generator.choice(["present", "present", "absent"])},
        ]
        if generator.random() < 0.3:
            links[1]["routes"] = [{"destination": "10.0.0.0/8", "gateway": "1.2.3.4"}]  # the kernel refuses it
        declarations.append(links)
    waits = [(generator.random(), generator.choice([1, 60])) for _number in range(3)]
    confirmed = []

    def run(number):
        pause, timeout = waits[number]
        time.sleep(pause)
        token = f"t{number}"
        result = change(host, token, *declarations[number], timeout=timeout)
        if "confirm" in result and timeout == 60:
            assert ask(host, token)[0] == "confirmed"
            confirmed.append(number)
        return result

    with ThreadPoolExecutor(3) as pool:
        results = list(pool.map(run, range(3)))
    until_nobody_works_on(host)
    for result in results:
        if result.get("failed"):
            assert "unreachable" in result["msg"], result["msg"]
            assert "NOT undone" not in result["msg"]
    # Nothing that was not confirmed is there; what is there is one whole declaration.
    wanted = declarations[confirmed[-1]] if confirmed else None
    if wanted is None:
        assert state(host) == before
    else:
        assert not change(host, "end", *wanted, check=True)["changed"], (confirmed, results)
    change(host, "", *declarations[0][:1])
    assert left(host) == []


def test_a_run_that_hangs_is_ended_and_undone(host, tmp_path):
    before = state(host)
    run = Run(host, tmp_path, "1", "a1", [{**LINK, "mode": "private"}, NEW], timeout=1, making=1.0)
    until(run.reached)
    os.killpg(run.process.pid, signal.SIGSTOP)
    other = change(host, "b1", {**LINK, "mtu": 1400}, timeout=60)
    assert not other.get("failed"), other["msg"]
    assert "the change was not complete within 2 s, so its module was ended" in str(other["warnings"])
    assert run.process.wait(timeout=60) == -signal.SIGKILL
    assert ask(host, "b1")[0] == "confirmed"
    change(host, "", LINK)
    until_nobody_works_on(host)
    assert state(host)["links"] == before["links"]


#: nm_unmanaged on a host with a NetworkManager that does not run. It hangs where it would wait for its effect, and
#: starts a program that writes what is undone, again and again.
HANGING = """
import os, subprocess, sys
sys.path.insert(0, sys.argv[1])
from ansible_collections.linuxnet.macvlan.plugins.module_utils._confirm import request
from ansible_collections.linuxnet.macvlan.plugins.module_utils._nm import config, daemon, plan, unmanaged
path, writer = sys.argv[2:]
request.MAKING = 1.0
config.LOCAL = os.path.dirname(path)
config.DIRECTORIES = (config.VENDOR, config.RUNTIME, config.LOCAL)
status = daemon.Status(True, False, "1.42.4", "NetworkManager does not run")
unmanaged.gather = lambda path: plan.NMFacts(status, unmanaged.read(path), access=unmanaged.access(path))
applied = unmanaged.apply

def hang(*arguments):
    applied(*arguments)
    subprocess.run(["sh", "-c", writer, "sh", path])

unmanaged.apply = hang
unmanaged.run("present", ["interface-name:lan0"], path, True, False, request.Request("a1", 1))
"""
#: It is a tree that grows: what a loop has started writes a second later, whatever has become of the loop.
WRITER = """
for loop in 1 2 3; do
    while :; do { sleep 1; echo again > "$1"; } & sleep 0.02; done &
done
wait
"""


def test_an_exclusion_that_hangs_is_ended_and_undone(segment, tmp_path):
    host = segment.host("h1", addresses=["192.168.100.11/24"])
    path = tmp_path / "99-lan0.conf"
    path.write_text("# Managed by Ansible: linuxnet.macvlan. Changes made here are overwritten.\nbefore\n")
    before = path.read_text()
    argv = [sys.executable, "-c", HANGING, str(ROOT / "collections"), str(path), WRITER]
    process = host.start(*argv)
    until(lambda: path.read_text() == "again\n" or process.poll() is not None)
    until_nobody_works_on(host)
    assert process.wait(timeout=60) == -signal.SIGKILL
    time.sleep(1.2)
    assert path.read_text() == before
    state, outcome = ask(host, "a1")
    assert state == "undone"
    assert "the change was not complete within 2 s, so its module was ended" in outcome["reason"]
    assert outcome["left"] == []


@pytest.mark.parametrize(
    ("timeout", "named"),
    [
        (0, "another run changes this host (PID {pid}, token a1, since "),
        (30, "another change of this host is not confirmed yet (token a1: link lan1: "),
    ],
)
def test_who_holds_the_host_is_named(host, tmp_path, timeout, named):
    run = Run(host, tmp_path, "0", "a1", [NEW], timeout=timeout)
    until(run.reached)
    script = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from ansible_collections.linuxnet.macvlan.plugins.module_utils._confirm import lock, request\n"
        "lock.PATIENCE = 0.5\n"
        "try:\n"
        "    with lock.held(request.Request('b1', 0)): print('held')\n"
        "except lock.Busy as error: print(error)\n"
    )
    script = script.replace("PATIENCE = 0.5", f"PATIENCE = 0.5 - {timeout}")
    said = host.run(sys.executable, "-c", script, str(ROOT / "collections")).stdout
    run.go_on()
    run.result()
    assert named.format(pid=run.process.pid) in said
    assert "link lan1: " in said
    if timeout:
        assert ask(host, "a1")[0] == "confirmed"
    assert host.run(sys.executable, "-c", script, str(ROOT / "collections")).stdout == "held\n"
