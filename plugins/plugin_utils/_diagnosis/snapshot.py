# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions to a snapshot of a host's network and to the namespaces in it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from shlex import quote

from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.experiments.results import DroppingRule
from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.schema import (
    AddressData,
    ContainerData,
    LinkData,
    NamespaceData,
    NeighbourData,
    PathData,
    RouteData,
    RuleData,
    ScopeData,
    SnapshotData,
)

#: The routing table main (RT_TABLE_MAIN).
MAIN = 254


class Lacking(Exception):
    """A judge asked for a part of the evidence that is not there. The text says why."""


@dataclass(frozen=True)
class NamespaceView:
    """One network namespace of a snapshot."""

    data: NamespaceData

    @property
    def label(self) -> str:
        """Empty for the host's own."""
        return self.data["label"]

    @property
    def enter(self) -> str:
        """What a command for a shell of the host begins with so that it runs in here; empty for the host's own."""
        return f"nsenter --net={quote(self.data['path'])} " if self.label else ""

    @property
    def links(self) -> list[LinkData]:
        return self.data["links"]

    @property
    def paths(self) -> list[PathData]:
        """The kernel's routes to the targets that the snapshot asked about."""
        return self.data.get("paths", [])

    def link(self, name: str | None) -> LinkData | None:
        return next((link for link in self.links if link["name"] == name), None)

    def addresses(self, link: str | None = None) -> list[AddressData]:
        """Of one link, or all."""
        return [item for item in self.data["addresses"] if link in (None, item["link"])]

    def routes(self, link: str | None = None, table: int = MAIN) -> list[RouteData]:
        """In the kernel's order; of equal ones the first is used."""
        return [item for item in self.data["routes"] if link in (None, item["link"]) and item["table"] == table]

    def neighbours(self, address: str | None = None) -> list[NeighbourData]:
        return [item for item in self.data.get("neighbours", []) if address in (None, item["address"])]

    @property
    def rules(self) -> list[RuleData]:
        """Of the routing policy, beyond the kernel's own."""
        return self.data.get("rules", [])

    def path(self, target: str) -> PathData | None:
        """None where the kernel was not asked for its route to this target."""
        return next((item for item in self.paths if item["target"] == target), None)

    def setting(self, link: str, name: str) -> int | None:
        """A value below net/*/conf of a link, None where it is not known."""
        return self.data.get("settings", {}).get(link, {}).get(name)

    def strictest(self, link: str, name: str) -> int | None:
        """The larger of the values for ``all`` and the link, which is the effective one for most settings of IPv4."""
        values = [value for value in (self.setting("all", name), self.setting(link, name)) if value is not None]
        return max(values, default=None)

    def netstat(self, name: str) -> int:
        return self.data.get("netstat", {}).get(name, 0)


@dataclass(frozen=True)
class SnapshotView:
    """A host's network at one moment, and in it one declared network."""

    data: SnapshotData
    network: str

    @property
    def namespaces(self) -> list[NamespaceView]:
        """The host's own first."""
        return [NamespaceView(item) for item in self.data["namespaces"]]

    @property
    def own(self) -> NamespaceView:
        """The host's own namespace."""
        return NamespaceView(self.data["namespaces"][0])

    def namespace(self, label: str) -> NamespaceView | None:
        return next((item for item in self.namespaces if item.label == label), None)

    @property
    def filters(self) -> list[DroppingRule]:
        """The rules of nftables that drop and count."""
        return self.data["filters"]

    def bridge_setting(self, name: str) -> int | None:
        """A setting of br_netfilter, None where that is not loaded."""
        return self.data["bridge"].get(name)

    @property
    def scope(self) -> ScopeData:
        """The network as it was found."""
        if self.network not in self.data["networks"]:
            raise Lacking(f"the snapshot of {self.data['at']} lacks the network {self.network}")
        return self.data["networks"][self.network]

    @property
    def parent(self) -> LinkData | None:
        return self.own.link(self.scope["parent"]) if self.scope["parent"] else None

    @property
    def shim(self) -> LinkData | None:
        """The host's own link of the network, None where none is declared or it is not there."""
        return self.own.link(self.scope["link"]) if self.scope["link"] else None

    @property
    def containers(self) -> list[ContainerData]:
        """One for each address."""
        return self.scope["containers"]

    @property
    def found(self) -> list[ContainerData]:
        """The containers, and the strays: addresses in the subnets that lie in no container range."""
        return [*self.scope["containers"], *self.scope["strays"]]
