# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The service that announces the containers of a link's network: its file and its unit. Pure."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._announce import bundle, unit
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import files as _files
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.links import DesiredLink

from . import units
from .base import Action, Changed, HostState, Part, Rendered, head, parent_name

UNIT = """
[Unit]
Description=announcements of containers on {parent}, for {link}
After=network-pre.target
StartLimitIntervalSec=0

[Service]
ExecStart={python} -I -B {script}
Restart=always
RestartSec=1
# What is announced already, so that a restart does not announce it again.
RuntimeDirectory=linuxnet-macvlan-announce-{link}
RuntimeDirectoryMode=0700
RuntimeDirectoryPreserve=yes
Slice=system.slice
{confinement}
MemoryMax=256M
TasksMax=32

[Install]
WantedBy=multi-user.target
"""

#: What the keeper's confinement is too narrow for, and why. CAP_SYS_ADMIN and RestrictNamespaces=net: setns(2) into
#: network namespaces, and no other kind. CAP_SYS_PTRACE and ProtectProc=default: /proc/PID/ns/net of processes of
#: other users (proc(5)). CAP_NET_RAW and AF_PACKET: to send and hear frames. CAP_NET_ADMIN goes. AF_UNIX
#: stays: glibc looks up the index of the parent by it.
_CONFINED = {
    "CapabilityBoundingSet=CAP_NET_ADMIN": "CapabilityBoundingSet=CAP_NET_RAW CAP_SYS_ADMIN CAP_SYS_PTRACE",
    "ProtectProc=invisible": "ProtectProc=default\nProtectKernelTunables=yes",
    "RestrictAddressFamilies=AF_NETLINK AF_UNIX": "RestrictAddressFamilies=AF_NETLINK AF_PACKET AF_UNIX",
    "RestrictNamespaces=yes": "RestrictNamespaces=net",
    "SystemCallFilter=~@privileged @resources": "SystemCallFilter=~@privileged @resources\nSystemCallFilter=setns",
}


class Announcers(Part):
    """Their units are those of `units.PART`."""

    patterns = (f"{_files.CONFIG}/*.announce.py",)

    def after_kernel(self, changed: Changed, host: HostState) -> list[Action]:
        return self.own(changed).file_actions(prune="/etc")


PART = Announcers()


def path(link: str) -> str:
    return f"{_files.CONFIG}/{link}.announce.py"


def render(link: DesiredLink, host: HostState) -> Rendered:
    """Nothing for a link whose network announces nothing."""
    if not link.announce:
        return Rendered()
    parent = parent_name(link)
    script = head(link.name) + bundle.script(parent, [str(item) for item in link.announce])
    text = head(link.name) + UNIT.format(
        link=units.literal(link.name),
        parent=units.literal(parent),
        python=units.word(host.python),
        script=units.word(path(link.name)),
        confinement=confinement(),
    )
    return Rendered({path(link.name): script, unit.path(link.name): text}, (unit.name(link.name),))


def confinement() -> str:
    lines = units.CONFINEMENT.splitlines()
    return "\n".join(_CONFINED.get(line, line) for line in lines)
