# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One macvlan network, parsed. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address, Network, within

from .slices import Sharing


@dataclass(frozen=True)
class MacvlanNetwork:
    """One declared network, parsed. ``link`` is the shim's name, None where the host takes no part in it."""

    name: str
    parent: object
    subnets: tuple[Network, ...]
    gateways: tuple[Address, ...] = ()
    ranges: tuple[Network, ...] = ()
    host_addresses: tuple[Address, ...] = ()
    containers: tuple[Address, ...] = ()
    engine: str = "none"
    #: The layer 2 segment. Networks of one segment share an address space; the subnets name it unless told otherwise.
    segment: str = ""
    link: str | None = None
    key: str = "macvlan_networks"
    #: Where the range belongs to a group: what this host has of it, which ``ranges`` holds.
    sharing: Sharing | None = None

    def as_data(self) -> dict[str, object]:
        return {
            "name": self.name,
            "parent": self.parent,
            "subnets": [str(item) for item in self.subnets],
            "gateways": [str(item) for item in self.gateways],
            "container_ranges": [str(item) for item in self.ranges],
            "host_addresses": [str(item) for item in self.host_addresses],
            "containers": [str(item) for item in self.containers],
            "engine": self.engine,
            "segment": self.segment,
            "link": self.link,
        }

    def probe(self) -> dict[str, object]:
        """The addresses that nobody else may hold, for arp_conflict_check."""
        loose = [item for item in self.containers if not any(within(item, outer) for outer in self.ranges)]
        addresses = [str(item) for item in (*self.host_addresses, *self.ranges, *loose)]
        return {"network": self.name, "parent": self.parent, "addresses": addresses}
