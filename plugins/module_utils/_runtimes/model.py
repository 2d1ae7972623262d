# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A container as its runtime names it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Callable, Optional

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass

from .host import Host

#: What Docker and Podman accept as names of containers (moby daemon/names, libpod/define), and Compose of projects and
#: services; no longer than a pod's (RFC 1123 subdomain).
_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]{0,252}", re.ASCII)
#: Docker's, Podman's and the CRI's ids: 32 random bytes as hexadecimal digits.
_ID = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])", re.ASCII)
#: As much of an id as ``docker ps`` shows.
SHORT = 12


@dataclass(frozen=True)
class ContainerName:
    """runtime: docker, podman, kubernetes, lxc, incus, lxd, or what machined says. name: a pod's with its namespace.

    id: of the engine, empty where the runtime has none. project, service: Compose's, empty without.
    """

    runtime: str
    name: str
    id: str = ""
    project: str = ""
    service: str = ""

    def __str__(self) -> str:
        parts = [part for part in (self.project, self.service) if part]
        beside = "" if all(part in self.name for part in parts) else f", compose {'/'.join(parts)}"
        return f"{self.name} ({self.runtime}{beside})"

    def as_data(self) -> dict[str, str]:
        return {
            "runtime": self.runtime,
            "name": self.name,
            "id": self.id,
            "project": self.project,
            "service": self.service,
        }


#: Finds the container of a process by its pid; None where it is none of this runtime.
Finder = Callable[[Host, int], Optional[ContainerName]]


def valid(name: object) -> str:
    """The name, empty where no runtime accepts it: files can be damaged, and a container chooses its cgroups."""
    return name if isinstance(name, str) and _NAME.fullmatch(name) else ""


def ids(host: Host, pid: int, own: bool = False) -> Iterator[str]:
    """The ids in the cgroup of a process, the outermost first: what is below, a container can name as it likes.

    own: also those that this process itself is in, which are of a container around this host.
    """
    ours = set() if own else {found for path in host.cgroups("self") for found in _ID.findall(path)}
    found = [item for path in host.cgroups(pid) for item in _ID.findall(path)]
    return (item for item in dict.fromkeys(found) if item not in ours)
