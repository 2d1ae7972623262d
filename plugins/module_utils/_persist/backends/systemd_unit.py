# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A systemd unit with ip(8): for hosts where NetworkManager or nothing configures the parent."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.links import DesiredLink
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist import keeper, units
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.base import (
    Backend,
    HostState,
    Owner,
    Refusal,
    Rendered,
    leaseless,
)


class SystemdUnit(Backend):
    name = "systemd"

    def suits(self, owner: Owner) -> bool:
        return owner.names in ((), ("NetworkManager",))

    def refuse(self, link: DesiredLink, host: HostState) -> Refusal | None:
        return leaseless(link, "a unit with ip(8) has no DHCP client")

    def render(self, link: DesiredLink, host: HostState) -> Rendered:
        return units.keeping(link, keeper.making(link, host), "network-pre.target")


BACKEND = SystemdUnit()
