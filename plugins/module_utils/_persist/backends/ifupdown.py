# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ifupdown: a stanza in interfaces.d, so that ``ifup``, ``ifdown`` and ``ifquery`` know the link, and its keeper.

ifupdown acts at boot and when it is told to. It does not see a parent that goes and comes back, and ``ifup -a`` may
come to the link before its parent. The stanza and the keeper run the same script.
"""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import files as _files
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.systemd import check_units
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.links import DesiredLink
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist import detect, keeper, units
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.base import (
    Action,
    Backend,
    Changed,
    Host,
    Owner,
    Refusal,
    Rendered,
    head,
    parent_name,
)

from . import networkd

OWNER = "ifupdown"
DIRECTORY = "/etc/network/interfaces.d"
PREFIX = f"{DIRECTORY}/linuxnet-macvlan-"
PATTERN = f"{PREFIX}*"

#: ``ifdown -a``, so ``systemctl restart networking`` too, leaves the link alone; ``ifdown NAME`` takes it down.
STANZA = """
auto {link}
no-auto-down {link}
iface {link} inet manual
    up /bin/sh {script} once
"""


def stanza_path(link: str) -> str:
    return f"{PREFIX}{link}"


class IfUpDown(Backend):
    name = "ifupdown"
    owner = OWNER

    def suits(self, owner: Owner) -> bool:
        return owner.names == (OWNER,)

    def refuse(self, link: DesiredLink, host: Host) -> Refusal | None:
        owner = host.owner(parent_name(link))
        if host.interfaces is None:
            return Refusal("this host has no /etc/network/interfaces", "set persistence: auto")
        if not self.suits(owner):
            what = f"{owner} configures {parent_name(link)}, and not ifupdown"
            return Refusal(what, "set persistence: auto, or systemd")
        path = stanza_path(link.name)
        if not host.interfaces.reads(path):
            remedy = f"write the line `source {DIRECTORY}/*` into /etc/network/interfaces, or set persistence: systemd"
            return Refusal(f"ifupdown does not read {path}", remedy)
        others = [item for item in host.interfaces.stanzas(link.name) if item != path]
        if others:
            return Refusal(f"{others[0]} configures {link.name} too", "remove that stanza")
        if not link.up:
            return Refusal("ifupdown brings every link up", "leave it out, or set persistence: systemd")
        return None

    def render(self, link: DesiredLink, host: Host) -> Rendered:
        stanza = STANZA.format(link=link.name, script=keeper.path(link.name))
        kept = units.keeping(link, keeper.making(link, host), "networking.service")
        return kept.plus({**networkd.hands_off(link, host), stanza_path(link.name): head(link.name) + stanza})

    def verify(self, link: DesiredLink, host: Host) -> list[str]:
        known = detect.ifupdown_interfaces(_files.read(detect.IFSTATE) or "")
        wrong = [] if link.name in known else [f"ifupdown does not know that {link.name} is up"]
        return wrong + check_units([units.unit_name(link.name)])


BACKEND = IfUpDown()


def letting_go(changed: Changed) -> list[Action]:
    """ifupdown's own state goes before the stanza does. That takes the link down, before the kernel's part."""
    return [Action("ifdown", link_of_path(path)) for path in changed.below(DIRECTORY).remove]


def activation(changed: Changed) -> list[Action]:
    stanzas = changed.below(DIRECTORY)
    new = [Action("ifup", link_of_path(path)) for path in (*stanzas.write, *stanzas.again)]
    return [*stanzas.file_actions(), *new]


def link_of_path(path: str) -> str:
    return path[len(PREFIX) :]
