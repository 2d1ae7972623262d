# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts of kind netns: namespaces on this machine's own programs, up in milliseconds.

The host has its own network, hostname, processes and /run, and writes to /etc and /var stay in it. It has no systemd
and no network manager, so nothing done on it reaches those of the machine.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import uuid
from pathlib import Path

from ansible_collections.linuxnet.macvlan.plugins.module_utils._command import run

from . import leader, netns
from .errors import LabError
from .state import State, write
from .topology import Host, Topology

#: Runs as the host's first process. File descriptor 3 tells that all is in place. The loop reaps orphans, as init does.
SETUP = """
set -e
mount -t tmpfs -o mode=0755 tmpfs "$DISK"
for tree in etc var; do
    mkdir "$DISK/$tree" "$DISK/.$tree"
    mount -t overlay -o "lowerdir=/$tree,upperdir=$DISK/$tree,workdir=$DISK/.$tree" overlay "/$tree"
done
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t tmpfs -o mode=0755 tmpfs /run
mkdir /run/lock /run/netns
hostname "$NAME"
echo "$NAME" > /etc/hostname
rm -f /etc/machine-id
echo "$MACHINE_ID" > /etc/machine-id
sleep infinity 3>&- &
echo ready >&3
exec 3>&-
while :; do wait; done
"""

#: Ansible's interpreter for such a host: modules run inside, over the connection type local.
WRAPPER = """#!/bin/sh
# Python on host {name}
read -r pid started < {directory}/leader
exec nsenter --target "$pid" --mount --uts --ipc --net --pid -- {python} "$@"
"""


def start(state: State, topology: Topology, host: Host) -> None:
    """Make the host and its containers. Errors: LabError when the machine's kernel does not allow it."""
    name, directory = state.netns(host.name), state.host(host.name)
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "disk").mkdir(exist_ok=True)
    netns.add(name)
    for nic in host.nics:
        netns.connect(state.netns(nic.switch), host.name, name, nic)
        netns.configure(name, nic.name, nic.addresses, nic.gateways)
    leader.record(directory, _run_leader(host.name, name, directory))
    python = directory / "python"
    write(python, WRAPPER.format(name=host.name, directory=directory, python=shlex.quote(sys.executable)), mode=0o755)
    make_containers(state, topology, host)


def _run_leader(hostname: str, name: str, directory: Path) -> int:
    reader, writer = os.pipe()
    argv = ["unshare", "--mount", "--uts", "--ipc", "--pid", "--fork", "--kill-child", "--propagation", "private"]
    with open(directory / "console.log", "a", encoding="utf-8") as console:
        outer = subprocess.Popen(
            ["nsenter", f"--net={netns.RUN / name}", *argv, "sh", "-c", f"exec 3>&{writer}\n{SETUP}"],
            env={**os.environ, "DISK": str(directory / "disk"), "NAME": hostname, "MACHINE_ID": uuid.uuid4().hex},
            stdin=subprocess.DEVNULL, stdout=console, stderr=console, start_new_session=True, pass_fds=[writer],
        )  # fmt: skip
    os.close(writer)
    with open(reader, encoding="utf-8") as pipe:
        if pipe.readline() != "ready\n":
            said = (directory / "console.log").read_text(encoding="utf-8").strip().splitlines()
            raise LabError(f"{hostname}: cannot make its namespaces: {said[-1] if said else 'no message'}")
    inner = leader.child(outer.pid)
    if inner is None:
        raise LabError(f"{hostname}: ended at once, see {directory / 'console.log'}")
    return inner


def make_containers(state: State, topology: Topology, host: Host) -> None:
    """Make the containers of a running host, from inside, as its container engine would."""
    inside = leader.enter(state.host(host.name), clean=True)
    for item in topology.containers_of(host.name):
        lines = [
            f"link add link {item.parent} name eth0 netns {item.name} address {item.mac} type macvlan mode {item.mode}",
        ]
        within = ["link set lo up", "link set eth0 up"]
        within += [f"address add {one} dev eth0{' nodad' if ':' in one else ''}" for one in item.addresses]
        within += [f"route replace default via {one} dev eth0" for one in item.gateways]
        run([*inside, "ip", "netns", "add", item.name])
        run([*inside, "ip", "-batch", "-"], stdin="\n".join(lines) + "\n")
        run([*inside, "ip", "-n", item.name, "-batch", "-"], stdin="\n".join(within) + "\n")


def stop(state: State, host: Host) -> None:
    for nic in host.nics:
        netns.disconnect(state.netns(nic.switch), host.name, nic)
    netns.delete(state.netns(host.name))
