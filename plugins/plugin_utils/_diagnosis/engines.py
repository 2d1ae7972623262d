# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions to what the container engines of a host have. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import (
    Network,
    overlap,
    parse_network,
    within,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.schema import (
    EngineData,
    EngineNetworkData,
    EnginePoolData,
    StoppedContainerData,
)

from .case import Case
from .verdict import EvidenceItem


def declared(case: Case) -> EngineData | None:
    """The engine that the network declares, None where it declares none."""
    return case.engines.get(case.network.engine)


def networks(case: Case) -> Iterator[tuple[str, EngineNetworkData]]:
    """The networks of all engines, each with the engine's name."""
    for name, engine in sorted(case.engines.items()):
        for network in engine["networks"] or []:
            yield name, network


def of_root(case: Case) -> list[tuple[str, EngineNetworkData]]:
    """Those of root's engines with a subnet that this network has as well."""
    return [(name, item) for name, item in networks(case) if not item["user"] and overlaps(case, item)]


def overlaps(case: Case, network: EngineNetworkData) -> bool:
    return any(of_network(case, pool) for pool in network["pools"])


def of_network(case: Case, pool: EnginePoolData) -> bool:
    """Whether a pool has a part of the network."""
    subnet = subnet_of(pool)
    return subnet is not None and any(overlap(subnet, mine) for mine in case.network.subnets)


def subnet_of(pool: EnginePoolData) -> Network | None:
    return parse_network(pool["subnet"])


def lower(case: Case, parent: str) -> str:
    """The interface that carries a parent's frames: of a macvlan link its own parent, as the kernel has no macvlan on
    macvlan."""
    link = case.after.own.link(parent)
    return link["parent"] if link and link["mode"] and link["parent"] else parent


def on_parent(case: Case, network: EngineNetworkData) -> bool:
    return lower(case, network["parent"]) == case.parent_name


def span(pool: EnginePoolData) -> tuple[int, int] | None:
    """The first and the last address that is assigned, as numbers; None where that is not known."""
    if pool["assigned"]:
        first, last = (int(ipaddress.ip_address(item)) for item in pool["assigned"])
        return first, last
    subnet = subnet_of(pool)
    return None if subnet is None else (int(subnet[0]), int(subnet[-1]))


def inside_ranges(case: Case, pool: EnginePoolData) -> bool:
    """Whether all that a pool assigns lies in the declared container ranges; without any, whether it has a range."""
    if not pool["assigned"]:
        return False
    ends = [ipaddress.ip_address(item) for item in pool["assigned"]]
    ranges = [outer for outer in case.network.ranges if outer.version == ends[0].version]
    return not ranges or all(any(within(end, outer) for outer in ranges) for end in ends)


def words(name: str, network: EngineNetworkData) -> str:
    """``docker network macnet (parent eth0)``"""
    owner = f" of {network['user']}" if network["user"] else ""
    return f"{name} network {network['name']}{owner} (parent {network['parent'] or 'none'})"


def item(case: Case, name: str, network: EngineNetworkData) -> EvidenceItem:
    pools = ", ".join(
        f"{pool['subnet']} assigns {'-'.join(pool['assigned']) if pool['assigned'] else 'all of it'}"
        for pool in network["pools"]
    )
    return case.item("engine", f"{words(name, network)}: {pools or 'no subnet'}", network["parent"])


def stopped(case: Case, address: str) -> tuple[str, StoppedContainerData] | None:
    """The container that does not run and for which an address was chosen, with its engine's name."""
    for name, engine in sorted(case.engines.items()):
        for container in engine["stopped"]:
            if address in container["addresses"]:
                return name, container
    return None


def why_stopped(container: StoppedContainerData) -> str:
    """In the engine's words where it gave some."""
    memory = ", ended for lack of memory" if container["out_of_memory"] else ""
    said = f": {container['error']}" if container["error"] else ""
    return f"{container['name']} is stopped (exit code {container['exit_code']}{memory}){said}"
