# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which addresses one host has, declares and heard of, read from what its tasks returned. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import (
    Address,
    Network,
    parse_mac,
    within,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.network import UNNAMED

from .plan import HostPlan, home, segment_homes
from .results import ConflictCheck, LinkResult, Links, NamespaceLink, ParentResult


@dataclass(frozen=True)
class LinkLocation:
    """Where a link of the fleet is. ``namespace`` is empty for the host's own.

    declared: known from the declaration alone, whether it is there was not read.
    """

    host: str
    namespace: str
    link: str
    declared: bool = False

    def __str__(self) -> str:
        inside = f" in namespace {self.namespace}" if self.namespace else ""
        return f"{self.link} of {self.host}{inside}"


@dataclass(frozen=True)
class FleetAddress:
    """An address on a link; None for a link without one that counts. at: when that was read."""

    place: LinkLocation
    mac: str
    address: Address | None
    at: str = ""


@dataclass(frozen=True)
class Observation:
    """A MAC address, mostly with an IP address (else None), that a host received at one of its vantages.

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
    place: LinkLocation | None = None


@dataclass(frozen=True)
class ProbedAddress:
    """An address that a host probed, and the status that this host alone gave it."""

    address: Address
    parent: str
    status: str
    reason: str = ""


@dataclass(frozen=True)
class AddressEvidence:
    """Everything about one host. absence: why it gave no evidence, empty where it did.

    homes: the subnets of the host, each with its segment. wanted: the addresses and ranges that are declared for it,
    each with what it is there for. twins: MAC addresses of its own that came in from the wire. blind: its blind spots.
    """

    host: str
    absence: str = ""
    homes: tuple[tuple[Network, str], ...] = ()
    wanted: tuple[tuple[Network, str], ...] = ()
    declared_macs: tuple[tuple[str, str], ...] = ()
    held: tuple[FleetAddress, ...] = ()
    seen: tuple[Observation, ...] = ()
    twins: tuple[Observation, ...] = ()
    asked: tuple[ProbedAddress, ...] = ()
    machine_id: str = ""
    blind: tuple[str, ...] = ()

    @property
    def segments(self) -> set[str]:
        return {name for dummy, name in self.homes} or {UNNAMED}

    def segment(self, address: Address) -> str:
        """The segment of an address; outside of every declared subnet it is compared where there is one choice."""
        if any(within(address, subnet) for subnet, dummy in self.homes):
            return home(address, self.homes)
        return next(iter(self.segments)) if len(self.segments) == 1 else f"\0{self.host}"


def read(plan: HostPlan, probe: ConflictCheck, made: Links, absence: str = "") -> AddressEvidence:
    """The evidence of a host.

    probe: what arp_conflict_check returned there, empty where it did not run. absence: why not.
    made: what macvlan_link returned if it has changed the links since, not in check mode; empty otherwise.
    """
    found = probe.get("host")
    return AddressEvidence(
        host=plan.host,
        absence="" if found else absence or "it was not asked",
        homes=tuple(segment_homes(plan.intent)),
        wanted=tuple(_wanted(plan)),
        declared_macs=tuple((link.mac, link.name) for link in plan.desired.present if link.mac),
        held=tuple(_links(plan.host, probe, made)),
        seen=tuple(_seen(plan.host, probe)),
        twins=tuple(
            Observation(None, item["mac"], plan.host, item["parent"], "parent", "frames", "foreign", item["first_seen"])
            for item in probe.get("duplicate_macs") or []
        ),
        asked=tuple(
            ProbedAddress(
                ipaddress.ip_address(item["address"]), item["parent"], item["status"], item.get("reason") or ""
            )
            for item in probe.get("results") or []
        ),
        machine_id=(found["machine_id"] or "") if found else "",
        blind=tuple(_blind(probe)),
    )


def _wanted(plan: HostPlan) -> Iterator[tuple[Network, str]]:
    for network in plan.intent.networks:
        for address in network.host_addresses:
            yield ipaddress.ip_network(address), "host_address"
        for address in network.containers:
            yield ipaddress.ip_network(address), "a container's address"
        for one in network.assigned():
            yield one, "container_range"
    for link in plan.desired.present:
        if link.key.startswith("macvlan_links"):
            for interface in link.addresses or ():
                yield ipaddress.ip_network(interface.ip), f"the address of {link.name}"


def _links(host: str, probe: ConflictCheck, made: Links) -> Iterator[FleetAddress]:
    """The links as the check found them, except the host's own that have been changed since."""
    current = {link["name"]: link for link in made.get("links") or []}
    changed = {*current, *(made.get("removed") or [])}
    at = probe.get("started") or ""
    found = probe.get("host")
    if found:
        for parent in found["parents"]:
            yield from _on(LinkLocation(host, "", parent["name"]), parent, at)
        for link in found["links"]:
            if link["namespace"] or link["name"] not in changed:
                yield from _on(LinkLocation(host, link["namespace"], link["name"]), link, at)
    for name, now in current.items():
        yield from _on(LinkLocation(host, "", name), now, at)


def _on(place: LinkLocation, link: ParentResult | NamespaceLink | LinkResult, at: str) -> Iterator[FleetAddress]:
    mac = parse_mac(link.get("mac")) or ""
    addresses = [ipaddress.ip_interface(text).ip for text in link.get("addresses") or []]
    # every link has a link-local one of its own, which says no more than its MAC address
    counting = [address for address in addresses if not address.is_link_local]
    if not counting:
        yield FleetAddress(place, mac, None, at)
    for address in counting:
        yield FleetAddress(place, mac, address, at)


def _seen(host: str, probe: ConflictCheck) -> Iterator[Observation]:
    for result in probe.get("results") or []:
        for holder in result.get("holders") or []:
            where = holder.get("where")
            yield Observation(
                address=ipaddress.ip_address(result["address"]),
                mac=holder["mac"],
                by=host,
                parent=result["parent"],
                vantage=holder["vantage"],
                kind=holder["kind"],
                owner=holder["owner"],
                at=holder["first_seen"],
                place=LinkLocation(host, where["namespace"], where["link"]) if where else None,
            )


def _blind(probe: ConflictCheck) -> Iterator[str]:
    for vantage in probe.get("vantages") or []:
        where = f"{vantage['parent']} from {vantage['vantage']}"
        if not vantage["asked"] or vantage.get("reason"):
            yield f"{where}: {vantage.get('reason') or 'it only listened'}"
        elif vantage.get("lost"):
            yield f"{where}: {vantage['lost']} frames came too fast to be read"
    for namespace in probe.get("unseen_namespaces") or []:
        yield f"network namespace {namespace} could not be entered"


def wants(evidence: AddressEvidence, address: Address) -> str:
    """What an address is declared as for this host, empty where it is not."""
    return next((what for network, what in evidence.wanted if within(address, network)), "")
