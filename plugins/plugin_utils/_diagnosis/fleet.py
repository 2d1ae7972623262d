# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all hosts together have: which address and which MAC address is where. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import Generic, TypeVar, cast

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import (
    parse_interface,
    parse_network,
    within,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.schema import (
    AddressData,
    HostEvidence,
    LinkData,
    NamespaceData,
    NetworkData,
    SnapshotData,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.network import named_segment

Key = TypeVar("Key")
Made = TypeVar("Made")
#: Links that share something, by host and segment.
_Shared = Mapping[tuple[str, str], list["SharedLinks"]]


@dataclass(frozen=True)
class FleetLink:
    """A link of the fleet. ``namespace`` is empty for the host's own; address: with one entry per address.

    passthru: a macvlan link that shares its parent's MAC address, as its mode demands.
    """

    host: str
    namespace: str
    name: str
    mac: str
    kind: str = ""
    address: str = ""
    up: bool = True
    passthru: bool = False

    def __str__(self) -> str:
        inside = f" in namespace {self.namespace}" if self.namespace else ""
        return f"{self.name} of {self.host}{inside}"

    @property
    def where(self) -> str:
        """On its host."""
        return f"{self.name}{f' in namespace {self.namespace}' if self.namespace else ''}"


@dataclass(frozen=True)
class Fleet:
    """hosts: the evidence of each host that gave some; absent: those that gave none, and why.

    macs: links by MAC address. passed: hosts by MAC address, also those that were there only for a while.
    addresses: links by segment and address (without prefix length); a segment is what networks name as theirs, and
    those that name none are in one, and only links of declared networks count.
    members: links by segment and MAC address: parents of declared networks and all macvlan links on these.
    """

    hosts: Mapping[str, HostEvidence] = field(default_factory=dict)
    absent: Mapping[str, str] = field(default_factory=dict)
    macs: Mapping[str, tuple[FleetLink, ...]] = field(default_factory=dict)
    addresses: Mapping[tuple[str, str], tuple[FleetLink, ...]] = field(default_factory=dict)
    passed: Mapping[str, str] = field(default_factory=dict)
    members: Mapping[tuple[str, str], tuple[FleetLink, ...]] = field(default_factory=dict)
    _known: dict[tuple[str, ...], object] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def shared_addresses(self) -> _Shared:
        """The links of each address that more than one has."""
        return _shared(self.addresses)

    @cached_property
    def shared_macs(self) -> _Shared:
        """The members of each MAC address that more than one has."""
        return _shared(self.members)

    @cached_property
    def claims(self) -> Mapping[str, list[AddressClaim]]:
        """Every address that any namespace of a host has, by the address without prefix length."""
        found: dict[str, list[AddressClaim]] = {}
        for host, evidence in sorted(self.hosts.items()):
            snapshot = evidence["after"]
            for space in snapshot["namespaces"] if snapshot else ():
                for item in space["addresses"]:
                    claim = AddressClaim(host, space, item, snapshot["at"] if snapshot else "")
                    found.setdefault(item["address"].split("/", maxsplit=1)[0], []).append(claim)
        return found

    def once(self, key: tuple[str, ...], make: Callable[[], Made]) -> Made:
        """What is the same for all hosts that ask for it, made for the first one. key: who makes it, and for what."""
        if key not in self._known:
            self._known[key] = make()
        return cast(Made, self._known[key])

    def at(self, mac: str) -> tuple[FleetLink, ...]:
        """The links that have a MAC address."""
        return self.macs.get(mac, ())

    def holding(self, segment: str, address: str) -> tuple[FleetLink, ...]:
        """The links of a segment that have an address."""
        return self.addresses.get((segment, address), ())

    def addresses_of(self, link: FleetLink) -> list[str]:
        """The addresses of a link, without their prefix lengths."""
        snapshot = self.hosts[link.host]["after"] or self.hosts[link.host]["before"]
        return [
            item["address"].split("/", maxsplit=1)[0]
            for space in (snapshot["namespaces"] if snapshot else ())
            if space["label"] == link.namespace
            for item in space["addresses"]
            if item["link"] == link.name
        ]

    def declared_containers(self, segment: str) -> Mapping[str, str]:
        """Addresses that a segment's networks declare for containers, and on which host."""
        return self.once(
            ("declared containers", segment),
            lambda: {
                address: host
                for host, evidence in self.hosts.items()
                for network in evidence["networks"]
                if segment_of(network) == segment
                for address in network["containers"]
            },
        )

    def together(self, one: str, other: str) -> bool:
        """Whether evidence of two hosts is of the same minutes: what moves between them is then seen once."""
        return at_once(self.hosts[one], self.hosts[other])


@dataclass(frozen=True)
class AddressClaim:
    """An address of a namespace of a host. at: of the snapshot."""

    host: str
    space: NamespaceData
    item: AddressData
    at: str


@dataclass(frozen=True)
class SharedLinks:
    """own: those of one host. links: of all hosts, those first that are up."""

    own: tuple[FleetLink, ...]
    links: tuple[FleetLink, ...]

    def others(self, apart: Callable[[FleetLink], bool], most: int) -> list[FleetLink]:
        """So many at most: of a hundred hosts with one address each would list all the others."""
        return list(islice(filter(apart, self.links), most))


def _shared(links: Mapping[tuple[str, str], tuple[FleetLink, ...]]) -> _Shared:
    found: dict[tuple[str, str], list[SharedLinks]] = {}
    for (segment, dummy), group in links.items():
        if len(group) < 2:
            continue
        ordered = tuple(sorted(group, key=lambda link: not link.up))
        own: dict[str, list[FleetLink]] = {}
        for link in group:
            own.setdefault(link.host, []).append(link)
        for host, mine in own.items():
            found.setdefault((host, segment), []).append(SharedLinks(tuple(mine), ordered))
    return found


def at_once(one: HostEvidence, other: HostEvidence) -> bool:
    """Whether two hosts were watched in the same minutes."""
    return one["started"] <= other["ended"] and other["started"] <= one["ended"]


class _Index(Generic[Key]):
    """Links by a key, each once, in the order in which they were found."""

    def __init__(self) -> None:
        self._found: dict[Key, dict[FleetLink, None]] = {}

    def add(self, key: Key, link: FleetLink) -> None:
        self._found.setdefault(key, {})[link] = None

    def done(self) -> dict[Key, tuple[FleetLink, ...]]:
        return {key: tuple(links) for key, links in self._found.items()}


def gather(hosts: Mapping[str, HostEvidence], absent: Mapping[str, str] | None = None) -> Fleet:
    """What the last snapshots of all hosts say."""
    macs, addresses, members = _Index[str](), _Index[tuple[str, str]](), _Index[tuple[str, str]]()
    for host, evidence in hosts.items():
        snapshot = evidence["after"] or evidence["before"]
        if snapshot is None:
            continue
        for link in _with_macs(host, snapshot):
            macs.add(link.mac, link)
        for network in evidence["networks"]:
            segment = segment_of(network)
            for link in _of_network(host, network, snapshot):
                addresses.add((segment, link.address), link)
            for link in _attached(host, network, snapshot):
                members.add((segment, link.mac), link)
    return Fleet(hosts, absent or {}, macs.done(), addresses.done(), passing(hosts), members.done())


def segment_of(network: NetworkData) -> str:
    """The key of a network's segment, the same as of its plan."""
    return named_segment(network["segment"], network["subnets"])


def passing(hosts: Mapping[str, HostEvidence]) -> dict[str, str]:
    """MAC addresses that hosts had at any time, and on which: those of containers that have ended meanwhile, too."""
    found: dict[str, str] = {}
    for host, evidence in hosts.items():
        for snapshot in (evidence["before"], evidence["after"]):
            if snapshot is not None:
                found.update((link.mac, host) for link in _with_macs(host, snapshot))
        found.update((mac, host) for mac in _sent(evidence))
    return found


def _sent(evidence: HostEvidence) -> Iterator[str]:
    """The MAC addresses of the frames that the host itself sent."""
    for event in evidence["watch"]["events"] if evidence["watch"] else ():
        if (event["kind"] == "arp" or event["kind"] == "nd") and not event["data"]["incoming"]:
            yield event["data"]["mac"]


def _with_macs(host: str, snapshot: SnapshotData) -> Iterator[FleetLink]:
    for namespace in snapshot["namespaces"]:
        for link in namespace["links"]:
            if link["mac"] and link["name"] != "lo":
                yield _fleet_link(host, namespace, link)


def _fleet_link(host: str, namespace: NamespaceData, link: LinkData) -> FleetLink:
    passthru = link["mode"] == "passthru"
    return FleetLink(
        host, namespace["label"], link["name"], link["mac"], link["kind"], up=link["up"], passthru=passthru
    )


def _attached(host: str, network: NetworkData, snapshot: SnapshotData) -> Iterator[FleetLink]:
    """The parent of a declared network, and all macvlan links on it, in whatever namespace."""
    scope = snapshot["networks"].get(network["name"])
    if not scope or not scope["parent"]:
        return
    for number, namespace in enumerate(snapshot["namespaces"]):
        for link in namespace["links"]:
            is_parent = not number and link["name"] == scope["parent"]
            if is_parent or (link["parent"] == scope["parent"] and link["parent_namespace"] == "" and link["mode"]):
                yield _fleet_link(host, namespace, link)


def _of_network(host: str, network: NetworkData, snapshot: SnapshotData) -> Iterator[FleetLink]:
    """Every address of a declared network: on parent and link of the host, and on its containers."""
    scope = snapshot["networks"].get(network["name"])
    if not scope:
        return
    own = snapshot["namespaces"][0]
    links = {link["name"]: link for link in own["links"]}
    for item in own["addresses"]:
        link = links.get(item["link"] or "")
        if link is None or link["name"] not in (scope["parent"], scope["link"]):
            continue
        address = _inside(item["address"], network["subnets"])
        if address:
            yield FleetLink(host, "", link["name"], link["mac"], link["kind"], address)
    for one in (*scope["containers"], *scope["strays"]):
        yield FleetLink(host, one["namespace"], one["link"], one["mac"], "macvlan", one["address"])


def _inside(address: str, subnets: Iterable[str]) -> str:
    """An address without its prefix length where it lies in one of the subnets, else empty."""
    interface = parse_interface(address)
    known = [subnet for subnet in map(parse_network, subnets) if subnet is not None]
    return str(interface.ip) if interface and any(within(interface.ip, subnet) for subnet in known) else ""
