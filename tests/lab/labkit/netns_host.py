# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts of kind netns: namespaces with this machine's own programs, started in milliseconds.

The host has its own network, hostname, processes and /run, and writes to /etc and /var stay in it. It has no systemd
and no network manager, and does not affect those of the machine.
"""

from __future__ import annotations

import shlex
import sys
import uuid
from pathlib import Path

from . import background, leader, netns, wiring
from .errors import LabError
from .state import State, write
from .topology import Host, Topology

#: Makes the host's file system, then runs its arguments.
FILES = """
mount -t tmpfs -o mode=0755 tmpfs "$DISK"
for tree in etc var; do
    mkdir "$DISK/$tree" "$DISK/.$tree"
    mount -t overlay -o "lowerdir=/$tree,upperdir=$DISK/$tree,workdir=$DISK/.$tree" overlay "/$tree"
done
echo "$NAME" > /etc/hostname
rm -f /etc/machine-id
echo "$MACHINE_ID" > /etc/machine-id
exec "$@"
"""

#: Runs as the host's first process, and reports its PID on this machine. The loop reaps orphans, like init.
BOOT = """
read -r pid rest < /proc/self/stat
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t tmpfs -o mode=0755 tmpfs /run
mkdir /run/lock /run/netns
hostname "$NAME"
sleep infinity &
echo "$pid" > "/proc/self/fd/$LAB_READY_FD"
while :; do wait; done
"""

#: Slave, so that the mount of a namespace's name in here does not keep the namespace alive.
OWN_MOUNTS = ("unshare", "--mount", "--propagation", "slave")

#: Ansible's interpreter for such a host: modules run inside, over the connection type local.
WRAPPER = """#!/bin/sh
# Python on host {name}
read -r pid started < {directory}/leader
exec nsenter --target "$pid" --mount --uts --ipc --net --pid --cgroup -- {python} "$@"
"""


def interpreter(state: State, name: str) -> Path:
    """Of a host, named as Ansible's discovery finds one on a distribution: with its version."""
    return state.host(name) / f"python{sys.version_info[0]}.{sys.version_info[1]}"


def start(state: State, topology: Topology, host: Host) -> None:
    """Make the host and its containers. Errors: LabError when the machine's kernel does not allow it."""
    python = interpreter(state, host.name)
    text = WRAPPER.format(name=host.name, directory=python.parent, python=shlex.quote(sys.executable))
    write(python, text, mode=0o755)
    _boot(state, topology, host, [*OWN_MOUNTS, "sh", "-e", "-c", FILES, "sh"])


def reboot(state: State, topology: Topology, host: Host) -> None:
    """Restart the host: new namespaces, same file system. Errors: LabError."""
    with open(leader.file_system(state.host(host.name)), "rb") as mounts:
        wiring.pull_out(state, host)
        _boot(state, topology, host, ["nsenter", f"--mount=/proc/self/fd/{mounts.fileno()}"], (mounts.fileno(),))


def _boot(state: State, topology: Topology, host: Host, files: list[str], keep: tuple[int, ...] = ()) -> None:
    """files: the prefix that gives the host's first process its file system. keep: file descriptors for it."""
    directory = state.host(host.name)
    wiring.plug_in(state, host)
    wiring.configure(state, host)
    log = directory / "console.log"
    network = ["nsenter", f"--net={netns.RUN / state.netns(host.name)}"]
    processes = ["unshare", "--uts", "--ipc", "--pid", "--fork", "--kill-child", *OWN_MOUNTS, "sh", "-e", "-c", BOOT]
    environment = {"DISK": str(directory / "disk"), "NAME": host.name, "MACHINE_ID": uuid.uuid4().hex}
    pid = background.start([*network, *files, *processes], log, environment, keep)
    if not pid:
        raise LabError(f"{host.name}: its namespaces cannot be made: {background.last_words(log)}")
    leader.record(directory, int(pid))
    wiring.make_containers(leader.enter(directory, clean=True), topology, host)


def inside(state: State, host: Host) -> list[str]:
    """The prefix for a command that runs on the host. Errors: LabError when the host does not run."""
    return leader.enter(state.host(host.name), clean=False)
