# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all hosts together have: which address and which MAC address is where. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class FleetLink:
    """A link of the fleet. ``namespace`` is empty for the host's own; address: with one place per address.

    passthru: a macvlan link that shares its parent's MAC address, as its mode demands.
    """

    host: str
    namespace: str
    link: str
    mac: str
    kind: str = ""
    address: str = ""
    up: bool = True
    passthru: bool = False

    def __str__(self) -> str:
        inside = f" in namespace {self.namespace}" if self.namespace else ""
        return f"{self.link} of {self.host}{inside}"


@dataclass(frozen=True)
class Fleet:
    """hosts: the evidence of each host that gave some; absent: those that gave none, and why.

    macs: places by MAC address. passed: hosts by MAC address, also those that were there only for a while.
    addresses: places by segment and address (without prefix length); a segment is what networks name as theirs, their
    subnets by default, and only links of declared networks count.
    members: places by segment and MAC address: parents of declared networks and all macvlan links on these.
    """

    hosts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    absent: Mapping[str, str] = field(default_factory=dict)
    macs: Mapping[str, tuple[FleetLink, ...]] = field(default_factory=dict)
    addresses: Mapping[tuple[str, str], tuple[FleetLink, ...]] = field(default_factory=dict)
    passed: Mapping[str, str] = field(default_factory=dict)
    members: Mapping[tuple[str, str], tuple[FleetLink, ...]] = field(default_factory=dict)

    def at(self, mac: str) -> tuple[FleetLink, ...]:
        """The links that have a MAC address."""
        return self.macs.get(mac, ())

    def holding(self, segment: str, address: str) -> tuple[FleetLink, ...]:
        """The links of a segment that have an address."""
        return self.addresses.get((segment, address), ())

    def together(self, one: str, other: str) -> bool:
        """Whether two hosts were looked at in the same minutes: what moves from one to the other is then seen once."""
        first, second = self.hosts[one], self.hosts[other]
        return bool(first["started"] <= second["ended"] and second["started"] <= first["ended"])


def segment_of(network: Mapping[str, Any]) -> str:
    """The key of a network's segment: its name, or its subnets where it names none."""
    return str(network.get("segment") or ", ".join(network["subnets"]))


def gather(hosts: Mapping[str, Mapping[str, Any]], absent: Mapping[str, str] | None = None) -> Fleet:
    """What the last snapshots of all hosts say."""
    macs: dict[str, dict[FleetLink, None]] = {}
    addresses: dict[tuple[str, str], dict[FleetLink, None]] = {}
    members: dict[tuple[str, str], dict[FleetLink, None]] = {}
    for host, evidence in hosts.items():
        snapshot = evidence.get("after") or evidence.get("before")
        if not snapshot:
            continue
        for place in _with_macs(host, snapshot):
            macs.setdefault(place.mac, {})[place] = None
        for network in evidence.get("networks", []):
            segment = segment_of(network)
            for place in _of_network(host, network, snapshot):
                addresses.setdefault((segment, place.address), {})[place] = None
            for place in _attached(host, network, snapshot):
                members.setdefault((segment, place.mac), {})[place] = None
    return Fleet(
        hosts,
        absent or {},
        {mac: tuple(places) for mac, places in macs.items()},
        {key: tuple(places) for key, places in addresses.items()},
        passing(hosts),
        {key: tuple(places) for key, places in members.items()},
    )


def passing(hosts: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """MAC addresses that hosts had at any time, and on which: those of containers that have ended meanwhile, too."""
    found: dict[str, str] = {}
    for host, evidence in hosts.items():
        for moment in ("before", "after"):
            if evidence.get(moment):
                found.update((place.mac, host) for place in _with_macs(host, evidence[moment]))
        for event in (evidence.get("watch") or {}).get("events", []):
            data = event.get("data") or {}
            # what the host itself sent
            if event["kind"] in ("arp", "nd") and data.get("incoming") is False:
                found[data["mac"]] = host
    return found


def _with_macs(host: str, snapshot: Mapping[str, Any]) -> list[FleetLink]:
    return [
        _place(host, space, link)
        for space in snapshot["namespaces"]
        for link in space["links"]
        if link["mac"] and link["name"] != "lo"
    ]


def _place(host: str, space: Mapping[str, Any], link: Mapping[str, Any]) -> FleetLink:
    passthru = link["mode"] == "passthru"
    return FleetLink(host, space["label"], link["name"], link["mac"], link["kind"], up=link["up"], passthru=passthru)


def _attached(host: str, network: Mapping[str, Any], snapshot: Mapping[str, Any]) -> list[FleetLink]:
    """The parent of a declared network, and all macvlan links on it, in whatever namespace."""
    scope = snapshot["networks"].get(network["name"])
    if not scope or not scope["parent"]:
        return []
    found = []
    for number, space in enumerate(snapshot["namespaces"]):
        for link in space["links"]:
            is_parent = not number and link["name"] == scope["parent"]
            if is_parent or (link["parent"] == scope["parent"] and link["parent_namespace"] == "" and link["mode"]):
                found.append(_place(host, space, link))
    return found


def _of_network(host: str, network: Mapping[str, Any], snapshot: Mapping[str, Any]) -> list[FleetLink]:
    """Every address of a declared network: on parent and link of the host, and on its containers."""
    scope = snapshot["networks"].get(network["name"])
    if not scope:
        return []
    subnets = [ipaddress.ip_network(text) for text in network["subnets"]]
    own = snapshot["namespaces"][0]
    places = []
    for item in own["addresses"]:
        if item["link"] not in (scope["parent"], scope["link"]):
            continue
        address = ipaddress.ip_interface(item["address"]).ip
        if any(address in subnet for subnet in subnets):
            link = next(link for link in own["links"] if link["name"] == item["link"])
            places.append(FleetLink(host, "", link["name"], link["mac"], link["kind"], str(address)))
    containers = [*scope["containers"], *scope["strays"]]
    return places + [
        FleetLink(host, item["namespace"], item["link"], item["mac"], "macvlan", item["address"]) for item in containers
    ]
