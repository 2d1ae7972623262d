# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""systemd-machined: nspawn's containers, libvirt's of LXC, and whatever else registers there.

/run/systemd/machines has a file for each machine with its leader and who made it (src/machine/machine.c, machine_save).
"""

from __future__ import annotations

from .host import Host
from .model import ContainerName, valid

DIRECTORY = "/run/systemd/machines"
#: What it registers for without the name of a service.
_ANY = "machined"
#: Octets of such a file.
_LARGEST = 1 << 16
#: Its names of services, as people know them.
_RUNTIMES = {"systemd-nspawn": "nspawn", "libvirt-lxc": "libvirt"}


def find(host: Host, pid: int) -> ContainerName | None:
    for name in host.entries(DIRECTORY):
        # Links by unit lead to the same files.
        if not name.startswith("unit:") and valid(name):
            values = dict(line.partition("=")[::2] for line in host.text(f"{DIRECTORY}/{name}", _LARGEST).splitlines())
            if values.get("LEADER") == str(pid) and values.get("CLASS") == "container":
                service = valid(values.get("SERVICE")) or _ANY
                return ContainerName(_RUNTIMES.get(service, service), name)
    return None
