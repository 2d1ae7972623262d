# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The declaration of one host, ``macvlan_networks``, and what is derived from it. Pure.

The shim is the host's own macvlan link. It gets a host prefix (/32, /128) and explicit routes to the containers, as a
second connected route to the subnet would compete with the parent's: whichever came first wins, until one is re-added.
``arp_filter`` on shim and parent keeps one MAC per address on the LAN (Documentation/networking/ip-sysctl.rst).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from typing import Any

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import (
    Address,
    Network,
    ifname_problem,
    overlap,
    within,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems, unknown_keys
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.values import plain

from . import attributes as _attributes
from . import engines as _engines
from . import link_parser
from . import origin as _origin
from . import slices as _slices
from .attributes import MODES
from .links import LEASED, DesiredLink
from .network import CHECKS, DECLARED, OF_PARENT, MacvlanNetwork, check_inside, check_name, listed, read_fields
from .slices import Groups, Sharing

#: What a network of ``macvlan_networks`` may say: itself, which slice of a range is this host's, and its link.
#: An attribute of a link that a network may declare is a key as well.
_FLAGS = ("adopt", "parent_up")
_SETTINGS = ("sysctl", "parent_sysctl")
KEYS = (*DECLARED.values(), *_slices.KEYS, "link_name", *_FLAGS, *_SETTINGS)

#: The addresses that are chosen for containers.
FIXED = DECLARED["fixed"]

#: A shim answers ARP only where the route to the sender leaves by it (arp_filter), and ignores router advertisements.
SHIM_SYSCTL_IPV4 = {"arp_filter": 1}
SHIM_SYSCTL_IPV6 = {"accept_ra": 0, "autoconf": 0}

#: With a lease it answers for its own address, and the parent does not: a server sends what renews a lease to the MAC
#: address that answered last, and the client listens on the shim alone. That answer comes in by another link than the
#: way to the server leads out by, hence the loose rp_filter. So containers do not reach the parent's address by it.
LEASED_SYSCTL = {"arp_filter": 0, "arp_ignore": 1, "arp_announce": 2, "rp_filter": 2}
LEASED_PARENT_SYSCTL = {"arp_ignore": 1, "arp_announce": 2}


@dataclass(frozen=True)
class Intent:
    """The intended state of one host: its networks, and its links in the form that macvlan_link takes.

    sharing: what the host has of a range that belongs to a group, by the key of the network.
    """

    networks: tuple[MacvlanNetwork, ...]
    links: tuple[dict, ...]
    sharing: Mapping[str, Sharing] = field(default_factory=dict)

    def as_data(self) -> dict[str, object]:
        """Plain data for playbooks."""
        present = [link for link in self.links if link.get("state", "present") == "present"]
        leased = [link for link in present if LEASED in listed(link.get("addresses"))]
        others = [link for link in present if link not in leased]
        return {
            "networks": [keyed(network) for network in self.networks],
            "links": list(self.links),
            "container_networks": [_engines.as_data(one) for one in self.networks if one.engine != "none"],
            "unmanaged_devices": [f"interface-name:{link['name']}" for link in others],
            "unmanaged_keys": [f"{link[_origin.KEY]}.name" for link in others],
            "leased_devices": [f"interface-name:{link['name']}" for link in leased],
            "leased_keys": [f"{link[_origin.KEY]}.name" for link in leased],
        }


#: What is wrong with something else in the place of a network, and what to do.
NO_NETWORK = (
    "a network is a mapping",
    "write at least name, parent and subnet, such as {name: lan0, parent: eth0, subnet: 192.168.100.0/24}",
)


def keyed(network: MacvlanNetwork) -> dict[str, object]:
    """The data of a network for the modules that ask: how they shall ask, and where it was declared."""
    return {**network.as_data(), CHECKS: [str(way) for way in network.checks], _origin.KEY: network.key}


def expand(
    networks: list[Any], links: list[dict], problems: Problems, host: str = "", groups: Groups | None = None
) -> Intent:
    """Read the declaration of one host. Faults become problems; the result is only valid without any.

    networks: ``macvlan_networks``. links: ``macvlan_links``, appended to the derived ones, not checked here.
    host, groups: the inventory name and the inventory's groups, for ranges that a group shares.
    """
    parsed: list[MacvlanNetwork] = []
    shares: dict[str, Sharing] = {}
    made: list[dict] = []
    for number, network in enumerate(plain(networks)):
        key = f"macvlan_networks[{number}]"
        if not isinstance(network, dict):
            problems.add(key, network, *NO_NETWORK)
            continue
        one, sharing = _network(network, key, problems, host, groups or Groups())
        parsed.append(one)
        if sharing is not None:
            shares[key] = sharing
        if one.link is not None:
            made.append(_shim(network, one))
    _between(parsed, problems)
    return Intent(tuple(parsed), (*made, *_single(links, problems)), shares)


def _single(links: Iterable[Any], problems: Problems) -> Iterator[dict]:
    """Each link of ``macvlan_links``, with its place there."""
    for number, link in enumerate(plain(links)):
        key = f"{_origin.LINKS}[{number}]"
        if not isinstance(link, dict):
            problems.add(key, link, *link_parser.NO_LINK)
        elif _origin.KEY in link:
            unknown_keys({_origin.KEY: link[_origin.KEY]}, link_parser.known_keys(), key, problems)
        else:
            yield {**link, _origin.KEY: key}


def of_links(links: Iterable[DesiredLink], networks: Iterable[MacvlanNetwork]) -> list[MacvlanNetwork]:
    """Links that no network declares, as networks to be diagnosed: each link with addresses, under its own name.
    One with a lease has the subnets to which its routes lead.

    Its containers are those to which its routes lead (without a gateway), or without such routes those in its subnets.
    It has no gateway.
    """
    taken = {network.name for network in networks}
    result = []
    for link in links:
        direct = dict.fromkeys(route.destination for route in link.routes or () if route.gateway is None)
        ranges = tuple(outer for outer in direct if outer.prefixlen and not outer.is_multicast)
        if not link.addresses and not (link.dhcp and ranges):
            continue
        result.append(
            MacvlanNetwork(
                name=f"link {link.name}" if link.name in taken else link.name,
                parent=link.parent,
                subnets=tuple(dict.fromkeys([*(interface.network for interface in link.addresses or ()), *ranges])),
                ranges=ranges,
                host_addresses=tuple(dict.fromkeys(interface.ip for interface in link.addresses or ())),
                link=link.name,
                of_link=True,
                leased=link.dhcp,
                key=link.key,
            )
        )
    return result


def _network(
    given: dict, key: str, problems: Problems, host: str, groups: Groups
) -> tuple[MacvlanNetwork, Sharing | None]:
    unknown_keys(given, (*KEYS, *_link_keys()), key, problems)
    values = read_fields(given, DECLARED, key, problems)
    outers = values["ranges"]
    sharing = _slices.read(given, outers, host, groups, key, problems)
    derived = {
        "ranges": (*_own(outers, sharing, given), *values["fixed"]),
        "segment": values["segment"] or ", ".join(str(subnet) for subnet in values["subnets"]),
        "link": str(given.get("link_name") or values["name"]) if listed(given.get("host_address")) else None,
        "leased": LEASED in listed(given.get("host_address")),
    }
    derived["announce"] = _announced(given, values, derived, f"{key}.announce", problems)
    network = MacvlanNetwork(**{**values, **derived}, mode=str(given.get("mode") or MODES[0]), key=key)
    check_name(network.name, f"{key}.name", problems)
    if network.link is not None and ifname_problem(network.link):
        where = f"{key}.{'link_name' if given.get('link_name') else 'name'}"
        problem = str(ifname_problem(network.link))
        problems.add(where, network.link, problem, "set link_name to a short one, such as lan0")
    for name in _SETTINGS:
        # Those of a link are checked with it, as far as they can be merged into it.
        if network.link is None or not isinstance(given.get(name), dict):
            link_parser.read_settings(given.get(name), f"{key}.{name}", problems)
    check_inside(network, outers, DECLARED, problems)
    _usable(network, problems)
    _apart(network, outers, problems)
    _excluding(network, outers, problems)
    _checked(network, problems)
    _engines.check(network, outers, problems)
    targets = ("container_range", "container_fixed_range", "containers")
    declares_targets = any(listed(given.get(name)) for name in targets)
    if network.ranges or network.containers or not declares_targets:
        _reachable(network, problems)
    return network, sharing


def _own(outers: tuple[Network, ...], sharing: Sharing | None, given: dict) -> tuple[Network, ...]:
    """What this host may use of the declared ranges; nothing where its slice is unknown."""
    if sharing is None:
        return () if given.get("container_range_per_host") is not None else outers
    cut = [outer for outer, dummy in sharing.cuts]
    return (*(outer for outer in outers if outer not in cut), *sharing.slices)


def _announced(given: dict, values: dict, derived: dict, key: str, problems: Problems) -> bool:
    """Where nothing is said: for an engine, where there are containers that the host reaches by a link of its own."""
    wanted = values["engine"] != "none" if given.get("announce") is None else given["announce"] is True
    possible = derived["link"] is not None and bool(derived["ranges"] or values["containers"])
    if given.get("announce") is True and derived["link"] is None:
        what = "what announces belongs to the host's own link, and this network has none"
        problems.add(key, True, what, "declare host_address, or leave announce out")
    return possible and wanted


def _usable(network: MacvlanNetwork, problems: Problems) -> None:
    """Add a problem for the network and the broadcast address of an IPv4 subnet, which no host can have."""
    ends = {
        end: (what, subnet)
        for subnet in network.subnets
        if subnet.version == 4 and subnet.prefixlen < 31
        for end, what in ((subnet.network_address, "network"), (subnet.broadcast_address, "broadcast"))
    }
    for name in ("gateways", "host_addresses", "containers"):
        for value in getattr(network, name):
            if value in ends:
                what, subnet = ends[value]
                problem = f"this is the {what} address of {subnet}"
                problems.add(f"{network.key}.{DECLARED[name]}", str(value), problem, "choose another one")


def _excluding(network: MacvlanNetwork, outers: tuple[Network, ...], problems: Problems) -> None:
    """Add a problem for what cannot be excluded. outers: with the whole of a shared range."""
    key = f"{network.key}.{DECLARED['excluded']}"
    for value in network.excluded:
        if outers and not any(within(value, outer) for outer in outers):
            ranges = ", ".join(str(outer) for outer in outers)
            problems.add(key, str(value), f"this is outside the container range {ranges}", "leave it out")
        elif value in network.containers:
            problems.add(key, str(value), "a container has this address", "leave it out, or give it another address")
    if network.excluded and not outers:
        problems.add(key, None, "there is no range to exclude them from", "declare container_range, or leave it out")


def _checked(network: MacvlanNetwork, problems: Problems) -> None:
    """Add a problem for a check of what no container can have."""
    outers = network.ranges or network.subnets
    for address in (way.address for way in network.checks):
        if address is None or address in network.containers or any(within(address, outer) for outer in outers):
            continue
        remedy = f"write an address of {', '.join(map(str, outers))}, or list it in containers"
        problems.add(
            f"{network.key}.{DECLARED['checks']}.{address}", None, "no container can have this address", remedy
        )


def _apart(network: MacvlanNetwork, outers: tuple[Network, ...], problems: Problems) -> None:
    """Add a problem for addresses and ranges that collide. outers: with the whole of a shared range."""
    spans = [*(("container_range", outer) for outer in outers), *((FIXED, outer) for outer in network.fixed)]
    for name, values in (("gateway", network.gateways), ("host_address", network.host_addresses)):
        for value in values:
            for outer in (*outers, *network.fixed):
                if within(value, outer) and value not in network.excluded:
                    remedy = "list it in exclude, which keeps it from the containers, or move one of the two"
                    remedy = "move one of the two" if outer in network.fixed else remedy
                    problems.add(
                        f"{network.key}.{name}", str(value), f"this is inside the container range {outer}", remedy
                    )
            if value in network.containers:
                problems.add(
                    f"{network.key}.{name}", str(value), "a container has the same address", "choose another one"
                )
    for value in network.host_addresses:
        if value in network.gateways:
            problems.add(
                f"{network.key}.host_address", str(value), "this is the gateway's address", "choose another one"
            )
    for value in network.containers:
        same_family = [outer for outer in network.ranges if outer.version == value.version]
        if same_family and not any(within(value, outer) for outer in same_family):
            ranges = ", ".join(str(outer) for outer in same_family)
            problems.add(
                f"{network.key}.containers",
                str(value),
                f"this is outside the container range {ranges}",
                "choose an address inside of it, or widen container_range",
            )
    for number, (name, one) in enumerate(spans):
        for _name, other in spans[:number]:
            if overlap(one, other):
                problems.add(f"{network.key}.{name}", str(one), f"this overlaps {other}", "make them disjoint")


def _reachable(network: MacvlanNetwork, problems: Problems) -> None:
    """Add a problem where the host has no address, or several, of a family that the containers have."""
    targets: set[int] = {item.version for item in (*network.ranges, *network.containers)}
    own = network.families
    if network.link is not None and not own:
        _of_parent(network, targets, problems)
    if network.leased and all(subnet.version == 6 for subnet in network.subnets):
        what = "it is an IPv4 address that is leased, and the network has no IPv4 subnet"
        problems.add(f"{network.key}.host_address", LEASED, what, "add that subnet, or write an IPv6 address")
    if own and not targets:
        remedy = "declare container_range, or containers, or leave host_address out"
        problems.add(
            f"{network.key}.host_address",
            LEASED if network.leased else str(network.host_addresses[0]),
            "there is nothing that it could reach",
            remedy,
        )
    for version in sorted(targets - own) if own else ():
        remedy = f"add an IPv{version} host_address, or leave the IPv{version} containers out"
        problems.add(
            f"{network.key}.host_address", None, f"the containers have IPv{version} and the host side has not", remedy
        )
    if len(own) < len(network.host_addresses) + network.leased:
        problems.add(
            f"{network.key}.host_address", None, "there are two addresses of one family", "declare one per family"
        )


def _of_parent(network: MacvlanNetwork, targets: Iterable[int], problems: Problems) -> None:
    """Add a problem where a link without an address of its own reaches nothing.

    A link answers neighbour solicitations for its own addresses alone (net/ipv6/ndisc.c ndisc_recv_ns).
    """
    key = f"{network.key}.host_address"
    versions = list(targets)
    if not versions:
        remedy = "declare container_range such as 192.168.100.128/28, or leave host_address out"
        problems.add(key, OF_PARENT, "there is nothing that the link could reach", remedy)
    if 6 in versions:
        what = "a link without an address of its own does not answer for the parent's IPv6 addresses"
        problems.add(key, OF_PARENT, what, "write addresses such as [192.168.100.3, fd00:100::3]")


def _between(networks: list[MacvlanNetwork], problems: Problems) -> None:
    """Compare the networks of one host."""
    for number, one in enumerate(networks):
        for other in networks[:number]:
            if one.name == other.name:
                problems.add(
                    f"{one.key}.name", one.name, f"{other.key} has the same name", "give each network a name of its own"
                )
            if one.segment != other.segment:
                continue
            shared = [mine for mine in one.subnets for theirs in other.subnets if overlap(mine, theirs)]
            if shared and one.parent != other.parent:
                what = f"{other.key} has the subnet {shared[0]} on another parent, {other.parent}"
                remedy = "use one parent for both, or name the segment of each where these are different LANs"
                problems.add(f"{one.key}.parent", str(one.parent), what, remedy)
            for mine in one.ranges:
                for theirs in other.ranges:
                    if overlap(mine, theirs):
                        problems.add(
                            f"{one.key}.container_range",
                            str(mine),
                            f"this overlaps {theirs} of {other.name}",
                            "make them disjoint",
                        )


def _holds_own(network: MacvlanNetwork, target: Network | Address) -> bool:
    outer = ipaddress.ip_network(target)
    return any(within(address, outer) for address in network.host_addresses)


def _shim(given: dict, network: MacvlanNetwork) -> dict:
    """The link that a network needs on the host, in the form of macvlan_link."""
    targets = [*network.ranges, *(ipaddress.ip_network(item) for item in network.loose())]
    sysctl, parent_sysctl = _settings(network)
    # one that holds the host's own address is a problem of that range
    announced = [str(item) for item in (*network.assigned(), *network.loose()) if not _holds_own(network, item)]
    link = {
        "name": network.link,
        _origin.KEY: network.key,
        "parent": network.parent,
        "mode": given.get("mode") or MODES[0],
        "addresses": [
            *([LEASED] if network.leased else []),
            *(f"{address}/{address.max_prefixlen}" for address in network.host_addresses),
        ],
        # No source: the kernel prefers the link's own address, and keeps the route when that is removed.
        "routes": [{"destination": str(item)} for item in targets],
        **({"announce": announced} if network.announce else {}),
        "sysctl": {**sysctl, **SHIM_SYSCTL_IPV6, **_mapping(given, "sysctl")},
        "parent_sysctl": {**parent_sysctl, **_mapping(given, "parent_sysctl")},
    }
    for name in (*_FLAGS, *_link_keys()):
        if given.get(name) is not None:
            link[name] = given[name]
    return link


def _settings(network: MacvlanNetwork) -> tuple[dict[str, int], dict[str, int]]:
    """Of IPv4: those of the link and those of its parent."""
    if network.leased:
        return LEASED_SYSCTL, LEASED_PARENT_SYSCTL
    ipv4 = 4 in network.families or not network.host_addresses
    return (SHIM_SYSCTL_IPV4, SHIM_SYSCTL_IPV4) if ipv4 else ({}, {})


def _mapping(given: dict, name: str) -> dict:
    """Settings; one that is no mapping is a problem already."""
    value = given.get(name)
    return value if isinstance(value, dict) else {}


def _link_keys() -> list[str]:
    return [row.name for row in _attributes.ATTRIBUTES if row.of_network]
