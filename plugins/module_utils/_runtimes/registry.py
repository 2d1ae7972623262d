# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All runtimes. A new one is a file and a line here."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from . import docker, kubernetes, lxc, machined, podman
from .host import Host
from .model import ContainerName, Finder

#: Those first that keep a state file for each container of theirs.
FINDERS: tuple[Finder, ...] = (docker.find, podman.find, kubernetes.find, lxc.find, machined.find)
#: Processes of a namespace that are looked at: the first is nearly always the container's own.
PROCESSES_MAX = 8


def find(host: Host, pids: Iterable[int]) -> ContainerName | None:
    """The container of the first of these processes that is in one. pids: all of one network namespace."""
    infra = None
    for pid in islice(pids, PROCESSES_MAX):
        found = next((item for finder in FINDERS for item in [finder(host, pid)] if item), None)
        if found is not None and not podman.is_infra(found):
            return found
        infra = infra or found
    return infra
