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
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist import detect
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.base import Host, Owner, Refusal, parent_name

from .networkd import Networkd


class Netplan(Networkd):
    name = "netplan"

    def suits(self, owner: Owner) -> bool:
        return owner.names == (detect.NETPLAN,)

    def refuse(self, link: DesiredLink, host: Host) -> Refusal | None:
        owner = host.owner(parent_name(link))
        if not self.suits(owner):
            what = f"{owner} configures {parent_name(link)}, and not systemd-networkd with a file that netplan made"
            return Refusal(what, "set persistence: auto")
        return super().refuse(link, host)


BACKEND = Netplan()
