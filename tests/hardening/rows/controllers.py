# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controllers that are killed at any task of site.yml, or slow."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from labkit import netns_host
from labkit.lab import Lab
from tests.hardening import ROOT
from tests.hardening.row import Row, Tally
from tests.integration.hosts import playbooks

TOPOLOGY = ROOT / "tests" / "lab" / "topologies" / "demo-netns.yml"
PLAYBOOK = Path(sys.executable).parent / "ansible-playbook"
HOSTS = ("h1", "h2")
#: What each run changes, in turn.
MTUS = (1400, 1300)
QUICK = {"macvlan_networks": [], "verify_soak_seconds": 1, "verify_interval": 0.2}
#: Seconds that a slow controller takes before each connection to a host; a host waits 30 for a confirmation.
SLOW, TIMEOUTS = 40, (30, 120)
PLAY = """
- hosts: h1
  gather_facts: false
  tasks:
    - linuxnet.macvlan.macvlan_link:
        links: [{name: lan0, parent: eth0, mac: "02:00:00:00:00:10", addresses: [192.168.100.3]}]
        confirm_timeout: "{{ seconds }}"
"""


@contextlib.contextmanager
def lab() -> Iterator[Lab]:
    made = Lab.up(TOPOLOGY, name=f"hc{secrets.token_hex(4)}")
    try:
        yield made
    finally:
        made.down()


def declared(mtu: int) -> dict[str, object]:
    address = "{{ '192.168.100.3' if inventory_hostname == 'h1' else '192.168.100.4' }}"
    return {**QUICK, "macvlan_links": [{"name": "lan0", "parent": "eth0", "mtu": mtu, "addresses": [address]}]}


def killed_at(made: Lab, mtu: int, task: int) -> str:
    """Run site.yml, and kill it with all that it has started as soon as it says the name of a task; that name."""
    argv = [PLAYBOOK, "playbooks/site.yml", "-i", made.inventory_path, "-e", json.dumps(declared(mtu))]
    process = subprocess.Popen(
        argv, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True,
        env={**os.environ, "ANSIBLE_NOCOLOR": "1", "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    number, name = 0, ""
    for line in process.stdout or ():
        if line.startswith("TASK ["):
            number, name = number + 1, line.strip(" *\n")
        if number == task:
            break
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return name


def kill(tally: Tally) -> None:
    with lab() as made:
        first = playbooks.run("site", made.inventory_path, **declared(MTUS[1]))
        assert first.rc == 0, first.output[-2000:]
        tasks = list(range(1, 1 + first.output.count("\nTASK [")))
        tally.random.shuffle(tasks)
        while tally.more():
            task = tasks[tally.count % len(tasks)]
            mtu = MTUS[tally.count % 2]
            tally.count += 1
            name = killed_at(made, mtu, task)
            for wanted in ("repairs", "changes nothing"):
                done = playbooks.run("site", made.inventory_path, **declared(mtu))
                if done.rc or (wanted != "repairs" and any(done.changed.values())):
                    tally.broke("lost", f"after {name} the next run {wanted}: {done.changed} {done.output[-1500:]}")
    tally.measured = f"site.yml has {len(tasks)} tasks there; 2 hosts in namespaces"


def slow(tally: Tally) -> None:
    with lab() as made, tempfile.TemporaryDirectory() as directory:
        play, python = Path(directory, "play.yml"), Path(directory, "python")
        play.write_text(PLAY, encoding="ascii")
        inside = netns_host.interpreter(made.state, "h1")
        # Only a controller's own time: the module itself is as fast as ever.
        python.write_text(f'#!/bin/sh\nsleep {SLOW}\nexec {inside} "$@"\n', encoding="ascii")
        python.chmod(0o755)
        while tally.more():
            timeout = TIMEOUTS[tally.count % len(TIMEOUTS)]
            tally.count += 1
            variables = {"seconds": timeout, "ansible_python_interpreter": str(python)}
            done = subprocess.run(
                [PLAYBOOK, play, "-i", made.inventory_path, "-e", json.dumps(variables)],
                cwd=ROOT, capture_output=True, text=True, check=False, env={**os.environ, "ANSIBLE_NOCOLOR": "1"},
            )  # fmt: skip
            why = wrong(made, timeout > SLOW, done)
            if why:
                tally.broke("failed", f"{timeout} s: {why} {done.stdout[-1500:]}")
            made.exec("h1", "ip", "link", "delete", "lan0", check=False)
    tally.measured = f"{SLOW} s before each connection; confirm_timeout {', '.join(map(str, TIMEOUTS))}"


def wrong(made: Lab, confirmed: bool, done: subprocess.CompletedProcess[str]) -> str:
    """What is not as it should be, empty where all is."""
    there = made.exec("h1", "ip", "link", "show", "lan0", check=False).returncode == 0
    if confirmed:
        return "" if there and done.returncode == 0 else "it was not confirmed in time"
    return "" if not there and "so this host undid it" in done.stdout else "it was not undone, or nobody said so"


ROWS = [
    Row(
        "controllers/killed",
        "a controller is killed at any task of site.yml: the next run repairs what it left, the one after it changes"
        " nothing",
        kill,
        wanted=40,
    ),
    Row(
        "controllers/slow",
        f"a controller takes {SLOW} s for each connection: a change whose confirm_timeout is shorter is undone and its"
        " task says so, any other is confirmed",
        slow,
        wanted=len(TIMEOUTS),
    ),
]
