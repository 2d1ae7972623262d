# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One host of the matrix: its link as declared, and how long after an event it is so again."""

from __future__ import annotations

import json
import subprocess
import time
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from labkit import modules, netns, vm_host, wiring
from labkit.lab import Lab
from labkit.topology import Host, Nic

from .rows import Row

PROBE = Path(__file__).with_name("probe.py").read_text(encoding="utf-8")

LINK, PARENT = "lan0", "eth0"

#: Seconds that a recovery may take, of a watch, and of the pause between two checks.
LIMIT, WINDOW, PAUSE = 5.0, 8.0, 0.2

#: Seconds that a host that boots under emulation has to be as declared before an event begins.
READY = 60.0


class Unfit(Exception):
    """The host is not as declared before the event, so the event proves nothing."""


@dataclass(frozen=True)
class Recovery:
    """seconds: from the end of an event until all checks passed for good.

    wrong: what was wrong last. whole: whether nothing was wrong at the end.
    """

    seconds: float
    wrong: list[str] = field(default_factory=list)
    whole: bool = True

    @property
    def green(self) -> bool:
        return self.whole and self.seconds <= LIMIT


def topology(rows: list[Row]) -> dict:
    """One switch, a gateway, and a host with one container for each row."""
    nic = {"name": PARENT, "switch": "sw0", "gateway": "192.168.100.1"}
    hosts = {
        row.name: {
            "kind": row.kind,
            "os": row.system,
            "manager": row.manager,
            "nics": [{**nic, "addresses": [f"192.168.100.{11 + row.number}/24"]}],
        }
        for row in rows
    }
    containers = {
        f"c{row.number}": {"host": row.name, "addresses": [f"{container(row)}/24"], "gateway": "192.168.100.1"}
        for row in rows
    }
    stations = {"gateway": {"addresses": ["192.168.100.1/24"]}}
    return {"switches": {"sw0": {}}, "stations": stations, "hosts": hosts, "containers": containers}


def container(row: Row) -> str:
    return f"192.168.100.{129 + 4 * row.number}"


