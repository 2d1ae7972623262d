# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A systemd unit with ip(8): for hosts where NetworkManager or nothing configures the parent."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._link.desired import DesiredLink

from . import keeper, networkd, units
from .base import Backend, Host, Owner, Refusal, Rendered
from .systemd import check_units


class SystemdUnit(Backend):
    name = "systemd"

    def suits(self, owner: Owner) -> bool:
        return owner.names in ((), ("NetworkManager",))

    def refuse(self, link: DesiredLink, host: Host) -> Refusal | None:
        return None

    def render(self, link: DesiredLink, host: Host) -> Rendered:
        kept = units.keeping(link, keeper.making(link, host), "network-pre.target")
        return kept.plus(networkd.hands_off(link, host))

    def verify(self, link: DesiredLink, host: Host) -> list[str]:
        return check_units([units.unit_name(link.name)])


BACKEND = SystemdUnit()
