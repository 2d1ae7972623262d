# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An Ethernet segment made of network namespaces: a switch and the machines connected to it, made in milliseconds.

    with Segment() as segment:
        host = segment.host("h1", addresses=["192.168.100.11/24"])
        container = host.container("c1", addresses=["192.168.100.129/24"])
        result = host.module("macvlan_link", {"links": [...]})

All packets stay inside the namespaces, and everything is removed when the block ends; where its process was killed, by
the next one.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.netns import own_label, run_in

from . import netns as namespaces

ROOT = Path(__file__).resolve().parents[3]
RUN_MODULE = ROOT / "tests" / "integration" / "run_module.py"
SWITCH = "br0"
MEMORY = "/run/linuxnet-macvlan"
#: A file for each segment, locked by its process: one without a lock is of a process that was killed.
ENTRIES = Path("/run/linuxnet-macvlan-segments")


class Namespace:
    """One network namespace with its programs."""

    def __init__(self, segment: Segment, name: str) -> None:
        self.segment = segment
        self.name = name
        self.netns = f"{segment.prefix}-{name}"
        subprocess.run(["ip", "netns", "add", self.netns], check=True)
        #: Where modules that run inside keep their state.
        self.memory = Path(MEMORY, run_in(f"/run/netns/{self.netns}", own_label))
        segment.remember(self.memory)
        self.ip("link", "set", "lo", "up")

    def run(self, *argv: str, check: bool = True, **kwargs) -> subprocess.CompletedProcess:
        """Run a program inside; text in and out."""
        return subprocess.run(
            ["ip", "netns", "exec", self.netns, *argv], check=check, capture_output=True, text=True, **kwargs
        )

    def start(self, *argv: str, **kwargs) -> subprocess.Popen:
        """Start a program inside; it is ended with the segment."""
        process = subprocess.Popen(["ip", "netns", "exec", self.netns, *argv], text=True, **kwargs)
        self.segment.processes.append(process)
        return process

    def ip(self, *args: str, check: bool = True) -> subprocess.CompletedProcess:
        return subprocess.run(["ip", "-n", self.netns, *args], check=check, capture_output=True, text=True)

    def json(self, *args: str) -> list[dict]:
        """``ip -json -details`` as data."""
        return json.loads(self.ip("-json", "-details", *args).stdout or "[]")

    def link(self, name: str) -> dict | None:
        return next((link for link in self.json("link", "show") if link["ifname"] == name), None)

    def addresses(self, device: str) -> list[str]:
        """Addresses with prefix length, without the kernel's own link-local ones."""
        found = [item for link in self.json("address", "show", "dev", device) for item in link.get("addr_info", [])]
        return sorted(f"{item['local']}/{item['prefixlen']}" for item in found if not item["local"].startswith("fe80:"))

    def mac(self, device: str = "eth0") -> str:
        return self.link(device)["address"]

    def sysctl(self, path: str, value: object = None) -> str:
        """Read (or write first) a value below /proc/sys, such as ``net/ipv4/conf/eth0/arp_filter``."""
        if value is not None:
            self.run("sh", "-c", f"echo {value} > /proc/sys/{path}")
        return self.run("cat", f"/proc/sys/{path}").stdout.strip()

    def pings(self, address: str, *options: str) -> bool:
        """Whether one of three pings is answered; the first may wait for a neighbour entry that has failed before."""
        argv = ["ping", "-n", "-c", "3", "-i", "0.4", "-W", "1", *options, address]
        return self.run(*argv, check=False).returncode == 0

    def module(
        self,
        name: str,
        args: dict,
        *,
        check: bool = False,
        diff: bool = True,
        python: str = sys.executable,
        wrapper: list[str] | None = None,
        path: str | None = None,
    ) -> dict:
        """Run a module of this collection inside and return what it returned; a failure has ``failed: true``.

        wrapper: a command that runs the interpreter, for fewer rights. path: searched first for Python packages.
        """
        options = {**args, "_ansible_check_mode": check, "_ansible_diff": diff}
        argv = [*(wrapper or []), python, str(RUN_MODULE), name]
        env = {**os.environ, "PYTHONPATH": path} if path else None
        done = self.run(*argv, input=json.dumps(options), check=False, env=env)
        try:
            return json.loads(done.stdout.strip().splitlines()[-1])
        except (IndexError, ValueError):
            raise AssertionError(
                f"{name} printed no result (exit {done.returncode})\n{done.stdout}\n{done.stderr}"
            ) from None