class Place:
    """A host in its lab. `declared` is the input of the module, `expected` the resulting state of the kernel."""

    def __init__(self, lab: Lab, row: Row) -> None:
        self.lab = lab
        self.row = row
        #: Runs from the first watch on: it takes seconds to start on a busy machine, and an event does not wait.
        self._probe: subprocess.Popen | None = None

    @property
    def host(self) -> Host:
        return self.lab.topology.hosts[self.row.name]

    @property
    def nic(self) -> Nic:
        return self.host.nics[0]

    def shell(self, script: str, check: bool = True) -> str:
        done = self.lab.exec(self.row.name, "sh", "-c", script, check=False)
        if check and done.returncode != 0:
            raise AssertionError(f"{self.row.name}: {script}: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout.strip()

    def circumstances(self) -> dict[str, str]:
        """The conditions of a measurement, for `Cell`."""
        accelerator = vm_host.accelerator(self.lab.state, self.host) if self.row.kind == "vm" else ""
        return {"date": time.strftime("%Y-%m-%d", time.gmtime()), "kernel": self.kernel, "accelerator": accelerator}

    @cached_property
    def kernel(self) -> str:
        """A container runs the machine's kernel, which may have no package: its version is enough."""
        release = self.shell("uname -r")
        return release if self.row.kind == "vm" else release.partition("-")[0]

    def declared(self) -> dict:
        number = self.row.number
        return {
            "name": LINK,
            "parent": PARENT,
            "mac": f"02:00:5e:00:01:{number:02x}",
            "addresses": [f"192.168.100.{50 + number}/32", f"fd00:100::{number:x}/128"],
            "routes": [
                {"destination": f"192.168.100.{128 + 4 * number}/30", "source": f"192.168.100.{50 + number}"},
                {"destination": f"192.168.103.{16 * number}/28", "metric": 50},
                {"destination": f"fd00:100:{number + 1:x}::/64", "source": f"fd00:100::{number:x}"},
            ],
            "bcqueuelen": 2000,
            "sysctl": {"arp_filter": 1, "arp_ignore": 1, "accept_ra": 0},
            "parent_sysctl": {"arp_filter": 1},
        }

    def expected(self, parent: str = PARENT, mtu: int = 1500) -> dict:
        """In the form of `probe.state`."""
        number = self.row.number
        settings = {f"ipv4/conf/{LINK}/arp_filter": "1", f"ipv4/conf/{LINK}/arp_ignore": "1"}
        return {
            "parent": parent,
            "mac": f"02:00:5e:00:01:{number:02x}",
            "mtu": mtu,
            "up": True,
            "mode": "bridge",
            "bcqueuelen": 2000,
            "addresses": sorted([f"192.168.100.{50 + number}/32", f"fd00:100::{number:x}/128"]),
            "tentative": [],
            "routes": sorted(
                [
                    [f"192.168.100.{128 + 4 * number}/30", f"192.168.100.{50 + number}", None],
                    [f"192.168.103.{16 * number}/28", None, 50],
                    [f"fd00:100:{number + 1:x}::/64", f"fd00:100::{number:x}", 1024],
                ],
                key=lambda route: route[0],
            ),
            "settings": {**settings, f"ipv6/conf/{LINK}/accept_ra": "0", f"ipv4/conf/{parent}/arp_filter": "1"},
        }

    def owner(self) -> tuple[list[str], str] | None:
        """The command that shows which manager owns the link, and the line that it has to print."""
        if self.row.manager == "networkmanager":
            state = "connected" if self.row.form == "networkmanager" else "unmanaged"
            return ["nmcli", "--terse", "--fields", "DEVICE,STATE", "device"], f"{LINK}:{state}"
        if self.row.manager in ("networkd", "netplan"):
            state = "unmanaged" if self.row.form == "systemd" else "configured"
            question = f"set -- $(networkctl list --no-legend {LINK}); echo $2 $5"
            return ["sh", "-c", question], f"{LINK} {state}"
        return None

    def module(self, name: str, check: bool = False, **args: object) -> dict:
        result = modules.run(self.lab, self.row.name, name, args, check)
        if result.get("failed"):
            raise AssertionError(f"{self.row.name}: {name}: {result.get('msg')}")
        return result

    def set_up(self) -> None:
        """Declare the link as the roles do: where NetworkManager must not manage it, the exclusion comes first."""
        modules.install(self.lab, self.row.name)
        if self.row.manager == "networkmanager" and self.row.form != "networkmanager":
            self.module("nm_unmanaged", devices=[LINK])
        auto = "auto" if self.row.auto else self.row.form
        done = self.module("macvlan_link", links=[self.declared()], persistence=auto)
        chosen = done["links"][0]["persistence"]
        if chosen != self.row.form:
            raise AssertionError(f"{self.row.name}: persistence is {chosen}: {done['links'][0]['reason']}")

    def drift(self) -> list[str]:
        """What a run would change now in kernel and files, in words; empty if nothing."""
        auto = "auto" if self.row.auto else self.row.form
        return self.module("macvlan_link", check=True, links=[self.declared()], persistence=auto)["messages"]

    def make_container(self) -> None:
        """Recreate the containers, as their engine does when the parent is back."""
        topology = self.lab.topology
        for item in topology.containers_of(self.row.name):
            self.shell(f"ip netns del {item.name}", check=False)
        wiring.make_containers(self.lab.entry(self.row.name), topology, self.host)

    def unplug(self) -> None:
        """Remove the parent, and all its children with it."""
        netns.disconnect(self.lab.state.netns(self.nic.switch), self.row.name, self.nic)

    def plug_in(self) -> None:
        """Add a parent of the same name and MAC; it is not configured yet."""
        switch = self.lab.state.netns(self.nic.switch)
        netns.connect(switch, self.row.name, self.lab.state.netns(self.row.name), self.nic)

    def recovery(self, ended: float, window: float = WINDOW, traffic: bool = True, **expected: object) -> Recovery:
        """How long after `ended` (time.monotonic()) all checks passed for good.

        traffic: whether the container has to answer. expected: arguments of `expected`.
        """
        wanted = self.expected(**expected)
        task = {
            "expected": wanted,
            "link": LINK,
            "parent": wanted["parent"],
            "container": container(self.row) if traffic else None,
            "owner": self.owner(),
            "window": window,
            "pause": PAUSE,
        }
        seen = self._watch(json.dumps(task)) or self._watch(json.dumps(task))
        if seen is None:
            raise AssertionError(f"{self.row.name}: the probe does not run")
        late = time.monotonic() - ended - seen["length"]
        if seen["last"] is None:
            return Recovery(round(late, 1))
        # The last check is the first after the window.
        return Recovery(round(late + seen["last"], 1), seen["wrong"], whole=seen["last"] < window)

    def _watch(self, task: str) -> dict | None:
        """The result of a watch; None when the probe has ended, for example with a reboot."""
        try:
            if self._probe is None:
                self.open()
            self._probe.stdin.write(f"{task}\n")
            self._probe.stdin.flush()
            return json.loads(self._probe.stdout.readline())
        except (OSError, ValueError):
            self.close()
            return None

    def open(self) -> None:
        """Start the probe, and return when it is ready."""
        argv = [*self.lab.entry(self.row.name), "python3", "-c", PROBE]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        # A session of its own, so that an interrupt from the keyboard reaches only the run.
        self._probe = subprocess.Popen(argv, **pipes, text=True, start_new_session=True)
        self._probe.stdout.readline()

    def close(self) -> None:
        """End the probe."""
        if self._probe is not None:
            self._probe.kill()
            self._probe.communicate()
            self._probe = None

    def require(self, patience: float = READY) -> None:
        """Wait some seconds until the host is as declared. Errors: Unfit."""
        deadline = time.monotonic() + patience
        while True:
            seen = self.recovery(time.monotonic(), window=0)
            if not seen.wrong:
                return
            if time.monotonic() > deadline:
                raise Unfit(f"not as declared before the event: {'; '.join(seen.wrong)}")
            time.sleep(PAUSE)
