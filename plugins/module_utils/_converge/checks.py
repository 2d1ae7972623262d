# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What keeps a host from becoming what is declared: found before anything is changed. Pure."""

from __future__ import annotations

from collections import defaultdict

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.links import LEASED, DesiredLink
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.facts import (
    Facts,
    Link,
    LinkAddress,
    Route,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.names import IPV6_DEFAULT_METRIC, MACVLAN_KINDS
from ansible_collections.linuxnet.macvlan.plugins.module_utils._link.handover import gives_away
from ansible_collections.linuxnet.macvlan.plugins.module_utils._link.plan import needs_recreation, present_addresses
from ansible_collections.linuxnet.macvlan.plugins.module_utils._makers.record import Adoption

from . import rivals
from .state import ConvergeState

#: Kinds of links that are children of a parent.
CHILDREN = (*MACVLAN_KINDS, "ipvlan", "ipvtap")


@dataclass(frozen=True)
class _Others:
    """What the rules of all links look at, once: a host may have a thousand.

    leaving: names of links whose MAC address gets free. macs: the other links by MAC address. holders: who has an
    address and keeps it. connected: addresses of others that are up. routes: those of children that are not declared,
    with the child. siblings: the modes of the children of each parent, by index and name.
    """

    leaving: set[str]
    macs: dict[str, list[Link]]
    holders: dict[Address, Link]
    connected: list[tuple[LinkAddress, Link]]
    routes: list[tuple[Route, Link]]
    siblings: dict[int, dict[str, str | None]]


def _others(state: ConvergeState) -> _Others:
    facts, names = state.facts, {link.name for link in state.present} | {*state.removed}
    moving = {link.name for link in state.present if link.addresses is not None} | set(state.removed)
    macs: dict[str, list[Link]] = defaultdict(list)
    for link in facts.links:
        macs[link.mac].append(link)
    held = [(item, link) for item in facts.addresses for link in [facts.by_index(item.index)] if link is not None]
    routed = [(route, link) for route in facts.routes for link in [facts.by_index(route.oif)] if link is not None]
    return _Others(
        leaving={*state.removed, *(link.name for link in state.present if gives_away(link, facts))},
        macs=macs,
        holders={item.interface.ip: link for item, link in held if link.name not in moving},
        connected=[(item, link) for item, link in held if link.up and link.name not in names],
        routes=[(route, link) for route, link in routed if link.kind in CHILDREN and link.name not in names],
        siblings=_siblings(state, names),
    )


def _siblings(state: ConvergeState, names: set[str]) -> dict[int, dict[str, str | None]]:
    found: dict[int, dict[str, str | None]] = {}
    for link in state.present:
        found.setdefault(link.lower.index, {})[link.name] = link.mode
    for link in {link.lower.index: link for link in state.present}.values():
        for child in state.facts.children(link.lower):
            if child.name not in names:
                found[link.lower.index][child.name] = child.mode
    for namespace, child, _facts in state.elsewhere:
        if child.parent in found:
            found[child.parent][f"{child.name} in network namespace {namespace.label}"] = child.mode
    return found


def check(state: ConvergeState, problems: Problems) -> None:
    """Every rule for links that needs to know the host."""
    others = _others(state)
    for link in state.present:
        _check_name(link, state.facts, problems)
        _check_mac(link, others, state, problems)
        _check_mtu(link, problems)
        _check_addresses(link, others, state, problems)
        _check_recreation(link, state, problems)
        _check_passthru(link, others, problems)
        _check_makers(link, state, problems)
        _check_leased(link, state, problems)
        _check_subnet(link, others, state, problems)
        _check_routes(link, others, problems)
    rivals.check(state.rivals, problems)


def _check_leased(link: DesiredLink, state: ConvergeState, problems: Problems) -> None:
    """A parent that answers for its own addresses alone does not answer for those of its other links."""
    if not link.dhcp or not dict(link.parent_sysctl).get("arp_ignore"):
        return
    for other in state.present:
        fixed = [address for address in other.addresses or () if address.version == 4]
        if fixed and not other.dhcp and other.lower.index == link.lower.index:
            what = f"{other.name} has {fixed[0]} on the same parent, for which the parent would not answer any more"
            remedy = "use dhcp for both, or fixed addresses for both"
            problems.add(f"{link.key}.addresses", LEASED, what, remedy)


def _check_subnet(link: DesiredLink, others: _Others, state: ConvergeState, problems: Problems) -> None:
    """A parent with addresses in other networks alone is not in the network of another link of the host.

    One without any may be a second card that is kept for containers.
    """
    facts, parent = state.facts, link.lower
    for address in link.addresses or ():
        own = [item.interface.network for item in facts.addresses_of(parent) if _connects(item, address.version)]
        if not own or any(address.ip in network for network in own):
            continue
        for item, other in others.connected:
            of_parent = other.parent == parent.index and other.parent_nsid is None
            if _connects(item, address.version) and address.ip in item.interface.network and not of_parent:
                what = f"{address.ip} is in {item.interface.network}, which is the network of {other.name}, and"
                what += f" {parent.name} has addresses only in {', '.join(str(network) for network in own)}"
                remedy = f"name the interface that leads to the network, as in parent: {other.name}"
                problems.add(f"{link.key}.parent", link.parent, what, remedy)
                break


def _check_routes(link: DesiredLink, others: _Others, problems: Problems) -> None:
    """A sibling with a route to the same addresses: of two equal ones the kernel uses the older one."""
    declared = {(route.destination, route.table): route for route in link.routes or ()}
    for found, other in others.routes if declared else ():
        mine = declared.get((found.destination, found.table))
        if mine is None:
            continue
        default = IPV6_DEFAULT_METRIC if found.destination.version == 6 else 0
        if found.metric <= (mine.metric or default):
            what = f"{other.name} of this host, a {other.kind} link, has a route to {found.destination} as well"
            remedy = f"remove that link, or name this one {other.name} (link_name) to have it managed from here"
            problems.add(f"{link.key}.routes", str(found.destination), what, remedy)


def _connects(item: LinkAddress, version: int) -> bool:
    network = item.interface.network
    return network.version == version and network.prefixlen < network.max_prefixlen and not network.is_link_local


def _check_name(link: DesiredLink, facts: Facts, problems: Problems) -> None:
    holder = facts.link(link.name)
    if holder is not None and holder.kind != "macvlan":
        what = f"{holder.kind} interface" if holder.kind else "network interface"
        problems.add(
            f"{link.key}.name",
            link.name,
            f"this host has a {what} of this name",
            "choose another name, or remove that one",
        )


def _check_makers(link: DesiredLink, state: ConvergeState, problems: Problems) -> None:
    """A link of somebody else's would come back with each boot, and go with a declaration that is not theirs."""
    adoption = state.adoptions.get(link.name)
    for maker in state.makers:
        if maker.link != link.name or isinstance(adoption, Adoption):
            continue
        if adoption is None:
            remedy = f"set adopt: true to take it over, choose another name, or remove it there first ({maker.remove})"
            problems.add(f"{link.key}.name", link.name, str(maker), remedy)
        else:
            remedy = f"remove it there first ({maker.remove}), or choose another name"
            problems.add(f"{link.key}.adopt", True, f"{maker}, and it cannot be taken over: {adoption}", remedy)


def _check_mac(link: DesiredLink, others: _Others, state: ConvergeState, problems: Problems) -> None:
    """The kernel refuses a second one on the same parent only when the link comes up (macvlan_open, EADDRINUSE)."""
    if not link.mac:
        return
    remedy = "choose another MAC address, or leave mac out for a stable one"
    for other in others.macs.get(link.mac, ()):
        if other.name == link.name or other.name in others.leaving:
            continue
        whose = "its parent" if other.index == link.lower.index else other.name
        problems.add(f"{link.key}.mac", link.mac, f"{whose} has the same MAC address", remedy)
    for namespace, other, _facts in state.elsewhere:
        if other.mac == link.mac:
            where = f"{other.name} in network namespace {namespace.label}"
            problems.add(f"{link.key}.mac", link.mac, f"{where} has the same MAC address", remedy)


def _check_mtu(link: DesiredLink, problems: Problems) -> None:
    if link.mtu is not None and link.mtu > link.lower.mtu:
        what = f"this is above the MTU of its parent {link.lower.name}, which is {link.lower.mtu}"
        problems.add(f"{link.key}.mtu", link.mtu, what, "lower it, or raise the parent's first, or leave mtu out")


def _check_addresses(link: DesiredLink, others: _Others, state: ConvergeState, problems: Problems) -> None:
    for interface in link.addresses or ():
        holder = others.holders.get(interface.ip)
        if holder is not None:
            remedy = "choose an address of its own for the link, or remove it there first"
            problems.add(
                f"{link.key}.addresses", str(interface), f"{holder.name} of this host has this address", remedy
            )
        if interface.version == 6 and not state.ipv6:
            remedy = "enable IPv6 (sysctl net.ipv6.conf.all.disable_ipv6), or leave the address out"
            problems.add(f"{link.key}.addresses", str(interface), "IPv6 is disabled on this host", remedy)


def _check_recreation(link: DesiredLink, state: ConvergeState, problems: Problems) -> None:
    current = state.facts.link(link.name)
    if state.options.recreate == "when_needed" or current is None or current.kind != "macvlan":
        return
    needed = needs_recreation(link, current, state.facts)
    if needed:
        addresses = [str(item) for item in present_addresses(current, state.facts)]
        what = f"{needed.reason}, which the kernel cannot change on an existing link"
        loses = f" (addresses {', '.join(addresses)} go and come back)" if addresses else ""
        remedy = f"set recreate: when_needed to have it deleted and created again{loses}"
        declared = {"parent": link.parent, **link.attributes}[needed.option]
        problems.add(f"{link.key}.{needed.option}", declared, what, remedy)


def _check_passthru(link: DesiredLink, others: _Others, problems: Problems) -> None:
    """A passthru link is its parent's only child (macvlan_common_newlink, EINVAL both ways)."""
    siblings = others.siblings[link.lower.index]
    if "passthru" not in (link.mode, *siblings.values()):
        return
    found = [name for name, mode in siblings.items() if name != link.name and "passthru" in (link.mode, mode)]
    if found:
        what = f"{link.lower.name} also carries {', '.join(found)}, and a passthru link is its parent's only one"
        problems.add(f"{link.key}.mode", link.mode, what, "use mode bridge, or another parent")
