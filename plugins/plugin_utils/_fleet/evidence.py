# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one host has, wants and heard, read out of what its tasks returned. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import (
    Address,
    Network,
    parse_mac,
    within,
)

from .plan import UNNAMED, HostPlan, home, segment_homes


@dataclass(frozen=True)
class Place:
    """A link of a host of the fleet. ``namespace`` is empty for the host's own. declared: nobody has looked whether it
    is there."""

    host: str
    namespace: str
    link: str
    declared: bool = False

    def __str__(self) -> str:
        inside = f" in namespace {self.namespace}" if self.namespace else ""
        return f"{self.link} of {self.host}{inside}"


@dataclass(frozen=True)
class Held:
    """An address that is on a link, or a link without one that counts (None). at: when that was read."""

    place: Place
    mac: str
    address: Address | None
    at: str = ""


@dataclass(frozen=True)
class Seen:
    """A MAC address that was heard, mostly with an address (else None), by a host from one of its vantages.

    owner: as arp_conflict_check names it. place: the link, where that is the host's own.
    """

    address: Address | None
    mac: str
    by: str
    parent: str
    vantage: str
    kind: str
    owner: str
    at: str
    place: Place | None = None


@dataclass(frozen=True)
class Asked:
    """An address that a host asked for, and what it alone made of it."""

    address: Address
    parent: str
    status: str
    reason: str = ""


@dataclass(frozen=True)
class HostEvidence:
    """Everything about one host. absence: why it gave no evidence, empty where it did.

    wanted: what is declared for it, addresses and ranges, each with the words for it. blind: what it could not see.
    twins: MAC addresses of its own that came in from the wire.
    """

    host: str
    absence: str = ""
    homes: tuple[tuple[Network, str], ...] = ()
    wanted: tuple[tuple[Network, str], ...] = ()
    declared_macs: tuple[tuple[str, str], ...] = ()
    held: tuple[Held, ...] = ()
    seen: tuple[Seen, ...] = ()
    twins: tuple[Seen, ...] = ()
    asked: tuple[Asked, ...] = ()
    machine_id: str = ""
    blind: tuple[str, ...] = ()

    @property
    def segments(self) -> set[str]:
        return {name for dummy, name in self.homes} or {UNNAMED}

    def segment(self, address: Address) -> str:
        """Where an address of this host is. One of no declared subnet is compared only where there is one choice."""
        if any(within(address, subnet) for subnet, dummy in self.homes):
            return home(address, self.homes)
        return next(iter(self.segments)) if len(self.segments) == 1 else f"\0{self.host}"


def read(plan: HostPlan, probe: Mapping[str, Any], made: Mapping[str, Any], absence: str = "") -> HostEvidence:
    """The evidence of a host.

    probe: what arp_conflict_check returned there, empty where it did not run. absence: why not.
    made: what macvlan_link returned if it has changed the links since, not in check mode; empty otherwise.
    """
    told = probe.get("host")
    links = tuple(_links(plan.host, told or {}, made, str(probe.get("started") or "")))
    return HostEvidence(
        host=plan.host,
        absence="" if told else absence or "it was not asked",
        homes=tuple(segment_homes(plan.intent)),
        wanted=tuple(_wanted(plan)),
        declared_macs=tuple((link.mac, link.name) for link in plan.desired.present if link.mac),
        held=links,
        seen=tuple(_seen(plan.host, probe)),
        twins=tuple(
            Seen(None, item["mac"], plan.host, item["parent"], "parent", "frames", "foreign", item["first_seen"])
            for item in probe.get("duplicate_macs") or []
        ),
        asked=tuple(
            Asked(ipaddress.ip_address(item["address"]), item["parent"], item["status"], item.get("reason") or "")
            for item in probe.get("results") or []
        ),
        machine_id=str((told or {}).get("machine_id") or ""),
        blind=tuple(_blind(probe)),
    )


def _wanted(plan: HostPlan) -> Iterator[tuple[Network, str]]:
    for network in plan.intent.networks:
        for address in network.host_addresses:
            yield ipaddress.ip_network(address), "host_address"
        for address in network.containers:
            yield ipaddress.ip_network(address), "a container's address"
        for one in network.ranges:
            yield one, "container_range"
    for link in plan.desired.present:
        if link.key.startswith("macvlan_links"):
            for interface in link.addresses or ():
                yield ipaddress.ip_network(interface.ip), f"the address of {link.name}"


def _links(host: str, told: Mapping[str, Any], made: Mapping[str, Any], at: str) -> Iterator[Held]:
    """What was there when the host was asked, with what has been made of its own links since."""
    current = {link["name"]: link for link in made.get("links") or []}
    changed = {*current, *(made.get("removed") or [])}
    for parent in told.get("parents") or []:
        yield from _on(Place(host, "", parent["name"]), parent, at)
    for link in told.get("links") or []:
        if link["namespace"] or link["name"] not in changed:
            yield from _on(Place(host, link["namespace"], link["name"]), link, at)
    for name, link in current.items():
        yield from _on(Place(host, "", name), link, at)


def _on(place: Place, link: Mapping[str, Any], at: str) -> Iterator[Held]:
    mac = parse_mac(link.get("mac")) or ""
    addresses = [ipaddress.ip_interface(text).ip for text in link.get("addresses") or []]
    # each link has its own, and they tell nothing that its MAC address does not
    addresses = [address for address in addresses if not address.is_link_local]
    for address in addresses or [None]:  # type: ignore[list-item]
        yield Held(place, mac, address, at)


def _seen(host: str, probe: Mapping[str, Any]) -> Iterator[Seen]:
    for result in probe.get("results") or []:
        for holder in result.get("holders") or []:
            where = holder.get("where")
            yield Seen(
                address=ipaddress.ip_address(result["address"]),
                mac=holder["mac"],
                by=host,
                parent=result["parent"],
                vantage=holder["vantage"],
                kind=holder["kind"],
                owner=holder["owner"],
                at=holder["first_seen"],
                place=Place(host, where["namespace"], where["link"]) if where else None,
            )


def _blind(probe: Mapping[str, Any]) -> Iterator[str]:
    for vantage in probe.get("vantages") or []:
        where = f"{vantage['parent']} from {vantage['vantage']}"
        if not vantage["asked"] or vantage.get("reason"):
            yield f"{where}: {vantage.get('reason') or 'it only listened'}"
        elif vantage.get("lost"):
            yield f"{where}: {vantage['lost']} frames came too fast to be read"
    for namespace in probe.get("unseen_namespaces") or []:
        yield f"network namespace {namespace} could not be entered"


def wants(evidence: HostEvidence, address: Address) -> str:
    """What an address is declared as for this host, empty where it is not."""
    return next((what for network, what in evidence.wanted if within(address, network)), "")
