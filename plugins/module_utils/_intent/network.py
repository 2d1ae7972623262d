# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One macvlan network: read from a declaration or from plain data, and written as plain data. Pure.

Each field of `MacvlanNetwork` says how it is spelled and how its value is read. Whatever reads or writes a network goes
over these fields, so that no way can drop a field that another one keeps.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field, fields
from functools import cached_property
from typing import Any, Callable, Tuple

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import (
    Address,
    Network,
    ifname_problem,
    network_fault,
    one_address_remedy,
    parse_address,
    parse_network,
    parse_range,
    within,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems, unknown_keys
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.values import plain

from . import origin as _origin
from . import parents as _parents
from . import ways as _ways
from .links import LEASED
from .ways import Way

ENGINES = ("none", "docker", "podman")

#: A network's name is a word of commands and part of identifiers. The engines themselves allow no more
#: (docker's daemon/names, podman's libpod/define).
_NAME = re.compile("[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")

#: Reads the value under a key. Every fault becomes a problem.
Reader = Callable[[object, str, Problems], Any]


def listed(given: object) -> list[object]:
    """A list of values; one value alone is a list of one, and "none" an empty list."""
    if given is None or given == "none":
        return []
    return given if isinstance(given, list) else [given]


def _items(parse: Callable[[object], Any], problem: str, remedy: Callable[[object], str]) -> Reader:
    """Reads a list, or one value alone."""

    def read(given: object, key: str, problems: Problems) -> tuple[Any, ...]:
        found: list[Any] = []
        for number, item in enumerate(listed(given)):
            here = f"{key}[{number}]" if isinstance(given, list) else key
            value = parse(item)
            if value is None:
                problems.add(here, item, problem, remedy(item))
            elif value in found:
                problems.add(here, item, "this is listed twice", "list it once")
            else:
                found.append(value)
        return tuple(found)

    return read


#: Addresses of a range that are excluded, at most: the engine takes them one by one.
EXCLUDED_MAX = 256


def _networks(parse: Callable[[object], tuple[Network, ...] | None], what: str) -> Reader:
    """Reads a list of what `parse` takes, each as one or more networks, or one value alone."""

    def read(given: object, key: str, problems: Problems) -> tuple[Network, ...]:
        found: list[Network] = []
        for number, item in enumerate(listed(given)):
            here = f"{key}[{number}]" if isinstance(given, list) else key
            blocks = parse(item)
            if blocks is None:
                problems.add(here, item, *network_fault(item, what))
            elif any(block in found for block in blocks):
                problems.add(here, item, "this is listed twice", "list it once")
            else:
                found += blocks
        return tuple(found)

    return read


def _one_network(item: object) -> tuple[Network, ...] | None:
    network = parse_network(item)
    return None if network is None else (network,)


_addresses = _items(parse_address, "this is not an IP address", one_address_remedy)
_some_subnets = _networks(_one_network, "a network")
_ranges = _networks(parse_range, "a range")


#: What stands for the host's own address where its link shall have none: the kernel then sends from the parent's.
OF_PARENT = "parent"


def _host_address(item: object) -> Address | str | None:
    return LEASED if item == LEASED else parse_address(item)


_own_addresses = _items(_host_address, "this is not an IP address", one_address_remedy)


def _host_addresses(given: object, key: str, problems: Problems) -> tuple[Address, ...]:
    found = () if given == OF_PARENT else _own_addresses(given, key, problems)
    return tuple(item for item in found if item != LEASED)


def _excluded(given: object, key: str, problems: Problems) -> tuple[Address, ...]:
    blocks = _ranges(given, key, problems)
    count = sum(block.num_addresses for block in blocks)
    if count > EXCLUDED_MAX:
        remedy = f"exclude at most {EXCLUDED_MAX}, such as {blocks[0][0]}, or declare a smaller container_range"
        problems.add(key, given, f"these are {count} addresses, and the engine takes them one by one", remedy)
        return ()
    return tuple(address for block in blocks for address in block)


def _subnets(given: object, key: str, problems: Problems) -> Any:
    if not listed(given):
        problems.add(key, given, "a network needs a subnet", "write one such as 192.168.100.0/24")
    return _some_subnets(given, key, problems)


def _name(given: object, key: str, problems: Problems) -> str:
    if not isinstance(given, str) or not given:
        problems.add(key, given, "a network needs a name", "write one such as lan0")
    return str(given)


def check_name(name: str, key: str, problems: Problems) -> None:
    """Add a problem for a name that is not a plain word; one that is empty has its problem already."""
    if name and not _NAME.fullmatch(name):
        what = "a network's name consists of at most 64 letters, digits, dots, dashes and underscores"
        problems.add(key, name, what, "write one such as lan0")


def _parent(given: object, key: str, problems: Problems) -> object:
    if given is None:
        problems.add(key, None, "a network needs a parent", _parents.REMEDY)
    else:
        _parents.check(given, key, problems)
    return given


def _engine(given: object, key: str, problems: Problems) -> str:
    if (given or "none") not in ENGINES:
        problems.add(key, given, "there is no such engine", f"use one of {', '.join(ENGINES)}")
    return str(given or "none")


def _flag(given: object, key: str, problems: Problems) -> bool:
    if given not in (None, True, False):
        problems.add(key, given, "this is neither true nor false", "write true or false, without quotes")
    return given is True


#: A name and a value of a network's labels or driver options.
Pairs = Tuple[Tuple[str, str], ...]


def _pairs(given: object, key: str, problems: Problems) -> Pairs:
    """Values are texts for the engines, whose booleans are lower case."""
    if given is None:
        return ()
    if not isinstance(given, dict):
        problems.add(key, given, "this is not a mapping", "write one such as {com.example.owner: network team}")
        return ()
    for name, value in given.items():
        if not isinstance(value, (str, int, float)):
            problems.add(f"{key}.{name}", value, "this is neither text nor a number", "write a text")
    return tuple(
        (str(name), str(value).lower() if isinstance(value, bool) else str(value)) for name, value in given.items()
    )


def _segment(given: object, key: str, problems: Problems) -> str:
    name = str(given or "")
    if not name.isprintable():
        problems.add(key, given, "a segment's name is one line of printable characters", "write one such as office")
    return name


def _link(given: object, key: str, problems: Problems) -> str | None:
    problem = ifname_problem(given) if given else None
    if problem:
        problems.add(key, given, problem, "write a name for the host's own link such as lan0, or leave it out")
    return str(given) if given else None


def _derived_flag(given: object, key: str, problems: Problems) -> bool:
    if given not in (None, True, False):
        problems.add(key, given, "this is neither true nor false", "leave it out: the filter intent sets it")
    return given is True


def _spelled(data: str | None, declared: str | None, read: Reader) -> dict[str, object]:
    """Metadata of a field: its key in plain data, its key in ``macvlan_networks`` (None where it is derived there).

    data: None for what no evidence needs.
    """
    return {"data": data, "declared": declared, "read": read}


#: The key of `MacvlanNetwork.checks` in what modules get.
CHECKS = "checks"

#: The segment of all networks that name none: hosts with different families on one LAN are in the same.
UNNAMED = ""


def named_segment(segment: str, subnets: Iterable[object]) -> str:
    """The segment that a network names, UNNAMED where it names none: its subnets are then what was filled in."""
    return UNNAMED if segment == ", ".join(map(str, subnets)) else segment


@dataclass(frozen=True)
class MacvlanNetwork:
    """One network of a host. ``link`` is the host's own macvlan link (the shim), None where it has none.

    host_addresses: those of the link; a link without any has routes alone, and the kernel sends from the parent's.
    leased: whether a DHCP server leases the IPv4 address of the link, which nobody knows before.

    segment: the layer 2 segment. Networks of one segment share an address space; by default the subnets name it.
    ranges: what containers of this host may use, its slice where the declared range belongs to a group.
    excluded: addresses of the ranges that the engine does not assign; somebody else may have them. Where a group
    shares the range they are those of all of it.
    of_link: whether it stands for a link of ``macvlan_links``, which declares no gateway: its routes are its subnets.
    announce: whether the addresses of containers that start are announced.
    checks: how its containers are asked whether they answer.
    fixed: those of the ranges that the engine does not assign, for addresses that are chosen for containers.
    internal, labels, driver_options, mode: of the network that the engine gets.
    key: where it stands in the input, for messages that come later.
    """

    name: str = field(metadata=_spelled("name", "name", _name))
    parent: object = field(metadata=_spelled("parent", "parent", _parent))
    subnets: tuple[Network, ...] = field(metadata=_spelled("subnets", "subnet", _subnets))
    gateways: tuple[Address, ...] = field(default=(), metadata=_spelled("gateways", "gateway", _addresses))
    ranges: tuple[Network, ...] = field(default=(), metadata=_spelled("container_ranges", "container_range", _ranges))
    excluded: tuple[Address, ...] = field(default=(), metadata=_spelled("excluded", "exclude", _excluded))
    host_addresses: tuple[Address, ...] = field(
        default=(), metadata=_spelled("host_addresses", "host_address", _host_addresses)
    )
    containers: tuple[Address, ...] = field(default=(), metadata=_spelled("containers", "containers", _addresses))
    engine: str = field(default="none", metadata=_spelled("engine", "engine", _engine))
    segment: str = field(default="", metadata=_spelled("segment", "segment", _segment))
    link: str | None = field(default=None, metadata=_spelled("link", None, _link))
    of_link: bool = field(default=False, metadata=_spelled("of_link", None, _derived_flag))
    leased: bool = field(default=False, metadata=_spelled("leased", None, _derived_flag))
    announce: bool = field(default=False, metadata=_spelled("announce", "announce", _flag))
    checks: tuple[Way, ...] = field(default=(), metadata=_spelled(None, "check", _ways.read))
    fixed: tuple[Network, ...] = field(default=(), metadata=_spelled(None, "container_fixed_range", _ranges))
    internal: bool = field(default=False, metadata=_spelled(None, "internal", _flag))
    labels: Pairs = field(default=(), metadata=_spelled(None, "labels", _pairs))
    driver_options: Pairs = field(default=(), metadata=_spelled(None, "driver_options", _pairs))
    mode: str = "bridge"
    key: str = "macvlan_networks"

    @cached_property
    def segment_name(self) -> str:
        """As `named_segment` gives it."""
        return named_segment(self.segment, self.subnets)

    def as_data(self) -> dict[str, object]:
        """Plain data for playbooks and modules."""
        return {data: _plain(getattr(self, name)) for name, data in DATA.items()}

    @classmethod
    def from_data(cls, data: Mapping[str, object], key: str, problems: Problems) -> MacvlanNetwork:
        """Read what `as_data` wrote. Every fault becomes a problem; the result is only valid without any."""
        key = _origin.place(data, key, problems)
        unknown_keys(dict(data), (*DATA.values(), CHECKS, _origin.KEY), key, problems)
        checks = _ways.read(data.get(CHECKS), f"{key}.{CHECKS}", problems)
        network = cls(**read_fields(data, DATA, key, problems), checks=checks, key=key)
        # A link that no network declares is a network of the link's name, which may have more characters.
        if not network.of_link or network.name not in (network.link, f"link {network.link}"):
            check_name(network.name, f"{key}.name", problems)
        check_inside(network, network.ranges, DATA, problems)
        return network

    @property
    def families(self) -> set[int]:
        """The versions of IP of which the link has an address of its own."""
        return {*(item.version for item in self.host_addresses), *([4] if self.leased else [])}

    def probed(self) -> list[str]:
        """The addresses and ranges that nobody else may have, for arp_conflict_check and dhcp_check."""
        return [str(item) for item in (*self.host_addresses, *self.assigned(), *self.loose())]

    def dynamic(self) -> tuple[Network, ...]:
        """What the engine assigns, with what is excluded of it."""
        return tuple(outer for outer in self.ranges if outer not in self.fixed)

    def assigned(self) -> tuple[Network, ...]:
        """What containers may have: the ranges without what is excluded, in CIDR form."""
        return self._assigned

    @cached_property
    def _assigned(self) -> tuple[Network, ...]:
        found = list(self.ranges)
        for address in self.excluded:
            found = [part for block in found for part in _without(block, address)]
        return tuple(found)

    def loose(self) -> list[Address]:
        """The containers outside of the ranges."""
        return [item for item in self.containers if not any(within(item, outer) for outer in self.ranges)]


def _without(block: Network, address: Address) -> list[Network]:
    if not within(address, block):
        return [block]
    return sorted(block.address_exclude(ipaddress.ip_network(address)))  # type: ignore[arg-type]


def _keys(spelling: str) -> dict[str, str]:
    return {one.name: one.metadata[spelling] for one in fields(MacvlanNetwork) if one.metadata.get(spelling)}


#: Field -> its key in plain data. Field -> its key in ``macvlan_networks``, of those that stand there.
DATA, DECLARED = _keys("data"), _keys("declared")
_READERS = {one.name: one.metadata["read"] for one in fields(MacvlanNetwork) if one.metadata}


def read_fields(given: Mapping[str, object], keys: Mapping[str, str], where: str, problems: Problems) -> dict[str, Any]:
    """The fields of a network. keys: field -> its key in `given`, `DATA` or `DECLARED`."""
    return {name: _READERS[name](given.get(key), f"{where}.{key}", problems) for name, key in keys.items()}


def networks(given: list[Any], problems: Problems) -> list[MacvlanNetwork]:
    """Read the networks of one host from plain data. Faults become problems; the result is only valid without any."""
    result = []
    names: dict[str, str] = {}
    for number, item in enumerate(plain(given)):
        key = f"networks[{number}]"
        if not isinstance(item, dict):
            problems.add(key, item, "a network is a mapping", "pass the networks as fleet_plan returned them")
            continue
        made = MacvlanNetwork.from_data(item, key, problems)
        if made.name in names:
            what = f"{names[made.name]} has the same name"
            problems.add(f"{made.key}.name", made.name, what, "give each network its own")
        names.setdefault(made.name, made.key)
        result.append(made)
    return result


def check_inside(
    network: MacvlanNetwork, ranges: Iterable[Network], keys: Mapping[str, str], problems: Problems
) -> None:
    """Add a problem for everything that has to lie in a subnet of the network and does not.

    ranges: those of the whole group where the network has a slice. keys: as for `read_fields`.
    """
    subnets = ", ".join(str(subnet) for subnet in network.subnets)
    for name, value in _placed(network, ranges) if subnets else ():
        if not any(within(value, subnet) for subnet in network.subnets):
            problem = f"this is not inside the subnet {subnets}"
            remedy = f"write one that is, or the subnet that has it in {keys['subnets']}"
            problems.add(f"{network.key}.{keys[name]}", str(value), problem, remedy)


def _placed(network: MacvlanNetwork, ranges: Iterable[Network]) -> Iterator[tuple[str, Address | Network]]:
    """Field and value.

    The link-local address of a router is in no declared subnet and on every link. Where all subnets of a family are
    single addresses that a provider routes to the host, the gateway is never inside, and reached by an on-link route.
    """
    routed = [subnet.version for subnet in network.subnets if subnet.prefixlen == subnet.max_prefixlen]
    wider = [subnet.version for subnet in network.subnets if subnet.prefixlen < subnet.max_prefixlen]
    for gateway in network.gateways:
        if not gateway.is_link_local and (gateway.version in wider or gateway.version not in routed):
            yield "gateways", gateway
    for outer in ranges:
        yield "ranges", outer
    for outer in network.fixed:
        yield "fixed", outer
    for address in network.host_addresses:
        yield "host_addresses", address
    for address in network.containers:
        yield "containers", address


def _plain(value: object) -> object:
    return [str(item) for item in value] if isinstance(value, tuple) else value
