# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""LXC, Incus and LXD: ``lxc.payload.NAME`` in the cgroup (src/lxc/cgroups/cgfsng.c), before LXC 4 ``lxc/NAME``.

The name in there is the container's, with that of its project before it outside of the default one.
"""

from __future__ import annotations

import re

from .host import Host
from .model import ContainerName, valid

RUNTIME = "lxc"

_GROUP = re.compile(r"/lxc(?:\.payload)?[./]([^/]+)")
#: Where the managers keep a directory for each container.
MANAGERS = {
    "incus": ("/var/lib/incus/containers",),
    "lxd": ("/var/snap/lxd/common/lxd/containers", "/var/lib/lxd/containers"),
    # Proxmox has its configuration alone.
    RUNTIME: ("/var/lib/lxc",),
}


def find(host: Host, pid: int) -> ContainerName | None:
    names = [match.group(1) for path in host.cgroups(pid) for match in [_GROUP.search(path)] if match]
    for name in dict.fromkeys(filter(None, map(valid, names))):
        for runtime, directories in MANAGERS.items():
            if any(host.exists(f"{directory}/{name}") for directory in directories):
                return ContainerName(runtime, name)
    return None
