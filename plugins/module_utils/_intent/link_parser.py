# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the list of links that a user declares, and checks the rules that need no host. Pure."""

from __future__ import annotations

from typing import Any

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import (
    Address,
    Interface,
    Network,
    address_remedy,
    ifname_problem,
    network_fault,
    one_address_remedy,
    parse_address,
    parse_interface,
    parse_network,
    within,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems, unknown_keys
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.values import plain
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.names import RT_TABLE_MAIN

from . import attributes as _attributes
from . import origin as _origin
from . import parents as _parents
from .attributes import Given, number
from .links import LEASED, SYSCTLS, DesiredLink, DesiredLinks, DesiredRoute

#: RFC 8200, 5
MTU_MIN_IPV6 = 1280

#: What a link and a route of it may say, attributes of links aside; anything else is a typing error that would be
#: silently ignored.
LINK_KEYS = (
    "name", "state", "parent", "addresses", "routes", "announce", "up", "parent_up", "adopt", "sysctl", "parent_sysctl",
)  # fmt: skip
ROUTE_KEYS = ("destination", "gateway", "source", "metric", "table")

#: What is wrong with something else in the place of a link, and what to do.
NO_LINK = "a link is a mapping", "write at least name and parent, such as {name: lan0, parent: eth0}"


def known_keys() -> tuple[str, ...]:
    """What an operator may say about a link."""
    return (*LINK_KEYS, *(row.name for row in _attributes.ATTRIBUTES))


def parse(links: list[Any], host_id: str, problems: Problems, key: str = "links") -> DesiredLinks:
    """Read the list of one host. Every fault of form becomes a problem; what is returned is only good without any.

    host_id: what stable MACs are derived from, the inventory name.
    """
    present: list[DesiredLink] = []
    absent: dict[str, str] = {}
    names: dict[str, str] = {}
    for index, link in enumerate(plain(links)):
        here = f"{key}[{index}]"
        if not isinstance(link, dict):
            problems.add(here, link, *NO_LINK)
            continue
        here = _origin.place(link, here, problems)
        unknown_keys(link, (*known_keys(), _origin.KEY), here, problems)
        name = link.get("name")
        problem = ifname_problem(name)
        if problem:
            problems.add(f"{here}.name", name, problem, "choose a shorter or simpler name such as lan0")
        elif str(name) in names:
            problems.add(
                f"{here}.name", name, f"{names[str(name)]} has the same name", "give each link a name of its own"
            )
        else:
            names[str(name)] = here
        state = link.get("state") or "present"
        if state == "absent":
            absent[str(name)] = f"{here}.name"
        elif state == "present":
            present.append(_link(link, here, host_id, problems))
        else:
            problems.add(f"{here}.state", state, "there is no such state", "write present or absent")
    _same_mac(present, problems)
    _same_address(present, problems)
    return DesiredLinks(tuple(present), tuple(absent), tuple(absent.values()))


def _link(link: dict, key: str, host_id: str, problems: Problems) -> DesiredLink:
    parent = link.get("parent")
    if parent is None:
        problems.add(f"{key}.parent", None, "a link needs a parent", _parents.REMEDY)
    else:
        _parents.check(parent, f"{key}.parent", problems)
    addresses = _addresses(link.get("addresses"), f"{key}.addresses", problems)
    dhcp = LEASED in _listed(link.get("addresses"))
    made = DesiredLink(
        name=str(link.get("name")),
        parent=parent,
        attributes={
            row.name: row.parse(Given(link.get(row.name), link, f"{key}.{row.name}", host_id, problems))
            for row in _attributes.ATTRIBUTES
        },
        addresses=addresses,
        routes=_routes(link.get("routes"), addresses, f"{key}.routes", problems),
        dhcp=dhcp,
        announce=_announce(link.get("announce"), addresses, f"{key}.announce", problems),
        up=link.get("up") is not False,
        parent_up=_flag(link.get("parent_up"), f"{key}.parent_up", problems),
        adopt=_flag(link.get("adopt"), f"{key}.adopt", problems),
        sysctl=read_settings(link.get("sysctl"), f"{key}.sysctl", problems),
        parent_sysctl=read_settings(link.get("parent_sysctl"), f"{key}.parent_sysctl", problems),
        key=key,
    )
    if dhcp:
        _leased(made, problems)
    mtu = made.mtu
    if mtu is not None and mtu < MTU_MIN_IPV6 and any(address.version == 6 for address in addresses or ()):
        problems.add(f"{key}.mtu", mtu, f"IPv6 needs an MTU of at least {MTU_MIN_IPV6}", "raise it, or leave IPv6 out")
    return made


def _listed(given: object) -> list[object]:
    return given if isinstance(given, list) else [given]


def _leased(link: DesiredLink, problems: Problems) -> None:
    """Add a problem for what a link with a lease cannot be."""
    if any(address.version == 4 for address in link.addresses or ()):
        what = "the link has an IPv4 address of its own as well"
        problems.add(f"{link.key}.addresses", LEASED, what, f"write either that address, or {LEASED}")
    if not link.up:
        problems.add(f"{link.key}.up", False, "a link that stays down gets no lease", "leave it out")
    if link.mode == "passthru":
        what = "a passthru link has its parent's MAC address, by which a server knows the parent"
        problems.add(f"{link.key}.mode", link.mode, what, "use mode bridge, or give the link a fixed address")


def _announce(given: object, own: tuple[Interface, ...] | None, key: str, problems: Problems) -> tuple[Network, ...]:
    """Networks and single addresses of containers, without the link's own addresses."""
    found: list[Network] = []
    for index, item in enumerate([] if given is None else _listed(given)):
        network = parse_network(item)
        inside = [interface for interface in own or () if network is not None and within(interface.ip, network)]
        if network is None or not network.prefixlen:
            fault = network_fault(item, "a network") if network is None else ("this is everything", "name the range")
            problems.add(f"{key}[{index}]", item, *fault)
        elif inside:
            what = f"the link itself has {inside[0].ip}, which no container can have"
            problems.add(f"{key}[{index}]", item, what, "write the addresses of the containers alone")
        else:
            found.append(network)
    return tuple(found)


def _flag(given: object, key: str, problems: Problems) -> bool:
    if given not in (None, True, False):
        problems.add(key, given, "this is neither true nor false", "write true, or leave it out")
    return given is True


def _addresses(given: object, key: str, problems: Problems) -> tuple[Interface, ...] | None:
    if given is None:
        return None
    result: list[Interface] = []
    for index, text in enumerate(_listed(given)):
        if text == LEASED:
            continue
        interface = parse_interface(text)
        problem = address_problem(interface) if interface else "this is not an IP address"
        if problem:
            remedy = address_remedy(text, f"write address/prefix length, such as 192.168.100.3/32, or {LEASED}")
            problems.add(f"{key}[{index}]", text, problem, remedy)
        elif interface is not None:
            result.append(interface)
    return tuple(sorted(set(result), key=_order))


def address_problem(interface: Interface) -> str | None:
    """Why an interface cannot carry this address, None when it can."""
    address, network = interface.ip, interface.network
    if address.is_multicast or address.is_unspecified or address.is_loopback:
        return "this address cannot be an interface's own"
    if network.version == 4 and network.prefixlen < 31 and address in (network[0], network[-1]):
        return f"this is the network or broadcast address of {network}"
    return None


def _order(interface: Interface) -> tuple[int, int, int]:
    return interface.version, int(interface.ip), interface.network.prefixlen


def _routes(
    given: object, addresses: tuple[Interface, ...] | None, key: str, problems: Problems
) -> tuple[DesiredRoute, ...] | None:
    if given is None:
        return None
    result = []
    for index, route in enumerate(_listed(given)):
        made = _route(route, addresses, f"{key}[{index}]", problems)
        if made is not None:
            result.append(made)
    return tuple(sorted(set(result), key=lambda route: (route.destination.version, str(route))))


def _route(route: object, addresses: tuple[Interface, ...] | None, key: str, problems: Problems) -> DesiredRoute | None:
    if not isinstance(route, dict):
        problems.add(key, route, "a route is a mapping", "write one such as {destination: 10.0.0.0/8}")
        return None
    unknown_keys(route, ROUTE_KEYS, key, problems)
    destination = parse_network(route.get("destination"))
    if destination is None:
        problems.add(
            f"{key}.destination",
            route.get("destination"),
            *network_fault(route.get("destination"), "a network"),
        )
        return None
    hops: dict[str, Address | None] = {}
    example = "192.168.100.1" if destination.version == 4 else "fd00:100::1"
    for name in ("gateway", "source"):
        hop = hops[name] = parse_address(route.get(name))
        if route.get(name) is not None and (hop is None or hop.version != destination.version):
            problems.add(
                f"{key}.{name}",
                route[name],
                f"this is not an IPv{destination.version} address",
                one_address_remedy(
                    route[name], f"write one such as {example}, or leave {name} out", destination.version
                ),
            )
    source = hops["source"]
    if source is not None and addresses is not None and source not in [address.ip for address in addresses]:
        problems.add(
            f"{key}.source",
            str(source),
            "this is no address of the link",
            "list it under addresses, or leave source out",
        )
    return DesiredRoute(
        destination=destination,
        gateway=hops["gateway"],
        source=source,
        metric=number(route.get("metric"), 0, 0xFFFFFFFF, f"{key}.metric", problems) or 0,
        table=number(route.get("table"), 1, 0xFFFFFFFF, f"{key}.table", problems) or RT_TABLE_MAIN,
    )


def read_settings(given: object, key: str, problems: Problems) -> tuple[tuple[str, int], ...]:
    """Settings of an interface, from a mapping of names to numbers; every fault becomes a problem."""
    if given is None:
        return ()
    if not isinstance(given, dict):
        remedy = f"write one such as {{arp_filter: 1}}; names are {', '.join(SYSCTLS)}"
        problems.add(key, given, "this is not a mapping", remedy)
        return ()
    unknown_keys(given, tuple(SYSCTLS), key, problems)
    result = {}
    for name, value in given.items():
        if name in SYSCTLS and value is not None:
            lowest, highest = SYSCTLS[name][1:]
            result[name] = number(value, lowest, highest, f"{key}.{name}", problems)
    return tuple(sorted((name, value) for name, value in result.items() if value is not None))


def _same_mac(links: list[DesiredLink], problems: Problems) -> None:
    seen: dict[str, str] = {}
    for link in links:
        # A name that is there twice is a problem already; its stable MAC address then is there twice as well.
        if link.mac and seen.get(link.mac, link.name) != link.name:
            problems.add(
                f"{link.key}.mac", link.mac, f"link {seen[link.mac]} has the same MAC address", "give each link its own"
            )
        seen.setdefault(link.mac, link.name)


def _same_address(links: list[DesiredLink], problems: Problems) -> None:
    seen: dict[Address, str] = {}
    for link in links:
        for address in {interface.ip for interface in link.addresses or ()}:
            if address in seen:
                remedy = "give each link addresses of its own"
                problems.add(
                    f"{link.key}.addresses", str(address), f"link {seen[address]} has the same address", remedy
                )
            seen.setdefault(address, link.name)
