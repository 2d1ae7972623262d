# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab as an Ansible inventory. Pure: a topology and paths in, data out."""

from __future__ import annotations

import shlex
from pathlib import Path

from .state import State
from .topology import Host, Topology


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
        return {"ansible_connection": "local", "ansible_python_interpreter": str(state.host(host.name) / "python")}
    return {
        "ansible_host": host.name,
        "ansible_user": "root",
        "ansible_ssh_private_key_file": str(key),
        "ansible_ssh_common_args": shlex.join(ssh_options(host.name, state)),
        "ansible_pipelining": True,
        "ansible_python_interpreter": "/usr/bin/python3",
    }


def ssh_options(host: str, state: State) -> list[str]:
    """Options that take ssh into the host's namespace, so that no address of the lab is needed outside it."""
    proxy = f"nsenter --net=/run/netns/{state.netns(host)} nc 127.0.0.1 22"
    options = {
        "ProxyCommand": proxy,
        "UserKnownHostsFile": str(state.known_hosts),
        "StrictHostKeyChecking": "yes",
        "ControlMaster": "auto",
        "ControlPersist": "60s",
        "ControlPath": f"{state.directory}/{host}.ssh",
    }
    return [word for name, value in options.items() for word in ("-o", f"{name}={value}")]


def ssh_arguments(host: str, state: State, key: Path) -> list[str]:
    """The same for a single command that leaves no connection behind."""
    return ["-i", str(key), "-o", "BatchMode=yes", "-o", "ControlPath=none", *ssh_options(host, state)]
