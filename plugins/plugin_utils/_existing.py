# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The declaration that describes what a host has already: its macvlan links and the networks of its engines. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from typing import Any

#: What stands for an address that a DHCP server leases.
LEASED = "dhcp"

#: Values that a declaration has anyway.
MODE = "bridge"


def declaration(
    links: Iterable[Any], docker: Iterable[Any], podman: Iterable[Any]
) -> dict[str, list[dict[str, object]]]:
    """``macvlan_networks`` and ``macvlan_links``.

    links: of macvlan_info. docker: of Docker's ``GET /networks``. podman: of ``podman network ls --format json``.
    A link with an address in the subnet of a network on its parent is that network's.
    """
    networks = [_docker(item) for item in docker if item.get("Driver") == "macvlan"]
    networks += [_podman(item) for item in podman if item.get("driver") == "macvlan"]
    single = []
    for link in links:
        if link["namespace"] or link["kind"] != "macvlan":
            continue
        network = next((item for item in networks if "host_address" not in item and _is_of(link, item)), None)
        if network is None:
            single.append(_link(link))
        else:
            _add_link(network, link)
    return {"macvlan_networks": [*map(_simple, networks)], "macvlan_links": single}


def _docker(item: Mapping[str, Any]) -> dict[str, object]:
    options = item.get("Options") or {}
    pools = (item.get("IPAM") or {}).get("Config") or []
    return {
        "name": item["Name"],
        "parent": options.get("parent", ""),
        "mode": options.get("macvlan_mode") or MODE,
        "subnet": [pool["Subnet"] for pool in pools if pool.get("Subnet")],
        "gateway": [pool["Gateway"] for pool in pools if pool.get("Gateway")],
        "container_range": [pool["IPRange"] for pool in pools if pool.get("IPRange")],
        "exclude": [address for pool in pools for address in (pool.get("AuxiliaryAddresses") or {}).values()],
        "engine": "docker",
    }


def _podman(item: Mapping[str, Any]) -> dict[str, object]:
    pools = item.get("subnets") or []
    leases = [pool["lease_range"] for pool in pools if pool.get("lease_range")]
    return {
        "name": item["name"],
        "parent": item.get("network_interface") or "",
        "mode": (item.get("options") or {}).get("mode") or MODE,
        "subnet": [pool["subnet"] for pool in pools],
        "gateway": [pool["gateway"] for pool in pools if pool.get("gateway")],
        "container_range": [_range(lease["start_ip"], lease["end_ip"]) for lease in leases],
        "exclude": [],
        "engine": "podman",
    }


def _range(first: str, last: str) -> str:
    """As podman keeps --ip-range 192.168.100.128/28: without the network's own address, which no container gets."""
    start, end = ipaddress.ip_address(first), ipaddress.ip_address(last)
    for lowest in (start, start - 1):
        found = list(ipaddress.summarize_address_range(lowest, end))
        if len(found) == 1:
            return str(found[0])
    return f"{first}-{last}"


def _is_of(link: Mapping[str, Any], network: Mapping[str, Any]) -> bool:
    subnets = [ipaddress.ip_network(subnet, strict=False) for subnet in network["subnet"]]
    addresses = [ipaddress.ip_interface(text).ip for text in link["addresses"]]
    return link["parent"] == network["parent"] and any(address in subnet for address in addresses for subnet in subnets)


def _add_link(network: dict[str, Any], link: Mapping[str, Any]) -> None:
    """Its address is kept from the engine anyway."""
    subnets = [ipaddress.ip_network(subnet, strict=False) for subnet in network["subnet"]]
    addresses = [ipaddress.ip_interface(text).ip for text in link["addresses"]]
    own = [str(address) for address in addresses if any(address in subnet for subnet in subnets)]
    leased = {str(ipaddress.ip_interface(text).ip) for text in link.get("leased", ())}
    network["host_address"] = [LEASED if address in leased else address for address in own]
    network["exclude"] = [address for address in network["exclude"] if address not in own]
    network["mac"] = link["mac"]
    if link["name"] != network["name"]:
        network["link_name"] = link["name"]


def _simple(network: Mapping[str, Any]) -> dict[str, object]:
    """One value for a list of one, and nothing that goes without saying."""
    plain = {key: value[0] if isinstance(value, list) and len(value) == 1 else value for key, value in network.items()}
    return {key: value for key, value in plain.items() if value not in ([], "") and (key, value) != ("mode", MODE)}


def _link(link: Mapping[str, Any]) -> dict[str, object]:
    """Without what the kernel makes by itself: its link-local addresses, and the connected routes of addresses."""
    made = {
        "name": link["name"],
        "parent": link["parent"],
        "mac": link["mac"],
        "addresses": [
            LEASED if text in link.get("leased", ()) else text
            for text in link["addresses"]
            if not _kernels_address(text)
        ],
        "routes": [_route(text) for text in link["routes"] if not _connected(text, link["addresses"])],
    }
    return made if link["mode"] == MODE else {**made, "mode": link["mode"]}


def _kernels_address(text: str) -> bool:
    address = ipaddress.ip_interface(text)
    return address.version == 6 and address.is_link_local


def _connected(route: str, addresses: Iterable[str]) -> bool:
    """A single address has no connected route: one to it was made by somebody."""
    destination, *words = route.split()
    networks = [ipaddress.ip_interface(text).network for text in addresses]
    connected = [network for network in networks if network.num_addresses > 1]
    return "via" not in words and ipaddress.ip_network(destination, strict=False) in connected


def _route(text: str) -> dict[str, object]:
    """As macvlan_info writes it; what made it is left out."""
    destination, *words = text.split()
    keys = {"via": "gateway", "src": "source", "metric": "metric", "table": "table"}
    pairs = dict(zip(words[::2], words[1::2], strict=False))
    found: dict[str, object] = {"destination": destination}
    for word, key in keys.items():
        if word in pairs:
            found[key] = int(pairs[word]) if key in ("metric", "table") else pairs[word]
    return found
