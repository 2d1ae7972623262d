# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs one host of kind nspawn, from its first boot to its end: ``python -m labkit.supervisor LAB HOST MOUNTS``.

It runs in a mount namespace of its own, so the host's file system is gone with it, however it ends; MOUNTS is an open
file descriptor of the machine's mount namespace. When the host reboots, from inside or by the lab, it gets a fresh
network namespace of the same name with the same nics, and boots again.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.command import run

from . import background, cgroups, engines, identity, images, leader, netns, nspawn_host, state, wiring
from .topology import Host, Topology, parse

#: systemd-nspawn --keep-unit ends with this status when the host asks for a reboot (EXIT_FORCE_RESTART).
REBOOT = 133

#: Seconds for a nic to get its declared addresses after a boot; Debian's own limit for that is 60 or more.
PATIENCE = 60.0

#: Capabilities that network managers need, and that systemd-nspawn drops with a given network namespace.
CAPABILITIES = "CAP_NET_ADMIN,CAP_NET_RAW"


def main(lab: str, name: str, mounts: str) -> int:
    netns.outside[:] = ["nsenter", f"--mount=/proc/{os.getpid()}/fd/{mounts}"]
    files = state.State(lab)
    topology = parse(files.load()["topology"])
    host = topology.hosts[name]
    cgroups.enter(lab, name)
    leader.record(files.host(name), os.getpid(), "supervisor")
    background.ready("started")
    with images.used(str(host.os)):
        root = _make_root(files, host)
        boots = 0
        while True:
            wiring.plug_in(files, host)
            boots += 1
            status = _boot(files, topology, host, root, boots)
            wiring.pull_out(files, host)
            if status != REBOOT:
                return status


def _make_root(files: state.State, host: Host) -> Path:
    # systemd-nspawn leaves its locks and directories below /run/systemd; these have to go with the host as well
    Path("/run/systemd").mkdir(exist_ok=True)
    run(["mount", "-t", "tmpfs", "-o", "mode=0755", "tmpfs", "/run/systemd"])
    disk = files.host(host.name) / "disk"
    run(["mount", "-t", "tmpfs", "-o", "mode=0755", "tmpfs", str(disk)])
    for part in ("upper", "work", "root"):
        (disk / part).mkdir()
    trees = images.layers(str(host.os), host.manager, host.engine)
    lower = ":".join(str(path).replace(":", "\\:") for path in trees)
    options = f"lowerdir={lower},upperdir={disk / 'upper'},workdir={disk / 'work'}"
    run(["mount", "-t", "overlay", "-o", options, "overlay", str(disk / "root")])
    identity.write(disk / "root", identity.entries(files, host))
    return disk / "root"


def _boot(files: state.State, topology: Topology, host: Host, root: Path, boots: int) -> int:
    """Boot the host and stay until it ends; the exit status of systemd-nspawn."""
    directory = files.host(host.name)
    argv = [
        "systemd-nspawn", "--quiet", "--boot", "--register=no", "--keep-unit", "--settings=no", "--console=read-only",
        "--link-journal=no", "--resolv-conf=off", "--timezone=off", "--setenv=TERM=dumb",
        f"--capability={CAPABILITIES}", f"--machine={files.netns(host.name)}", f"--hostname={host.name}",
        f"--network-namespace-path={netns.RUN / files.netns(host.name)}", f"--directory={root}",
        *engines.nspawn_options(host),
    ]  # fmt: skip
    environment = {**os.environ, "SYSTEMD_NSPAWN_API_VFS_WRITABLE": "network"}
    process = subprocess.Popen(argv, env=environment, stdin=subprocess.DEVNULL)
    inner = None
    while inner is None and process.poll() is None:
        time.sleep(0.05)
        inner = _first_process(process.pid)
    if inner is not None:
        leader.record(directory, inner)
        inside = nspawn_host.inside(files, host)
        if _wait_for_addresses(files, host, process):
            wiring.make_containers(inside, topology, host)
        state.write(directory / "boots", str(boots))
    return process.wait()


def _first_process(nspawn: int) -> int | None:
    """The host's PID 1: the descendant of systemd-nspawn that is process 1 of a PID namespace of its own."""
    inner = leader.child(nspawn)
    while inner is not None:
        try:
            numbers = Path(f"/proc/{inner}/status").read_text(encoding="utf-8").partition("NSpid:")[2].split("\n")[0]
        except FileNotFoundError:
            return None
        if len(numbers.split()) > len(_own_numbers()) and numbers.split()[-1] == "1":
            return inner
        inner = leader.child(inner)
    return None


def _own_numbers() -> list[str]:
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return status.partition("NSpid:")[2].split("\n")[0].split()


def _wait_for_addresses(files: state.State, host: Host, process: subprocess.Popen) -> bool:
    end = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < end:
        if not wiring.missing_addresses(netns.links(files.netns(host.name)), host):
            return True
        time.sleep(0.2)
    return process.poll() is None


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