class Host(Namespace):
    """A machine on the segment: a namespace whose ``eth0`` is connected to a switch port."""

    def __init__(self, segment: Segment, name: str, addresses: list[str], mac: str | None) -> None:
        super().__init__(segment, name)
        self.port = segment.plug(self, "eth0", mac)
        for address in addresses:
            self.ip("address", "add", address, "dev", "eth0", *(["nodad"] if ":" in address else []))

    def container(
        self,
        name: str,
        addresses: list[str] | None = None,
        mac: str | None = None,
        mode: str = "bridge",
        parent: str = "eth0",
    ) -> Namespace:
        """A macvlan child of this host's ``parent`` in a namespace of its own, as container engines make it."""
        inner = Namespace(self.segment, name)
        self.ip(
            "link", "add", "link", parent, "name", "eth0", *(["address", mac] if mac else []),
            "netns", inner.netns, "type", "macvlan", "mode", mode,
        )  # fmt: skip
        inner.ip("link", "set", "eth0", "up")
        for address in addresses or []:
            inner.ip("address", "add", address, "dev", "eth0", *(["nodad"] if ":" in address else []))
        return inner


@contextlib.contextmanager
def _registry() -> Iterator[None]:
    """Nobody else makes or removes entries meanwhile."""
    ENTRIES.mkdir(mode=0o700, exist_ok=True)
    handle = os.open(ENTRIES, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _claim(prefix: str) -> TextIO:
    """An entry for a new segment, locked as long as its process lives. What killed processes have left is removed."""
    with _registry():
        for path in ENTRIES.iterdir():
            with path.open("a", encoding="utf-8") as entry, contextlib.suppress(BlockingIOError):
                fcntl.flock(entry, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _remove(path)
        entry = (ENTRIES / prefix).open("a", encoding="utf-8")
        fcntl.flock(entry, fcntl.LOCK_EX)
        return entry


def _remove(entry: Path) -> None:
    """The namespaces of a segment with all that runs in them, the state that modules kept for them, and its entry."""
    for netns in namespaces.names(f"{entry.name}-"):
        namespaces.delete(netns)
    for memory in entry.read_text(encoding="utf-8").splitlines():
        shutil.rmtree(memory, ignore_errors=True)
    with contextlib.suppress(OSError):
        os.rmdir(MEMORY)
    entry.unlink()


class Segment:
    """The switch (a bridge in a namespace) and everything connected to it."""

    def __init__(self) -> None:
        self.prefix = f"lnm{secrets.token_hex(3)}"
        self.processes: list[subprocess.Popen] = []
        self._lock = _claim(self.prefix)
        self._ports = 0
        self.switch = Namespace(self, "switch")
        self.switch.ip("link", "add", SWITCH, "type", "bridge", "mcast_snooping", "0")
        self.switch.ip("link", "set", SWITCH, "up")

    def host(self, name: str, addresses: list[str] | None = None, mac: str | None = None) -> Host:
        return Host(self, name, addresses or [], mac)

    def plug(self, namespace: Namespace, device: str, mac: str | None = None) -> str:
        """Connect a new device of a namespace with a new port of the switch; the port's name."""
        self._ports += 1
        port = f"p{self._ports}"
        self.switch.ip(
            "link", "add", port, "type", "veth", "peer", "name", device, *(["address", mac] if mac else []),
            "netns", namespace.netns,
        )  # fmt: skip
        self.switch.ip("link", "set", port, "master", SWITCH, "up")
        namespace.ip("link", "set", device, "up")
        return port

    def end(self, process: subprocess.Popen) -> None:
        """End a program before the segment ends."""
        self.processes.remove(process)
        process.kill()
        process.wait()

    def remove(self, namespace: Namespace) -> None:
        """End one namespace before the segment ends, as when a container is stopped."""
        subprocess.run(["ip", "netns", "delete", namespace.netns], check=True)

    def remember(self, memory: Path) -> None:
        """Note where modules keep state for a namespace: it outlives that, and this process if that is killed."""
        self._lock.write(f"{memory}\n")
        self._lock.flush()

    def close(self) -> None:
        for process in list(self.processes):
            self.end(process)
        with _registry():
            _remove(Path(self._lock.name))
        self._lock.close()

    def __enter__(self) -> Segment:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
