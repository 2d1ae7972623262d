# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lab: started from a topology, used, removed.

lab = Lab.up("tests/lab/topologies/demo.yml")
lab.exec("h1", "ip", "address").stdout
lab.inventory_path
lab.down()
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import yaml

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.command import CommandFailed

from . import (
    cgroups,
    images,
    inventory,
    leader,
    machine,
    netns,
    netns_host,
    nspawn_host,
    real_host,
    state,
    vm_host,
    wiring,
)  # fmt: skip
from .errors import LabError
from .topology import Host, Topology, load, parse

#: Starts and restarts a host, and gives the prefix for commands on it.
KINDS = {"netns": netns_host, "nspawn": nspawn_host, "vm": vm_host}


def _quiet(message: str) -> None:
    """Discards progress messages."""


class Lab:
    """A lab by its name; `Lab.up` starts one."""

    def __init__(self, name: str, say: Callable[[str], None] = _quiet) -> None:
        self.name = name
        self.state = state.State(name)
        self.say = say

    @classmethod
    def up(cls, topology: str | Path | dict, name: str | None = None, say: Callable[[str], None] = _quiet) -> Lab:
        """Start a lab and return when every host is ready; an equal lab that is up is kept.

        Errors: InvalidInput for a wrong topology, LabError when the lab cannot start (then nothing is left behind).
        """
        data = topology if isinstance(topology, dict) else load(topology)
        data = json.loads(json.dumps(data, default=str))  # in the stored form, for comparison
        plan = parse(data)
        lab = cls(name or ("lab" if isinstance(topology, dict) else Path(topology).stem), say)
        machine.require_root()
        with lab.state.locked():
            if lab._is_up_with(data):
                say(f"lab {lab.name} is up already")
                return lab
            lab._remove()
            machine.prepare({host.kind for host in plan.hosts.values()})
            try:
                lab._make(data, plan)
            except BaseException as error:
                lab._remove()
                if isinstance(error, CommandFailed):
                    raise LabError(str(error)) from error
                raise
        return lab

    @property
    def topology(self) -> Topology:
        """Errors: LabError when the lab is not up."""
        known = self.state.load()
        if not known:
            raise LabError(f"lab {self.name} is not up. Remedy: `lab up TOPOLOGY.yml --name {self.name}`.")
        return parse(known["topology"])

    @property
    def inventory_path(self) -> Path:
        return self.state.inventory

    def entry(self, name: str) -> list[str]:
        """The prefix for a command that runs on a host, station, container or switch of this lab."""
        plan = self.topology
        if name in plan.hosts:
            return KINDS[plan.hosts[name].kind].inside(self.state, plan.hosts[name])
        if name in plan.containers:
            return [*self.entry(plan.containers[name].host), "ip", "netns", "exec", name]
        if name in plan.stations or name in plan.switches:
            return ["ip", "netns", "exec", self.state.netns(name)]
        known = [*plan.hosts, *plan.stations, *plan.containers, *plan.switches]
        raise LabError(f"lab {self.name} has no {name!r}. Remedy: use one of {', '.join(known)}.")

    def exec(self, name: str, *argv: str, check: bool = True, **options) -> subprocess.CompletedProcess:
        """Run a program there; text in and out."""
        return subprocess.run([*self.entry(name), *argv], check=check, capture_output=True, text=True, **options)

    def reboot(self, *names: str) -> None:
        """Restart hosts, all at once: fresh kernel state, same files, containers restarted."""
        plan = self.topology
        for name in names:
            if name not in plan.hosts:
                raise LabError(f"lab {self.name} has no host {name!r}. Remedy: use one of {', '.join(plan.hosts)}.")
        with self.state.locked(), ThreadPoolExecutor(len(names)) as pool:
            hosts = [plan.hosts[name] for name in names]
            results = [pool.submit(KINDS[host.kind].reboot, self.state, plan, host) for host in hosts]
            for result in results:
                result.result()

    def cable(self, name: str, nic: str, plugged: bool) -> None:
        """Unplug the cable of a nic of a host or station, or plug it in: the nic loses or gets its carrier."""
        plan = self.topology
        found = next((item for item in plan.machines() if item.name == name), None)
        wire = next((item for item in found.nics if item.name == nic), None) if found else None
        if found is None or wire is None:
            known = ", ".join(f"{item.name} {one.name}" for item in plan.machines() for one in item.nics)
            raise LabError(f"lab {self.name} has no nic {nic!r} on {name!r}. Remedy: use one of {known}.")
        wiring.cable(self.state, found, wire, plugged)
        if name in plan.hosts and plan.hosts[name].kind == "vm":
            vm_host.cable(self.state, plan.hosts[name], wire, plugged)

    def down(self) -> None:
        """Remove the lab completely, also after a crash."""
        machine.require_root()
        with self.state.locked():
            self._remove()

    def kill(self) -> None:
        """End every process of the lab, also while its lock is held; `down` does the rest."""
        machine.require_root()
        cgroups.remove(self.name)
        for name in netns.names(f"{state.PREFIX}.{self.name}."):
            netns.kill(netns.pids(name))

    def rows(self) -> list[tuple[str, ...]]:
        """Name, kind, os, manager, state and addresses of every host, station and container."""
        plan = self.topology
        rows = [(host.name, self._kind(host), host.os or "-", host.manager) for host in plan.hosts.values()]
        rows += [(name, "station", "-", "-") for name in plan.stations]
        rows += [(item.name, "container", f"on {item.host}", "-") for item in plan.containers.values()]
        return [(*row, *self._seen(row[0])) for row in rows]

    def _kind(self, host: Host) -> str:
        return f"vm ({vm_host.accelerator(self.state, host)})" if host.kind == "vm" else host.kind

    def _seen(self, name: str) -> tuple[str, str]:
        try:
            shown = self.exec(name, "ip", "-brief", "address", "show", check=True)
        except (LabError, subprocess.CalledProcessError):
            return "down", ""
        words = [word for line in shown.stdout.splitlines() if not line.startswith("lo ") for word in line.split()[2:]]
        return "up", " ".join(word for word in words if "/" in word and not word.startswith("fe80:"))

    def _is_up_with(self, data: dict) -> bool:
        known = self.state.load()
        if not known:
            return False
        roles = {"netns": ("leader",), "nspawn": ("leader", "supervisor"), "vm": ("leader", "supervisor")}
        dead = [
            host.name
            for host in parse(known["topology"]).hosts.values()
            if any(leader.pid(self.state.host(host.name), role) is None for role in roles[host.kind])
        ]
        if known["phase"] != "up" or dead:
            self.say(f"lab {self.name} is incomplete: making it anew")
            return False
        if known["topology"] != data:
            raise LabError(f"lab {self.name} is up with another topology. Remedy: `lab down --name {self.name}` first.")
        return True

    def _make(self, data: dict, plan: Topology) -> None:
        real = [host for host in plan.hosts.values() if host.kind != "netns"]
        images.ensure({(str(host.os), host.manager, host.engine) for host in real}, self.say)
        vm_host.prepare([host for host in real if host.kind == "vm"], self.say)
        self.state.save("starting", data)
        for name in plan.hosts:
            (self.state.host(name) / "disk").mkdir(parents=True)
        for switch in plan.switches.values():
            netns.make_switch(self.state.netns(switch.name), switch)
        for station in plan.stations.values():
            wiring.plug_in(self.state, station)
            wiring.configure(self.state, station)
        self._write_inventory(plan, real)
        self._start_hosts(plan)
        self.state.save("up", data)

    def _start_hosts(self, plan: Topology) -> None:
        if not plan.hosts:
            return
        with ThreadPoolExecutor(len(plan.hosts)) as pool:
            results = [pool.submit(self._start, plan, host) for host in plan.hosts.values()]
            try:
                for result in as_completed(results):
                    result.result()
            except BaseException:
                self._remove()  # the threads of the other hosts end with their hosts
                raise

    def _start(self, plan: Topology, host: Host) -> None:
        began = time.monotonic()
        KINDS[host.kind].start(self.state, plan, host)
        self.say(f"{host.name} is ready ({time.monotonic() - began:.1f} s)")

    def _write_inventory(self, plan: Topology, real: list[Host]) -> None:
        if real:
            known = "".join(real_host.make_host_key(self.state, host) for host in real)
            state.write(self.state.known_hosts, known)
        data = inventory.render(plan, self.state, real_host.client_key() if real else Path())
        state.write(self.state.inventory, yaml.safe_dump(data, sort_keys=False, width=1000))

    def _remove(self) -> None:
        cgroups.remove(self.name)
        for name in netns.names(f"{state.PREFIX}.{self.name}."):
            netns.delete(name)
        self.state.remove()


def leftovers() -> list[str]:
    """Labs by their files, namespaces and control groups, any of which may be missing after a crash."""
    found = {name.split(".")[1] for name in netns.names(f"{state.PREFIX}.")}
    return sorted(found | cgroups.names() | set(state.names()))


def run_in_place(argv: list[str]) -> None:
    """Become another program, which gets terminal and signals and sets the exit status."""
    os.execvp(argv[0], argv)
