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
class Place:
    """A link of the fleet. ``namespace`` is empty for the host's own; address: with one place per address."""

    host: str
    namespace: str
    link: str
    mac: str
    kind: str = ""
    address: str = ""

    def __str__(self) -> str:
        inside = f" in namespace {self.namespace}" if self.namespace else ""
        return f"{self.link} of {self.host}{inside}"


@dataclass(frozen=True)
class Fleet:
    """hosts: the evidence of each host that gave some; absent: those that gave none, and why.

    macs: places by MAC address. passed: hosts by MAC address, also those that were there only for a while.
    addresses: places by segment and address (without prefix length); a segment is what networks name as theirs, their
    subnets by default, and only links of declared networks count.
    """

    hosts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    absent: Mapping[str, str] = field(default_factory=dict)
    macs: Mapping[str, tuple[Place, ...]] = field(default_factory=dict)
    addresses: Mapping[tuple[str, str], tuple[Place, ...]] = field(default_factory=dict)
    passed: Mapping[str, str] = field(default_factory=dict)

    def at(self, mac: str) -> tuple[Place, ...]:
        """The links that have a MAC address."""
        return self.macs.get(mac, ())

    def holding(self, segment: str, address: str) -> tuple[Place, ...]:
        """The links of a segment that have an address."""
        return self.addresses.get((segment, address), ())


def gather(hosts: Mapping[str, Mapping[str, Any]], absent: Mapping[str, str] | None = None) -> Fleet:
    """What the last snapshots of all hosts say."""
    macs: dict[str, dict[Place, None]] = {}
    addresses: dict[tuple[str, str], dict[Place, None]] = {}
    for host, evidence in hosts.items():
        snapshot = evidence.get("after") or evidence.get("before")
        if not snapshot:
            continue
        for place in _with_macs(host, snapshot):
            macs.setdefault(place.mac, {})[place] = None
        for network in evidence.get("networks", []):
            for place in _of_network(host, network, snapshot):
                segment = network.get("segment") or ", ".join(network["subnets"])
                addresses.setdefault((segment, place.address), {})[place] = None
    return Fleet(
        hosts,
        absent or {},
        {mac: tuple(places) for mac, places in macs.items()},
        {key: tuple(places) for key, places in addresses.items()},
        passing(hosts),
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


def _with_macs(host: str, snapshot: Mapping[str, Any]) -> list[Place]:
    return [
        Place(host, space["label"], link["name"], link["mac"], link["kind"])
        for space in snapshot["namespaces"]
        for link in space["links"]
        if link["mac"] and link["name"] != "lo"
    ]


def _of_network(host: str, network: Mapping[str, Any], snapshot: Mapping[str, Any]) -> list[Place]:
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
            places.append(Place(host, "", link["name"], link["mac"], link["kind"], str(address)))
    containers = [*scope["containers"], *scope["strays"]]
    return places + [
        Place(host, item["namespace"], item["link"], item["mac"], "macvlan", item["address"]) for item in containers
    ]
