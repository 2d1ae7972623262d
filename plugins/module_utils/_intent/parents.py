# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which device a parent selector means on this host. Pure."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import (
    ifname_problem,
    mac_fault,
    network_fault,
    parse_mac,
    parse_network,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.facts import Facts, Link, Route
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.names import (
    BOND_MODES_REWRITING,
    MACVLAN_KINDS,
    RT_TABLE_MAIN,
)

SELECTORS = ("mac", "subnet", "default_route")
REMEDY = (
    "write an interface name such as eth0, or one of {mac: 52:54:00:ab:cd:ef}, {subnet: 192.168.100.0/24},"
    " {default_route: true}"
)
#: Links that are children of a link and carry its frames.
_VIRTUAL = (*MACVLAN_KINDS, "ipvlan", "ipvtap")
#: How many interfaces a remedy lists.
_LISTED = 20


def check(selector: object, key: str, problems: Problems) -> None:
    """Add a problem for each syntax error; needs no host."""
    if isinstance(selector, str):
        problem = ifname_problem(selector)
        if problem:
            problems.add(key, selector, problem, REMEDY)
        return
    if not isinstance(selector, dict) or len(selector) != 1 or next(iter(selector)) not in SELECTORS:
        problems.add(key, selector, "this is neither an interface name nor a parent selector", REMEDY)
        return
    kind, value = next(iter(selector.items()))
    if kind == "mac" and parse_mac(value) is None:
        problems.add(f"{key}.mac", value, *mac_fault(value))
    elif kind == "subnet" and parse_network(value) is None:
        problems.add(f"{key}.subnet", value, *network_fault(value, "a network"))
    elif kind == "default_route" and value is not True:
        problems.add(
            f"{key}.default_route", value, "the only value is true", "write default_route: true, or name the interface"
        )


def resolve(selector: object, facts: Facts, key: str, problems: Problems) -> Link | None:
    """The one link that a well-formed selector means; a problem is added where it is none or several.

    Or where files, units and packet sockets could not name it.
    """
    link = _resolve(selector, facts, key, problems)
    wrong = ifname_problem(link.name) if link is not None else None
    if link is not None and wrong:
        what = f"this is {link.name}, and {wrong}"
        problems.add(key, selector, what, "rename it (systemd.link(5)), or choose another interface")
    return None if wrong else link


def _resolve(selector: object, facts: Facts, key: str, problems: Problems) -> Link | None:
    if isinstance(selector, str):
        link = facts.link(selector)
        if link is None:
            known = _some(sorted(item.name for item in facts.links if not item.loopback))
            problems.add(key, selector, "this host has no such interface", f"name one that it has: {known}")
        return link
    if not isinstance(selector, dict) or not selector:
        return None
    kind, value = next(iter(selector.items()))
    fitting = _matches(kind, value, facts)
    # Virtual children are never meant: they have their parent's MAC, or an address in its subnet.
    matches = [link for link in fitting if link.kind not in _VIRTUAL]
    if len(matches) == 1:
        return matches[0]
    if matches:
        names = ", ".join(link.name for link in matches)
        problems.add(
            key, selector, f"several interfaces match: {names}", f"name one of them, as in parent: {matches[0].name}"
        )
    elif fitting:
        problems.add(key, selector, *_virtual(fitting[0], facts))
    else:
        problems.add(key, selector, "no interface of this host matches", _there(kind, facts))
    return None


def _virtual(link: Link, facts: Facts) -> tuple[str, str]:
    """What is wrong with such a link as a parent, and what to do."""
    below = facts.by_index(link.parent) if link.parent_nsid is None else None
    problem = f"{link.name} is a {link.kind} link itself: the kernel would silently use its parent instead"
    if below is None:
        return problem, f"{link.name} has its parent in another network namespace: name another interface"
    return problem, f"name its own parent, as in parent: {below.name}"


def _there(kind: str, facts: Facts) -> str:
    """What a selector of this kind could match."""
    real = [link for link in facts.links if link.kind not in _VIRTUAL and not link.loopback]
    if kind == "mac":
        return f"name one that it has: {_some([f'{link.name} ({link.mac})' for link in real if link.mac])}"
    if kind == "subnet":
        found = [f"{link.name} ({item.interface.network})" for link in real for item in facts.addresses_of(link)]
        return f"name an interface, or a subnet that one has an address in: {_some(found)}"
    return f"there is no default route in the main table: name the interface: {_some([link.name for link in real])}"


def _some(names: list[str]) -> str:
    rest = len(names) - _LISTED
    return ", ".join(names[:_LISTED]) + (f" and {rest} more" if rest > 0 else "") or "none"


def _matches(kind: str, value: object, facts: Facts) -> list[Link]:
    """Links that match, virtual ones too."""
    candidates = [link for link in facts.links if not link.loopback]
    if kind == "mac":
        fitting = [link for link in candidates if link.mac == parse_mac(value)]
        indexes: set[int | None] = {link.index for link in fitting}
        # A VLAN has the MAC of the card below it, and the card is meant.
        cards = [link for link in fitting if link.parent not in indexes or link.parent_nsid is not None]
        # A bond or bridge carries its port's MAC: the master is the one that can be a parent.
        return [link for link in cards if link.master is None] or cards
    if kind == "subnet":
        network = parse_network(value)
        holders = {address.index for address in facts.addresses if address.interface.network == network}
        return [link for link in candidates if link.index in holders]
    defaults = [
        route
        for route in facts.routes
        if route.destination.prefixlen == 0 and route.table == RT_TABLE_MAIN and route.oif
    ]
    # IPv4 decides where both families have one; the lowest metric is the one in use.
    best = min(map(_rank, defaults), default=None)
    indexes = {route.oif for route in defaults if _rank(route) == best}
    return [link for link in candidates if link.index in indexes]


def _rank(route: Route) -> tuple[int, int]:
    return route.destination.version, route.metric


def check_capable(link: Link, facts: Facts, key: str, value: object, problems: Problems) -> None:
    """Add a problem for each reason for which this link cannot carry macvlan children (drivers/net/macvlan.c)."""
    if link.loopback:
        problems.add(
            key,
            value,
            "the loopback interface cannot be a macvlan parent",
            "name the interface that leads to the network",
        )
    elif link.kind in MACVLAN_KINDS:
        problems.add(key, value, *_virtual(link, facts))
    elif link.wireless:
        problems.add(
            key,
            value,
            f"{link.name} is a Wi-Fi interface: an access point accepts one MAC address per association",
            "use a wired interface, or ipvlan, or routing",
        )
    elif not link.ethernet:
        problems.add(key, value, f"{link.name} is not an Ethernet interface", "name an Ethernet interface")
    if link.master is not None:
        master = facts.by_index(link.master)
        name = master.name if master else f"interface {link.master}"
        what = f"a port of {name}" + (f" ({master.kind})" if master and master.kind else "")
        problems.add(key, value, f"{link.name} is {what}, the kernel answers EBUSY", f"name {name} as the parent")
    if link.bond_mode in BOND_MODES_REWRITING:
        problems.add(
            key,
            value,
            f"{link.name} is a bond in mode {BOND_MODES_REWRITING[link.bond_mode]}, which rewrites MAC addresses",
            "use active-backup or 802.3ad",
        )
    ipvlans = [
        item.name
        for item in facts.links
        if item.kind == "ipvlan" and item.parent == link.index and item.parent_nsid is None
    ]
    if ipvlans:
        problems.add(
            key,
            value,
            f"{link.name} already carries ipvlan links ({', '.join(ipvlans)})",
            "use another parent, or remove them",
        )
