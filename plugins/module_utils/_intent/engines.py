# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The network that a container engine gets for a declared one, and what no engine has an option for. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import (
    Network,
    smallest_network,
    within,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems

from . import origin as _origin
from .network import DECLARED, MacvlanNetwork

#: Modes that the engines' drivers know.
MODES = ("bridge", "private", "vepa", "passthru")


def as_data(network: MacvlanNetwork) -> dict[str, object]:
    """For the module container_network."""
    dynamic = network.dynamic()
    kept = [item for item in network.excluded if any(within(item, outer) for outer in dynamic)]
    routed = [*network.ranges, *network.loose()] if network.link is not None else []
    return {
        "name": network.name,
        "engine": network.engine,
        "parent": network.parent,
        "mode": network.mode,
        "subnets": [*map(str, network.subnets)],
        "gateways": [*map(str, network.gateways)],
        "ranges": [*map(str, dynamic)],
        "reserved": [*dict.fromkeys(map(str, (*network.host_addresses, *kept)))],
        "routed": [*map(str, routed)],
        "internal": network.internal,
        "labels": dict(network.labels),
        "driver_options": dict(network.driver_options),
        _origin.KEY: network.key,
    }


def check(network: MacvlanNetwork, outers: tuple[Network, ...], problems: Problems) -> None:
    """Add a problem for what the engine has no option for (docker network create, podman network create).

    outers: the declared ranges, with the whole of a shared one.
    """
    if network.engine == "none":
        _without(network, problems)
        return
    for subnet in network.subnets:
        inside = tuple(sorted(block for block in network.dynamic() if within(block, subnet)))
        _one_range(network, subnet, inside, outers, problems)
    if network.mode not in MODES:
        problem = f"{network.engine} has no networks of this mode"
        problems.add(f"{network.key}.mode", network.mode, problem, f"write one of {', '.join(MODES)}")
    if network.engine == "podman" and network.excluded:
        remedy = "declare a container_range without these addresses"
        problem = "podman cannot keep an address of its range to itself"
        problems.add(f"{network.key}.{DECLARED['excluded']}", ", ".join(map(str, network.excluded)), problem, remedy)


def _without(network: MacvlanNetwork, problems: Problems) -> None:
    """Add a problem for what only an engine would read."""
    for name in ("internal", "labels", "driver_options"):
        if getattr(network, name):
            remedy = "write engine: docker or engine: podman, or leave it out"
            problems.add(f"{network.key}.{name}", None, "no engine is declared that this is for", remedy)


def _one_range(
    network: MacvlanNetwork,
    subnet: Network,
    inside: tuple[Network, ...],
    outers: Iterable[Network],
    problems: Problems,
) -> None:
    key = f"{network.key}.container_range"
    if len(inside) > 1:
        problem = f"{network.engine} takes one range in CIDR form for each subnet, and these are {len(inside)}"
        remedy = f"write one such as {smallest_network(inside)}, and what others have of it in exclude"
        problems.add(key, ", ".join(map(str, inside)), problem, remedy)
    elif not inside and not outers and network.link is None:
        # what the engine and the LAN have on the host says which: the module refuses it with a proposal
        return
    elif not inside and not any(within(outer, subnet) for outer in outers):
        problem = f"there is none in {subnet}, and {network.engine} would assign addresses from the bottom of the LAN"
        problems.add(key, None, problem, "declare the part of the subnet that the engine may assign on this host")
