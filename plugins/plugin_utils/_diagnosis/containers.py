# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The containers of a network as they were, are, and are declared. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.schema import LinkData
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.timeline import AddressEvent, TargetData

from .case import Case, bare, changed
from .lifetime import expired
from .snapshot import NamespaceView, SnapshotView

#: Seconds within which a link and what goes with it are noted, at most: the kernel does both at once.
AT_ONCE = 0.2


@dataclass(frozen=True)
class ContainerLink:
    """A link of a container that is there when the watch is over. addresses: what it had before or has now."""

    space: NamespaceView
    link: LinkData
    addresses: tuple[str, ...]

    @property
    def where(self) -> str:
        return f"{self.link['name']} in {self.space.label}"

    def targets(self, lost: Iterable[TargetData]) -> list[TargetData]:
        """Those that lead to this link or from it."""
        place = (self.space.label, self.link["name"])
        return [
            item
            for item in lost
            if item["target"] in self.addresses or (item["from"]["namespace"], item["from"]["link"]) == place
        ]


def container_links(case: Case) -> list[ContainerLink]:
    """The links of the containers that were found before the watch or after it, as far as they are there now."""
    had: dict[tuple[str, str], dict[str, None]] = {}
    for snapshot in (case.before, case.after):
        for item in snapshot.found:
            if item["namespace"]:
                had.setdefault((item["namespace"], item["link"]), {})[item["address"]] = None
    return [
        ContainerLink(space, link, tuple(addresses))
        for (namespace, name), addresses in had.items()
        for space in [case.after.namespace(namespace)]
        if space is not None
        for link in [space.link(name)]
        if link is not None
    ]


def deletions(case: Case, item: ContainerLink) -> list[AddressEvent]:
    """Addresses that were deleted from a container's link, neither with the link nor at the end of their lifetimes."""
    name, namespace = item.link["name"], item.space.label
    gone = [event["after"] for event in case.link_events("delete", name, namespace)]
    changes = case.link_events("change", name, namespace)
    gone += [event["after"] for event in changes if (changed(event, "up") or (None, None))[0]]
    return [
        event
        for event in case.address_events("delete", name, namespace)
        if bare(event["data"]["address"]) in item.addresses and not expired(event)
        if not any(abs(event["after"] - moment) <= AT_ONCE for moment in gone)
    ]


def unplaced(case: Case) -> Iterator[str]:
    """The declared addresses of containers that no link on the network's parent has."""
    there = {item["address"] for item in case.after.found}
    return (str(item) for item in case.network.containers if str(item) not in there)


def guests(case: Case) -> dict[str, str]:
    """Addresses of containers here that another host declares for its own and does not have, and which one."""
    strays = [item["address"] for item in case.after.scope["strays"]]
    owners = case.fleet.declared_containers(case.segment) if strays else {}
    return {
        address: owners[address]
        for address in strays
        if owners.get(address, case.host) != case.host
        and not any(link.host == owners[address] for link in case.fleet.holding(case.segment, address))
    }


def about(case: Case, addresses: Collection[str], lost: Iterable[TargetData]) -> list[TargetData]:
    """Targets that lead to containers with these addresses or, as far as these were there before, from them."""
    before = [] if case.lacks("before") else case.before.found
    spaces = {item["namespace"] for item in before if item["address"] in addresses and item["namespace"]}
    return [item for item in lost if item["target"] in addresses or item["from"]["namespace"] in spaces]


def empty_links(case: Case, moment: SnapshotView | None = None) -> list[tuple[NamespaceView, LinkData]]:
    """Macvlan links on the parent in other namespaces without any address of the network. moment: after the watch."""
    return [
        (space, link)
        for space in (moment or case.after).namespaces[1:]
        for link in space.links
        if link["parent"] == case.parent_name and link["parent_namespace"] == "" and link["mode"]
        if not any(case.inside(item["address"]) for item in space.addresses(link["name"]))
    ]
