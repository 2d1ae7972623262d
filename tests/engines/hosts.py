# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host with a real container engine on the LAN of the seeds: engine commands, and who reaches whom."""

from __future__ import annotations

import io
import json
import os
import shlex
import subprocess
import tarfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import ansible
import yaml

from labkit.engines import DOCKER, IMAGE
from labkit.lab import Lab

#: The LAN of the seeds: the host, the router, another machine, and a container with a fixed address.
SUBNET, HOST, GATEWAY, STATION, WEB = "192.168.1.0/24", "192.168.1.10", "192.168.1.1", "192.168.1.20", "192.168.1.100"

#: What an operator adds to that: addresses for the engine to hand out, and one for the host's own link.
DYNAMIC, SHIM = "192.168.1.128/28", "192.168.1.3"

#: Where a host has the collection, and what of ansible-core its modules import.
COPY = "/root/collection"

#: The name of network and link.
MACNET = "macnet"

#: Seconds until everything answers again on a busy machine. A neighbour that keeps a MAC which no container has any
#: more takes most of it (ip-sysctl: base_reachable_time 30 s times 0.5 to 1.5, then 5 s, then three probes).
PATIENCE = 120.0


@dataclass(frozen=True)
class Engine:
    """name: of the host and of the test's parameter. program: the command. version: the beginning of it."""

    name: str
    program: str
    system: str
    manager: str
    version: str


ENGINES = {
    engine.name: engine
    for engine in (
        Engine("docker26", "docker", "trixie", "networkd", "26.1."),
        Engine("docker20", "docker", "bookworm", "networkmanager", "20.10."),
        Engine("podman5", "podman", "trixie", "networkd", "5.4."),
        Engine("podman4", "podman", "bookworm", "networkd", "4.3."),
    )
}


def chosen(program: str = "") -> list[Engine]:
    """Those that the environment variable ENGINES names, or ``all``; the first by default. program: only its own."""
    names = os.environ.get("ENGINES") or next(iter(ENGINES))
    found = list(ENGINES.values()) if names == "all" else [ENGINES[name] for name in names.split(",")]
    return [engine for engine in found if program in ("", engine.program)]


def topology(engine: Engine) -> dict:
    nic = {"name": "eth0", "switch": "sw0", "addresses": [f"{HOST}/24"], "gateway": GATEWAY}
    host = {
        "kind": "nspawn", "os": engine.system, "manager": engine.manager, "engine": engine.program, "nics": [nic],
        "groups": ["macvlan_hosts"],
    }  # fmt: skip
    stations = {"gateway": {"addresses": [f"{GATEWAY}/24"]}, "lan": {"addresses": [f"{STATION}/24"]}}
    return {"switches": {"sw0": {}}, "stations": stations, "hosts": {engine.name: host}}


def collection() -> bytes:
    """As a tar archive: the modules, what they import, and the program that runs one of them."""
    root, core = Path(__file__).resolve().parents[2], Path(ansible.__file__).parent
    parts = {f"ansible/{name}": core / name for name in ("__init__.py", "release.py", "_vendor", "module_utils")}
    parts["tests/integration/run_module.py"] = root / "tests/integration/run_module.py"
    parts["collections/ansible_collections/linuxnet/macvlan/plugins"] = root / "plugins"
    with io.BytesIO() as archive:
        with tarfile.open(fileobj=archive, mode="w") as tar:
            for name, path in parts.items():
                tar.add(path, name, filter=lambda item: None if item.name.endswith("__pycache__") else item)
        return archive.getvalue()


def declared(engine: Engine) -> dict:
    """The network of the seeds as an operator declares it, with its container."""
    return {
        "name": MACNET, "parent": "eth0", "subnet": SUBNET, "gateway": GATEWAY, "engine": engine.program,
        "container_range": DYNAMIC, "container_fixed_range": f"{WEB}/32", "containers": [WEB], "host_address": SHIM,
    }  # fmt: skip


