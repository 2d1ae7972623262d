# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts with an operating system of their own, of kind nspawn and vm: keys, and when they are ready."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable
from pathlib import Path

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.command import CommandFailed, run

from . import background, inventory, leader, managers, wiring
from .errors import LabError
from .state import State, cache
from .topology import Host

#: Seconds for one boot until everything answers. Ten are usual; a busy machine needs several times that.
PATIENCE = 400.0

#: The prefix for a command that runs on a host; LabError when the host does not run.
Inside = Callable[[State, Host], list[str]]

LAB = Path(__file__).resolve().parents[1]


def client_key() -> Path:
    """The private key for every host, generated on first use."""
    key = cache() / "ssh" / "id_ed25519"
    key.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with open(key.parent / ".lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not key.exists():
            _make_key(key, "linuxnet.macvlan lab")
    return key


def make_host_key(state: State, host: Host) -> str:
    """The host's own key; its line for known_hosts."""
    path = state.host(host.name) / "ssh_host_ed25519_key"
    _make_key(path, host.name)
    return f"{host.name} {' '.join(path.with_suffix('.pub').read_text(encoding='utf-8').split()[:2])}\n"


def _make_key(path: Path, comment: str) -> None:
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(path)])


def python_path() -> dict[str, str]:
    """The environment in which Python finds the lab and the collection."""
    return {"PYTHONPATH": os.pathsep.join([str(LAB), str(LAB.parents[1] / "collections")])}


def boots(state: State, host: Host) -> int:
    """How often the host has booted so far, counted when its containers are made."""
    try:
        return int((state.host(host.name) / "boots").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return 0


def wait(state: State, host: Host, inside: Inside, boots: int) -> None:
    """Return when the host has booted `boots` times and is ready. Errors: LabError."""
    directory = state.host(host.name)
    end = time.monotonic() + PATIENCE
    while True:
        try:
            missing = unready(state, host, inside, boots)
        except CommandFailed as error:  # no answer in time: the machine or the host is busy
            missing = str(error)
        if missing is None:
            return
        console = background.last_words(directory / "console.log")
        if leader.pid(directory, "supervisor") is None:
            raise LabError(f"{host.name}: ended while it booted. Last on its console: {console}")
        if time.monotonic() > end:
            raise LabError(f"{host.name}: not ready after {PATIENCE:.0f} s: {missing}. Last on its console: {console}")
        time.sleep(0.3)


def unready(state: State, host: Host, inside: Inside, expected: int) -> str | None:
    """What the host still lacks; None when it is ready. Errors: LabError when it never will be."""
    directory = state.host(host.name)
    if boots(state, host) < expected or leader.pid(directory) is None:
        return "it boots"
    enter = inside(state, host)
    system = run([*enter, "systemctl", "is-system-running"], check=False).out.strip()
    if system == "degraded":
        failed = run([*enter, "systemctl", "--failed", "--plain", "--no-legend", "--no-pager"], check=False).out
        units = [line.split()[0] for line in failed.splitlines()]
        only = [f"--unit={unit}" for unit in units]
        log = run([*enter, "journalctl", "--no-pager", "--lines=5", "--output=cat", *only], check=False).out
        raise LabError(f"{host.name}: failed units: {' '.join(units)}. Their log: {' | '.join(log.splitlines())}")
    if system != "running":
        return f"systemd is {system or 'not there yet'}"
    missing = wiring.missing_addresses(wiring.links(enter), host)
    if missing:
        return f"no {', '.join(missing)}"
    for nic in host.nics:
        question = managers.question(host.manager, nic.name)
        answer = run([*enter, *question], check=False).out if question else ""
        if not managers.owns(host.manager, nic.name, answer):
            return f"{host.manager} says of {nic.name}: {' '.join(answer.split())}"
    return _unreachable(state, host)


def _unreachable(state: State, host: Host) -> str | None:
    options = inventory.ssh_arguments(host, state, client_key())
    done = run(["ssh", *options, f"root@{host.name}", "true"], check=False, timeout=60)
    return None if done.rc == 0 else f"ssh: {done.err.strip()}"


def reboot(state: State, host: Host, inside: Inside) -> None:
    """Restart the host cleanly and return when it is ready again. Errors: LabError."""
    before = boots(state, host)
    if leader.pid(state.host(host.name), "supervisor") is None:
        raise LabError(f"{host.name} has lost its supervisor and cannot reboot. Remedy: `lab down`, then `lab up`.")
    run([*inside(state, host), "systemctl", "--no-block", "reboot"])
    wait(state, host, inside, before + 1)
