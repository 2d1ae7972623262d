# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What verification is told: the networks in the form that planning gives them, and the times. Pure."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import (
    Address,
    Network,
    ifname_problem,
    parse_address,
    parse_network,
    within,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems

from . import parents as _parents
from .links import unknown_keys
from .network import MacvlanNetwork

KEYS = (
    "name", "parent", "subnets", "gateways", "container_ranges", "host_addresses", "containers", "engine", "segment",
    "link",
)  # fmt: skip


def networks(given: list[dict], problems: Problems) -> list[MacvlanNetwork]:
    """Every fault becomes a problem; the result is only good without any."""
    result = []
    names: dict[str, str] = {}
    for number, item in enumerate(given):
        key = f"networks[{number}]"
        if not isinstance(item, dict):
            problems.add(key, item, "a network is a mapping", "pass the networks as fleet_plan returned them")
            continue
        made = _network(item, key, problems)
        if made.name in names:
            problems.add(f"{key}.name", made.name, f"{names[made.name]} has the same name", "give each network its own")
        names.setdefault(made.name, key)
        result.append(made)
    return result


def _network(given: dict, key: str, problems: Problems) -> MacvlanNetwork:
    unknown_keys(given, KEYS, key, problems)
    name = given.get("name")
    if not isinstance(name, str) or not name:
        problems.add(f"{key}.name", name, "a network needs a name", "write one such as lan0")
    if given.get("parent") is None:
        problems.add(f"{key}.parent", None, "a network needs a parent", _parents.REMEDY)
    else:
        _parents.check(given["parent"], f"{key}.parent", problems)
    link = given.get("link") or None
    if link is not None and ifname_problem(link):
        problems.add(f"{key}.link", link, str(ifname_problem(link)), "name the host's own link, or leave it out")
    subnets = _networks(given, "subnets", key, problems)
    if not subnets and not given.get("subnets"):
        problems.add(
            f"{key}.subnets", given.get("subnets"), "a network needs a subnet", "write one such as 192.168.100.0/24"
        )
    host_addresses = _addresses(given, "host_addresses", key, problems)
    if link is not None and not host_addresses and not given.get("host_addresses"):
        problems.add(f"{key}.host_addresses", None, "the host has a link and no address on it", "declare host_address")
    network = MacvlanNetwork(
        name=str(name),
        parent=given.get("parent"),
        subnets=tuple(subnets),
        gateways=tuple(_addresses(given, "gateways", key, problems)),
        ranges=tuple(_networks(given, "container_ranges", key, problems)),
        host_addresses=tuple(host_addresses),
        containers=tuple(_addresses(given, "containers", key, problems)),
        link=str(link) if link is not None else None,
        key=key,
    )
    _inside(network, problems)
    return network


def _networks(given: dict, field: str, key: str, problems: Problems) -> list[Network]:
    parsed = [(value, where, parse_network(value)) for value, where in _values(given, field, key)]
    for value, where, network in parsed:
        if network is None:
            problems.add(where, value, "this is not a network", "write it in CIDR form, without host bits")
    return [network for dummy, dummy_where, network in parsed if network is not None]


def _addresses(given: dict, field: str, key: str, problems: Problems) -> list[Address]:
    parsed = [(value, where, parse_address(value)) for value, where in _values(given, field, key)]
    for value, where, address in parsed:
        if address is None:
            problems.add(where, value, "this is not an IP address", "write it without a prefix length")
    return [address for dummy, dummy_where, address in parsed if address is not None]


def _values(given: dict, field: str, key: str) -> list[tuple[object, str]]:
    """The values of a list, each with its place in the input; one value alone will do."""
    values = given.get(field)
    listed = values if isinstance(values, list) else [] if values is None else [values]
    return [(value, f"{key}.{field}[{number}]") for number, value in enumerate(listed)]


def _inside(network: MacvlanNetwork, problems: Problems) -> None:
    if not network.subnets:
        return
    subnets = ", ".join(str(subnet) for subnet in network.subnets)
    values: list[tuple[str, Address | Network]] = [
        *(("gateways", item) for item in network.gateways),
        *(("container_ranges", item) for item in network.ranges),
        *(("host_addresses", item) for item in network.host_addresses),
        *(("containers", item) for item in network.containers),
    ]
    for field, value in values:
        if not any(within(value, subnet) for subnet in network.subnets):
            problems.add(
                f"{network.key}.{field}", str(value), f"this is outside of {subnets}", "correct one of the two"
            )