class EngineHost:
    """The host of a lab from `topology`."""

    def __init__(self, lab: Lab, engine: Engine) -> None:
        self.lab = lab
        self.engine = engine
        self.name = engine.name

    def run(self, *argv: str, check: bool = True, **options: object) -> str:
        """What a program on the host printed. Errors: AssertionError with what it said."""
        done = self.lab.exec(self.name, *argv, check=False, **options)
        if check and done.returncode != 0:
            raise AssertionError(f"{self.name}: {' '.join(argv)}: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout.strip()

    def shell(self, script: str, check: bool = True) -> str:
        return self.run("sh", "-c", script, check=check)

    def ctl(self, *argv: str, check: bool = True) -> str:
        """A command of the engine."""
        return self.run(self.engine.program, *argv, check=check)

    @cached_property
    def _copied(self) -> str:
        self.run("mkdir", COPY)
        unpack = [*self.lab.entry(self.name), "tar", "--extract", "--no-same-owner", "--directory", COPY]
        subprocess.run(unpack, input=collection(), check=True, capture_output=True)
        return COPY

    def module(self, name: str, check: bool = False, **arguments: object) -> dict:
        """What a module of the collection returns, in a tenth of the time of a play."""
        path, given = self._copied, json.dumps({**arguments, "_ansible_check_mode": check})
        run = ("env", f"PYTHONPATH={path}", "python3", f"{path}/tests/integration/run_module.py", name)
        done = self.lab.exec(self.name, *run, check=False, input=given)
        assert "{" in done.stdout, done.stderr
        return {"failed": False, **json.loads(done.stdout)}

    def live_restore(self, on: bool) -> None:
        """Whether containers live on while Docker's daemon is stopped."""
        self.run("tee", "/etc/docker/daemon.json", input=json.dumps({**DOCKER, "live-restore": on}))
        self.run("systemctl", "reload", "docker")

    def compose(self, *argv: str, folder: str = "/root/app") -> str:
        """Docker's compose: 1.29 on bookworm, 2.26 on trixie."""
        return self.shell(f"cd {folder} && docker-compose {shlex.join(argv)}")

    def refuses(self, *argv: str) -> str:
        """What the engine said when it refused a command. Errors: AssertionError where it did not."""
        done = self.lab.exec(self.name, self.engine.program, *argv, check=False)
        assert done.returncode != 0, f"{self.name}: {' '.join(argv)} succeeded: {done.stdout}"
        return done.stderr.strip()

    def inspect(self, *names: str, kind: str = "container") -> list[dict]:
        return json.loads(self.ctl(kind, "inspect", *names))

    def start(self, name: str, *options: str, network: str = MACNET) -> None:
        """Run a container that ends at once when it is stopped: its first process would ignore SIGTERM."""
        run = ["run", "--detach", "--name", name, "--network", network, "--stop-signal", "KILL", *options]
        self.ctl(*run, IMAGE, "sleep", "100000")

    def containers(self) -> dict[str, str]:
        """Name -> state of all containers."""
        listed = self.ctl("ps", "--all", "--format", "{{.Names}} {{.Status}}")
        return dict(line.split(maxsplit=1) for line in listed.splitlines())

    def address(self, name: str, network: str = MACNET) -> str:
        return self.inspect(name)[0]["NetworkSettings"]["Networks"][network]["IPAddress"]

    def pid(self, name: str) -> int:
        """Of the container's first process, as the host sees it."""
        return self.inspect(name)[0]["State"]["Pid"]

    def pings(self, source: str | int, address: str) -> bool:
        """Whether one of three pings is answered. source: a host or station of the lab, a container or its PID."""
        ping = ("ping", "-n", "-c", "3", "-i", "0.4", "-W", "1", address)
        if source in self.lab.topology.hosts or source in self.lab.topology.stations:
            return self.lab.exec(str(source), *ping, check=False).returncode == 0
        pid = source if isinstance(source, int) else self.pid(source)
        return self.lab.exec(self.name, "nsenter", "--net", "--target", str(pid), *ping, check=False).returncode == 0

    def silent(self, **containers: str) -> list[str]:
        """Who does not reach whom, of host, LAN, gateway and containers (name=address); empty if all do."""
        pairs = [(source, address) for source in (self.name, "lan") for address in containers.values()]
        for name, own in containers.items():
            others = [address for address in containers.values() if address != own]
            pid = self.pid(name)
            pairs += [(pid, target) for target in (HOST, STATION, GATEWAY, *others)]
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda pair: self.pings(*pair), pairs))
        return [
            f"{source} to {target}" for (source, target), answered in zip(pairs, answers, strict=True) if not answered
        ]

    def until(self, reached: Callable[[], object], what: str) -> float:
        """Wait, and return the seconds. Errors: AssertionError after `PATIENCE`."""
        began = time.monotonic()
        while not reached():
            seconds = time.monotonic() - began
            assert seconds < PATIENCE, f"{self.name}: {what}: not in {seconds:.0f} s: {self.containers()}"
            time.sleep(0.3)
        return time.monotonic() - began

    def running(self, *names: str) -> bool:
        known = self.containers()
        return all(known.get(name, "").startswith("Up") for name in names)

    def inventory(self, folder: Path, network: dict, **variables: object) -> Path:
        """The lab's inventory, with a declared network."""
        data = yaml.safe_load(self.lab.inventory_path.read_text(encoding="utf-8"))
        # a busy machine may need longer for the new connection that confirms a change; the guard has its own tests
        patient = {"interfaces_confirm_timeout": 300, "nm_exclusion_confirm_timeout": 300}
        data["all"]["hosts"][self.name].update(macvlan_networks=[network], **patient, **variables)
        path = folder / "inventory.yml"
        path.write_text(yaml.safe_dump(data), encoding="utf-8")
        return path

    def clear(self) -> None:
        """Remove all containers and all networks but the engine's own, and what others know of their MAC addresses:
        Podman draws them, and without the service that announces them a station is silent for up to a minute."""
        own = {"bridge", "host", "none", "podman"}
        names = list(self.containers())
        if names:
            self.ctl("rm", "--force", *names)
        for network in self.ctl("network", "ls", "--format", "{{.Name}}").split():
            if network not in own:
                self.ctl("network", "rm", network)
        for station in self.lab.topology.stations:
            self.lab.exec(station, "ip", "neighbour", "flush", "all")
