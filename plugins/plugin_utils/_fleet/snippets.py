# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine's own command for a declared network, and how a container joins it: a Compose file for Docker, a quadlet
for Podman. Pure."""

from __future__ import annotations

import shlex

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import (
    Address,
    Network,
    stable_mac,
    within,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.network import MacvlanNetwork

#: The container of the example.
NAME, IMAGE = "web", "IMAGE"


def snippet(host: str, network: MacvlanNetwork) -> list[str]:
    """The lines of a file; none where no engine is declared.

    The addresses are the first ones of container_fixed_range; without it the engine chooses. Podman draws a MAC address
    at each start, and neighbours keep the last one for a minute: there the file has a stable one.
    """
    if network.engine == "docker":
        return _compose(network)
    return _quadlet(host, network) if network.engine == "podman" else []


def example(network: MacvlanNetwork, version: int) -> Address | None:
    """The first address of the part for chosen ones that a container can have."""
    taken = {*network.gateways, *network.host_addresses, *network.excluded}
    for outer in network.fixed:
        for address in (outer[number] for number in range(min(outer.num_addresses, len(taken) + 2))):
            if outer.version == version and address not in taken and not _end(address, network):
                return address
    return None


def _end(address: Address, network: MacvlanNetwork) -> bool:
    """The first and the last address of a subnet are no container's."""
    return any(address in (subnet[0], subnet[-1]) for subnet in network.subnets if _has_ends(subnet))


def _has_ends(subnet: Network) -> bool:
    return subnet.num_addresses > 2


def _compose(network: MacvlanNetwork) -> list[str]:
    chosen = [(key, example(network, version)) for key, version in (("ipv4_address", 4), ("ipv6_address", 6))]
    addresses = [f"        {key}: {address}" for key, address in chosen if address is not None]
    joined = [f"      {network.name}:", *addresses] if addresses else [f"      {network.name}: {{}}"]
    return [
        "services:", f"  {NAME}:", f"    image: {IMAGE}", "    networks:", *joined,
        "networks:", f"  {network.name}:", "    external: true",
    ]  # fmt: skip


def _quadlet(host: str, network: MacvlanNetwork) -> list[str]:
    chosen = [(key, example(network, version)) for key, version in (("IP", 4), ("IP6", 6))]
    return [
        "[Container]", f"Image={IMAGE}", f"ContainerName={NAME}", f"Network={network.name}",
        *(f"{key}={address}" for key, address in chosen if address is not None),
        f"PodmanArgs=--mac-address={stable_mac(host, f'{network.name}/{NAME}')}",
        "[Install]", "WantedBy=multi-user.target",
    ]  # fmt: skip


def container_network(network: MacvlanNetwork, parent: str) -> str:
    """The engine's own command for a network on the same parent (docker network create, podman network create)."""
    words = [network.engine, "network", "create", "-d", "macvlan", "-o", f"parent={parent}"]
    if network.engine == "docker" and any(subnet.version == 6 for subnet in network.subnets):
        words.append("--ipv6")
    for subnet in network.subnets:
        words += ["--subnet", str(subnet)]
        words += [f"--gateway={item}" for item in network.gateways if item.version == subnet.version]
        words += [f"--ip-range={item}" for item in network.dynamic() if item.version == subnet.version]
        # podman has no such option; the container range keeps it off the host's address there
        if network.engine == "docker":
            words += [
                f"--aux-address=host{item.version}={item}"
                for item in network.host_addresses
                if item.version == subnet.version
            ]
            words += [
                f"--aux-address=excluded{number}={item}"
                for number, item in enumerate(network.excluded)
                if within(item, subnet)
                and item not in network.host_addresses
                and any(within(item, outer) for outer in network.ranges)
            ]
    return shlex.join([*words, network.name])
