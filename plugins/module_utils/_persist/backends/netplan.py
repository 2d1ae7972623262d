# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""netplan: no version of it knows macvlan (1.2 neither), but systemd-networkd takes drop-ins for the files it makes.

A drop-in in /etc counts for the file of the same name that ``netplan generate`` writes below /run, however often it
does: the form is systemd-networkd's own. Where netplan has NetworkManager configure the parent, NetworkManager is the
owner, and netplan only writes a profile for it.
"""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.links import DesiredLink
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.base import (
    Backend,
    HostState,
    Owner,
    Refusal,
    Rendered,
    parent_name,
)

from . import networkd


class Netplan(Backend):
    """Its files, and what is done with them, are those of `networkd.Networkd`."""

    name = "netplan"
    owner = networkd.Networkd.owner
    service = networkd.Networkd.service

    def devices(self, host: HostState) -> dict[str, Owner]:
        return host.daemon(networkd.NetworkdState).owned_by(networkd.NETPLAN)

    def suits(self, owner: Owner) -> bool:
        return owner.names == (networkd.NETPLAN,)

    def refuse(self, link: DesiredLink, host: HostState) -> Refusal | None:
        owner = host.owner(parent_name(link))
        if not self.suits(owner):
            what = f"{owner.configures(parent_name(link))}, and not systemd-networkd with a file that netplan made"
            return Refusal(what, "set persistence: auto")
        return networkd.BACKEND.refuse(link, host)

    def render(self, link: DesiredLink, host: HostState) -> Rendered:
        return networkd.BACKEND.render(link, host)

    def verify(self, link: DesiredLink, host: HostState) -> list[str]:
        return networkd.BACKEND.verify(link, host)


BACKEND = Netplan()
