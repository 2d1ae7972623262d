# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Podman: ``libpod-ID`` in the cgroup; the name from conmon, which each container has, or from the storage's list.

conmon(8) documents ``--cid`` and ``--name``; the list is containers/storage's (containers.go).
"""

from __future__ import annotations

from collections.abc import Iterator

from .host import Host
from .model import SHORT, ContainerName, ids, valid

RUNTIME = "podman"

#: The storage of root (containers-storage.conf(5), graphroot), with the list for each driver.
STORAGE = "/var/lib/containers/storage"
LISTS = ("containers.json", "volatile-containers.json")
#: Its pods keep their namespace with a container that runs nothing, named by their id.
_INFRA = "-infra"


def find(host: Host, pid: int) -> ContainerName | None:
    for found in ids(host, pid):
        if any(f"libpod-{found}" in path for path in host.cgroups(pid)):
            name = _of_conmon(host, pid, found) or _of_storage(host, found)
            return ContainerName(RUNTIME, name or found[:SHORT], found)
    return None


def is_infra(found: ContainerName) -> bool:
    return found.runtime == RUNTIME and found.name.endswith(_INFRA)


def _of_conmon(host: Host, pid: int, identity: str) -> str:
    """conmon is the parent of the first process of a container."""
    parent = host.parent(pid)
    if not parent or host.name(parent) != "conmon":
        return ""
    command = host.command(parent)
    return valid(_after(command, ("-n", "--name"))) if _after(command, ("-c", "--cid")) == identity else ""


def _after(command: list[str], options: tuple[str, ...]) -> str:
    return next((value for option, value in zip(command, command[1:]) if option in options), "")


def _of_storage(host: Host, identity: str) -> str:
    return next((name for name in map(valid, _names(host, identity)) if name), "")


def _names(host: Host, identity: str) -> Iterator[object]:
    directories = [entry for entry in host.entries(STORAGE) if entry.endswith("-containers")]
    for path in (f"{STORAGE}/{directory}/{name}" for directory in directories for name in LISTS):
        for item in host.objects(path):
            names = item.get("names")
            if item.get("id") == identity and isinstance(names, list):
                yield from names
