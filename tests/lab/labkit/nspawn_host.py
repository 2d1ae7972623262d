# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts of kind nspawn: real systemd, the real network manager and sshd in a container of their own."""

from __future__ import annotations

import sys

from . import background, cgroups, leader, real_host
from .state import State
from .topology import Host, Topology


def start(state: State, topology: Topology, host: Host) -> None:
    """Boot the host and return when it is ready. Errors: LabError with what it waited for."""
    own_mounts = ["unshare", "--mount", "--propagation", "slave"]
    with open("/proc/self/ns/mnt", "rb") as mounts:
        supervisor = [sys.executable, "-m", "labkit.supervisor", state.name, host.name, str(mounts.fileno())]
        log = state.host(host.name) / "console.log"
        background.start([*own_mounts, *supervisor], log, real_host.python_path(), keep=(mounts.fileno(),))
    real_host.wait(state, host, inside, boots=1)


def reboot(state: State, topology: Topology, host: Host) -> None:
    """Restart the host cleanly and return when it is ready again. Errors: LabError."""
    real_host.reboot(state, host, inside)


def inside(state: State, host: Host) -> list[str]:
    """The prefix for a command that runs on the host. Errors: LabError when the host does not run.

    Container engines start containers in the control groups of who asks, so there the command is in the host's own.
    """
    join = [] if host.engine == "none" else cgroups.joined(state.name, host.name)
    return [*join, *leader.enter(state.host(host.name), clean=True)]
