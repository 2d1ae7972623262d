# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The networks that the engines of a host shall have, read from the options of the module. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Mapping

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import (
    Address,
    Network,
    network_fault,
    one_address_remedy,
    parse_address,
    parse_network,
    parse_range,
    within,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._engines.model import OWNER_LABEL, Pool
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent import origin
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent import parents as _parents
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.engines import MODES
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.network import check_name

ENGINES = ("docker", "podman")
#: A mapping of the option.
Given = Mapping[str, Any]
#: Driver options that have a key of their own.
TAKEN = ("parent", "mode", "macvlan_mode")


@dataclass(frozen=True)
class DesiredNetwork:
    """One network of one engine. parent: a name or a selector. routed: the addresses that the host's link leads to.

    key: where it stands in the declaration.
    """

    engine: str
    name: str
    parent: object
    mode: str
    internal: bool
    pools: tuple[Pool, ...]
    routed: tuple[Network, ...]
    labels: Mapping[str, str]
    options: Mapping[str, str]
    key: str

    def __str__(self) -> str:
        return f"{self.engine} network {self.name}"


def parse(given: Iterable[Given], problems: Problems) -> list[DesiredNetwork]:
    """The option ``networks``. Faults become problems; the result is only valid without any."""
    found: list[DesiredNetwork] = []
    for number, item in enumerate(given):
        one = _network(item, origin.place(item, f"networks[{number}]", problems), problems)
        if any((other.engine, other.name) == (one.engine, one.name) for other in found):
            problems.add(f"{one.key}.name", one.name, f"{one.engine} has one such network already", "choose another")
        found.append(one)
    return found


def _network(item: Given, key: str, problems: Problems) -> DesiredNetwork:
    name = str(item["name"])
    check_name(name, f"{key}.name", problems)
    _parents.check(item["parent"], f"{key}.parent", problems)
    labels, options = _texts(item.get("labels")), _texts(item.get("driver_options"))
    if OWNER_LABEL in labels:
        problems.add(f"{key}.labels.{OWNER_LABEL}", labels[OWNER_LABEL], "this label is the collection's", "omit it")
    for taken in sorted(set(options).intersection(TAKEN)):
        remedy = f"write {'parent' if taken == 'parent' else 'mode'} of the network instead"
        problems.add(f"{key}.driver_options.{taken}", options[taken], "this option has a key of its own", remedy)
    return DesiredNetwork(
        engine=str(item["engine"]),
        name=name,
        parent=item["parent"],
        mode=str(item.get("mode") or MODES[0]),
        internal=bool(item.get("internal")),
        pools=_pools(item, key, problems),
        routed=tuple(_networks(item.get("routed"), f"{key}.routed", problems)),
        labels=labels,
        options=options,
        key=key,
    )


def _texts(given: Given | None) -> dict[str, str]:
    return {str(key): str(value).lower() if isinstance(value, bool) else str(value)
            for key, value in (given or {}).items()}  # fmt: skip


def _pools(item: Given, key: str, problems: Problems) -> tuple[Pool, ...]:
    subnets = _networks(item.get("subnets"), f"{key}.subnets", problems)
    ranges = _networks(item.get("ranges"), f"{key}.container_ranges", problems)
    gateways = _addresses(item.get("gateways"), f"{key}.gateways", problems)
    reserved = _addresses(item.get("reserved"), f"{key}.host_addresses", problems)
    if not subnets:
        problems.add(f"{key}.subnets", None, "a network needs a subnet", "write one such as 192.168.100.0/24")
    for span in ranges:
        if not any(within(span, subnet) for subnet in subnets):
            remedy = "write a range inside of it"
            problems.add(f"{key}.container_ranges", str(span), f"this is not inside of {_all(subnets)}", remedy)
    return tuple(_pool(subnet, ranges, gateways, reserved, key, problems) for subnet in subnets)


def _pool(
    subnet: Network,
    ranges: Iterable[Network],
    gateways: Iterable[Address],
    reserved: Iterable[Address],
    key: str,
    problems: Problems,
) -> Pool:
    assigned = [span for span in ranges if within(span, subnet)]
    gateway = next((item for item in gateways if within(item, subnet)), None)
    kept = tuple(sorted({item for item in reserved if within(item, subnet) and item != gateway}, key=int))
    if len(assigned) != 1:
        what = f"the engine needs one range of {subnet}, and there are {len(assigned)}"
        where = "it would assign addresses from the bottom of the LAN" if not assigned else "it takes one in CIDR form"
        remedy = f"declare one such as {_some_range(subnet)}" if assigned else "declare the part that it may assign"
        problems.add(f"{key}.container_ranges", _all(assigned) or None, f"{what}: {where}", remedy)
        return Pool(subnet, gateway, None, kept)
    return Pool(subnet, gateway, (assigned[0][0], assigned[0][-1]), kept)


def _some_range(subnet: Network) -> str:
    """The upper half of the subnet's lower half: an example of the right family and form."""
    length = min(subnet.prefixlen + 4, subnet.max_prefixlen)
    return str(list(zip(range(8), subnet.subnets(new_prefix=length)))[-1][1])


def _all(items: Iterable[object]) -> str:
    return ", ".join(map(str, items))


def _networks(given: Iterable[object] | None, key: str, problems: Problems) -> list[Network]:
    found: list[Network] = []
    for item in given or ():
        blocks = parse_range(item) if "range" in key or "routed" in key else _one(item)
        if blocks is None:
            problems.add(key, item, *network_fault(item, "a network"))
        else:
            found += blocks
    return found


def _one(item: object) -> tuple[Network, ...] | None:
    network = parse_network(item)
    return None if network is None else (network,)


def _addresses(given: Iterable[object] | None, key: str, problems: Problems) -> list[Address]:
    found = []
    for item in given or ():
        address = parse_address(item)
        if address is None:
            problems.add(key, item, "this is not an IP address", one_address_remedy(item))
        else:
            found.append(address)
    return found
