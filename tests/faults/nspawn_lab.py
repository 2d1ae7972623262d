# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same fleet on hosts with systemd, each with its own network manager, or its own kernel."""

from __future__ import annotations

import secrets
import subprocess
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from labkit import modules, wiring
from labkit.lab import Lab

from .lab import FLEET, GATEWAY, STATION, WEB1, WEB2, NamespaceLab

#: Host -> kind, operating system and manager.
Machines = Mapping[str, tuple[str, str, str]]

#: For faults.
NSPAWN: Machines = {WEB1: ("nspawn", "bookworm", "networkmanager"), WEB2: ("nspawn", "trixie", "networkd")}
#: For healthy runs.
IFUPDOWN_NONE: Machines = {WEB1: ("nspawn", "trixie", "ifupdown"), WEB2: ("nspawn", "bookworm", "none")}
NETPLAN: Machines = {WEB1: ("nspawn", "bookworm", "netplan"), WEB2: ("nspawn", "trixie", "networkmanager")}
#: For faults that need a kernel of their own: web1 has modules, and a second nic, eth1.
VM: Machines = {WEB1: ("vm", "bookworm", "none"), WEB2: ("nspawn", "trixie", "networkd")}


class Place:
    """A host, station or container of the lab."""

    def __init__(self, lab: Lab, name: str) -> None:
        self.lab = lab
        self.name = name

    def run(self, *argv: str, check: bool = True, **options) -> subprocess.CompletedProcess:
        return self.lab.exec(self.name, *argv, check=check, **options)

    def start(self, *argv: str, **options) -> subprocess.Popen:
        """Start a program there; text in and out."""
        return subprocess.Popen([*self.lab.entry(self.name), *argv], text=True, **options)

    def ip(self, *args: str, check: bool = True) -> subprocess.CompletedProcess:
        return self.run("ip", *args, check=check)

    def shell(self, script: str) -> str:
        return self.run("sh", "-ec", script).stdout

    def pings(self, address: str) -> bool:
        """Whether one of three pings is answered."""
        return self.run("ping", "-n", "-c", "3", "-i", "0.4", "-W", "1", address, check=False).returncode == 0


class NspawnLab(NamespaceLab):
    """The fleet on hosts of kind nspawn or vm, with persistent links. The collection's own code runs there."""

    def __init__(self, machines: Machines | None = None) -> None:
        self.declared = {name: host.networks for name, host in FLEET.items()}
        self.lab = Lab.up(topology(machines or NSPAWN), name=f"t{secrets.token_hex(4)}")
        try:
            self.gateway, self.station = Place(self.lab, "gateway"), Place(self.lab, "station")
            self.count_watching()
            self.hosts = {name: Place(self.lab, name) for name in FLEET}
            self.containers = {name: Place(self.lab, name) for name in self.lab.topology.containers}
            with ThreadPoolExecutor() as pool:
                list(pool.map(self._set_up, FLEET))
        except BaseException:
            self.close()
            raise

    def _set_up(self, host: str) -> None:
        modules.install(self.lab, host)
        self.deploy(host)

    def deploy(self, host: str, recreate: str = "never") -> None:
        """Exclude the links from NetworkManager, and make them, as `site.yml` does."""
        intent = self.intent(host)
        devices = {"devices": intent["unmanaged_devices"], "confirm_timeout": 0}
        links = {"links": intent["links"], "host_id": host, "confirm_timeout": 0, "recreate": recreate}
        for name, args in (("nm_unmanaged", devices), ("macvlan_link", links)):
            result = self.module(host, name, args)
            assert not result.get("failed"), result

    def module(self, host: str, name: str, args: dict) -> dict:
        return modules.run(self.lab, host, name, args)

    def remove_links(self, host: str) -> None:
        # or it would make the link again
        self.hosts[host].run("systemctl", "stop", "linuxnet-macvlan-lan0.service")
        super().remove_links(host)

    def make_links(self, host: str) -> None:
        for name in self._of(host):
            self.hosts[host].ip("netns", "delete", name)
        wiring.make_containers(self.lab.entry(host), self.lab.topology, self.lab.topology.hosts[host])
        self.deploy(host)

    def restart_container(self, name: str) -> None:
        """All containers of its host."""
        host = name.rsplit("-", maxsplit=1)[0]
        for one in self._of(host):
            self.hosts[host].ip("netns", "delete", one)
        wiring.make_containers(self.lab.entry(host), self.lab.topology, self.lab.topology.hosts[host])

    def reboot(self, host: str) -> None:
        """Restart a host and its containers."""
        self.lab.reboot(host)

    def cable(self, host: str, plugged: bool) -> None:
        """Pull the host's cable, or plug it in again."""
        self.lab.cable(host, "eth0", plugged)

    def close(self) -> None:
        self.lab.down()


def topology(machines: Machines) -> dict:
    """What `Lab.up` takes."""
    hosts = {}
    for name, (kind, system, manager) in machines.items():
        nics = [{"name": "eth0", "switch": "sw0", "addresses": [FLEET[name].parent_address], "gateway": GATEWAY}]
        nics += [{"name": "eth1", "switch": "sw0"}] if kind == "vm" else []
        hosts[name] = {"kind": kind, "os": system, "manager": manager, "nics": nics}
    containers = {
        f"{name}-c{number}": {"host": name, "parent": "eth0", "addresses": [f"{address}/24"], "gateway": GATEWAY}
        for name, host in FLEET.items()
        for number, address in enumerate(host.containers, 1)
    }
    stations = {"gateway": {"addresses": [f"{GATEWAY}/24"]}, "station": {"addresses": [f"{STATION}/24"]}}
    return {"switches": {"sw0": {}}, "stations": stations, "hosts": hosts, "containers": containers}
