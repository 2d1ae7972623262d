# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab as an Ansible inventory. Pure: a topology and paths in, data out."""

from __future__ import annotations

import shlex
from pathlib import Path

from . import guest, leader, netns_host
from .state import State
from .topology import Host, Topology

#: SSH passes arguments as one line for a shell. A terminal here makes one inside.
COMMAND = """#!/bin/bash
# A command on host {name}
terminal=-T
[ -t 0 ] && [ -t 1 ] && terminal=-t
exec ssh "$terminal" -o LogLevel=ERROR {options} root@{name} -- {environment} "${{@@Q}}"
"""


def render(topology: Topology, state: State, key: Path) -> dict:
    """Groups: kind_*, os_*, manager_*, and the user's own. key: the private key that the hosts' sshd accepts."""
    children: dict[str, dict] = {}
    for host in topology.hosts.values():
        groups = [f"kind_{host.kind}", *([f"os_{host.os}"] if host.os else []), f"manager_{host.manager}", *host.groups]
        for group in groups:
            children.setdefault(group, {"hosts": {}})["hosts"][host.name] = {}
    hosts = {host.name: {**_connection(host, state, key), **host.variables} for host in topology.hosts.values()}
    return {"all": {"hosts": hosts, "children": children}}


def _connection(host: Host, state: State, key: Path) -> dict:
    if host.kind == "netns":
        return {
            "ansible_connection": "local",
            "ansible_python_interpreter": str(netns_host.interpreter(state, host.name)),
        }
    return {
        "ansible_host": host.name,
        "ansible_user": "root",
        "ansible_ssh_private_key_file": str(key),
        "ansible_ssh_common_args": shlex.join(ssh_options(host, state)),
        "ansible_pipelining": True,
        "ansible_python_interpreter": "/usr/bin/python3",
    }


def ssh_options(host: Host, state: State, port: int = guest.SSH) -> list[str]:
    """Options with which ssh connects from the host's namespace, so that no address of the lab is needed outside it.

    port: on the management link, for hosts of kind vm.
    """
    target = f"{guest.INSIDE} {port}" if host.kind == "vm" else "127.0.0.1 22"
    proxy = f"nsenter --net=/run/netns/{state.netns(host.name)} nc {target}"
    options = {
        "ProxyCommand": proxy,
        "UserKnownHostsFile": str(state.known_hosts),
        "StrictHostKeyChecking": "yes",
        "ControlMaster": "auto",
        "ControlPersist": "60s",
        "ControlPath": f"{state.directory}/{host.name}.{'ssh' if port == guest.SSH else 'cmd'}",
    }
    return [word for name, value in options.items() for word in ("-o", f"{name}={value}")]


def ssh_arguments(host: Host, state: State, key: Path) -> list[str]:
    """The same for a single command, without a persistent connection."""
    return ["-i", str(key), "-o", "BatchMode=yes", "-o", "ControlPath=none", *ssh_options(host, state)]


def command(host: Host, state: State, key: Path) -> str:
    """A program that runs its arguments on a host of kind vm, with a login's environment, whatever its network does."""
    options = ["-F", "none", "-i", str(key), "-o", "BatchMode=yes", *ssh_options(host, state, guest.COMMANDS)]
    return COMMAND.format(name=host.name, options=shlex.join(options), environment=shlex.join(leader.login()))
