# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts of kind netns: namespaces on this machine's own programs, up in milliseconds.

The host has its own network, hostname, processes and /run, and writes to /etc and /var stay in it. It has no systemd
and no network manager, so nothing done on it reaches those of the machine.
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

#: Runs as the host's first process, and tells its PID on this machine. The loop reaps orphans, as init does.
SETUP = """
set -e
read -r pid rest < /proc/self/stat
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
sleep infinity &
echo "$pid" > "/proc/self/fd/$LAB_READY_FD"
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
    directory = state.host(host.name)
    wiring.plug_in(state, host)
    wiring.configure(state, host)
    leader.record(directory, _run_leader(host.name, state.netns(host.name), directory))
    python = directory / "python"
    write(python, WRAPPER.format(name=host.name, directory=directory, python=shlex.quote(sys.executable)), mode=0o755)
    wiring.make_containers(state, topology, host)


def _run_leader(hostname: str, name: str, directory: Path) -> int:
    """PID of the host's first process."""
    argv = ["unshare", "--mount", "--uts", "--ipc", "--pid", "--fork", "--kill-child", "--propagation", "private"]
    log = directory / "console.log"
    pid = background.start(
        ["nsenter", f"--net={netns.RUN / name}", *argv, "sh", "-c", SETUP],
        log,
        {"DISK": str(directory / "disk"), "NAME": hostname, "MACHINE_ID": uuid.uuid4().hex},
    )
    if not pid:
        raise LabError(f"{hostname}: its namespaces cannot be made: {background.last_words(log)}")
    return int(pid)
