# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What keeps a host from becoming what is declared: found before anything is changed. Pure."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.links import LEASED, DesiredLink
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.facts import Facts, LinkAddress
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.names import IPV6_DEFAULT_METRIC, MACVLAN_KINDS
from ansible_collections.linuxnet.macvlan.plugins.module_utils._link.handover import gives_away
from ansible_collections.linuxnet.macvlan.plugins.module_utils._link.plan import needs_recreation, present_addresses
from ansible_collections.linuxnet.macvlan.plugins.module_utils._makers.record import Adoption

from . import rivals
from .state import ConvergeState

#: Kinds of links that are children of a parent.
CHILDREN = (*MACVLAN_KINDS, "ipvlan", "ipvtap")


def check(state: ConvergeState, problems: Problems) -> None:
    """Every rule for links that needs to know the host."""
    for link in state.present:
        _check_name(link, state.facts, problems)
        _check_mac(link, state, problems)
        _check_mtu(link, problems)
        _check_addresses(link, state, problems)
        _check_recreation(link, state, problems)
        _check_passthru(link, state, problems)
        _check_makers(link, state, problems)
        _check_leased(link, state, problems)
        _check_subnet(link, state, problems)
        _check_routes(link, state, problems)
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


def _check_subnet(link: DesiredLink, state: ConvergeState, problems: Problems) -> None:
    """A parent with addresses in other networks alone is not in the network of another link of the host.

    One without any may be a second card that is kept for containers.
    """
    facts, parent = state.facts, link.lower
    for address in link.addresses or ():
        own = [item.interface.network for item in facts.addresses_of(parent) if _connects(item, address.version)]
        if not own or any(address.ip in network for network in own):
            continue
        for item in facts.addresses:
            other = facts.by_index(item.index)
            if other is None or not other.up or not _connects(item, address.version):
                continue
            of_parent = other.parent == parent.index and other.parent_nsid is None
            if address.ip in item.interface.network and not of_parent and other.name not in _names(state):
                what = f"{address.ip} is in {item.interface.network}, which is the network of {other.name}, and"
                what += f" {parent.name} has addresses only in {', '.join(str(network) for network in own)}"
                remedy = f"name the interface that leads to the network, as in parent: {other.name}"
                problems.add(f"{link.key}.parent", link.parent, what, remedy)
                break


def _check_routes(link: DesiredLink, state: ConvergeState, problems: Problems) -> None:
    """A sibling with a route to the same addresses: of two equal ones the kernel uses the older one."""
    declared = {(route.destination, route.table): route for route in link.routes or ()}
    for found in state.facts.routes:
        other = state.facts.by_index(found.oif) if found.oif else None
        mine = declared.get((found.destination, found.table))
        if mine is None or other is None or other.kind not in CHILDREN or other.name in _names(state):
            continue
        default = IPV6_DEFAULT_METRIC if found.destination.version == 6 else 0
        if found.metric <= (mine.metric or default):
            what = f"{other.name} of this host, a {other.kind} link, has a route to {found.destination} as well"
            remedy = f"remove that link, or name this one {other.name} (link_name) to have it managed from here"
            problems.add(f"{link.key}.routes", str(found.destination), what, remedy)


def _connects(item: LinkAddress, version: int) -> bool:
    network = item.interface.network
    return network.version == version and network.prefixlen < network.max_prefixlen and not network.is_link_local


def _names(state: ConvergeState) -> set[str]:
    return {link.name for link in state.present} | {*state.removed}


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


def _check_mac(link: DesiredLink, state: ConvergeState, problems: Problems) -> None:
    """The kernel refuses a second one on the same parent only when the link comes up (macvlan_open, EADDRINUSE)."""
    if not link.mac:
        return
    remedy = "choose another MAC address, or leave mac out for a stable one"
    leaving = {*state.removed, *(one.name for one in state.present if gives_away(one, state.facts))}
    for other in state.facts.links:
        if other.mac != link.mac or other.name == link.name or other.name in leaving:
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


def _check_addresses(link: DesiredLink, state: ConvergeState, problems: Problems) -> None:
    facts = state.facts
    moving = {other.name for other in state.present if other.addresses is not None} | set(state.removed)
    holders = {
        item.interface.ip: holder
        for item in facts.addresses
        for holder in [facts.by_index(item.index)]
        if holder is not None and holder.name not in moving
    }
    for interface in link.addresses or ():
        holder = holders.get(interface.ip)
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


def _check_passthru(link: DesiredLink, state: ConvergeState, problems: Problems) -> None:
    """A passthru link is its parent's only child (macvlan_common_newlink, EINVAL both ways)."""
    siblings = {other.name: other.mode for other in state.present if other.lower.index == link.lower.index}
    declared = {other.name for other in state.present}
    for child in state.facts.children(link.lower):
        if child.name not in declared and child.name not in state.removed:
            siblings[child.name] = child.mode
    for namespace, child, _facts in state.elsewhere:
        if child.parent == link.lower.index:
            siblings[f"{child.name} in network namespace {namespace.label}"] = child.mode
    siblings.pop(link.name, None)
    others = [name for name, mode in siblings.items() if "passthru" in (link.mode, mode)]
    if others:
        what = f"{link.lower.name} also carries {', '.join(others)}, and a passthru link is its parent's only one"
        problems.add(f"{link.key}.mode", link.mode, what, "use mode bridge, or another parent")
