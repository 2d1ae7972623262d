# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host says against a declaration: found before anything is changed. Pure."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent import parents as _parents
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.links import Desired, DesiredLink
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.facts import Facts, Link
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.netns import Namespace
from ansible_collections.linuxnet.macvlan.plugins.module_utils._link.plan import needs_recreation, present_addresses


def resolve(desired: Desired, facts: Facts, problems: Problems) -> list[DesiredLink]:
    """The links with their parents; a problem for each parent that is not there or cannot carry macvlan links."""
    resolved = []
    for link in desired.present:
        before = len(problems)
        parent = _parents.resolve(link.parent, facts, f"{link.key}.parent", problems)
        if parent is not None:
            _parents.check_capable(parent, facts, f"{link.key}.parent", link.parent, problems)
        if parent is not None and len(problems) == before:
            resolved.append(link.on(parent))
    return resolved


def check(
    present: list[DesiredLink],
    removed: list[str],
    facts: Facts,
    elsewhere: list[tuple[Namespace, Link, Facts]],
    ipv6: bool,
    recreate: bool,
    problems: Problems,
) -> None:
    """Every rule that needs to know the host.

    elsewhere: macvlan children of the parents in other network namespaces. ipv6: whether the host has IPv6.
    recreate: whether a link may be made anew where the kernel cannot change it.
    """
    for link in present:
        _check_name(link, facts, problems)
        _check_mac(link, removed, facts, elsewhere, problems)
        _check_mtu(link, problems)
        _check_addresses(link, present, removed, facts, ipv6, problems)
        _check_recreation(link, facts, recreate, problems)
    _check_passthru(present, removed, facts, elsewhere, problems)


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


def _check_mac(
    link: DesiredLink,
    removed: list[str],
    facts: Facts,
    elsewhere: list[tuple[Namespace, Link, Facts]],
    problems: Problems,
) -> None:
    """The kernel refuses a second one on the same parent only when the link comes up (macvlan_open, EADDRINUSE)."""
    if not link.mac:
        return
    remedy = "choose another MAC address, or leave mac out for a stable one"
    for other in facts.links:
        if other.mac != link.mac or other.name == link.name or other.name in removed:
            continue
        whose = "its parent" if other.index == link.lower.index else other.name
        problems.add(f"{link.key}.mac", link.mac, f"{whose} has the same MAC address", remedy)
    for namespace, other, _facts in elsewhere:
        if other.mac == link.mac:
            where = f"{other.name} in network namespace {namespace.label}"
            problems.add(f"{link.key}.mac", link.mac, f"{where} has the same MAC address", remedy)


def _check_mtu(link: DesiredLink, problems: Problems) -> None:
    if link.mtu is not None and link.mtu > link.lower.mtu:
        what = f"this is above the MTU of its parent {link.lower.name}, which is {link.lower.mtu}"
        problems.add(f"{link.key}.mtu", link.mtu, what, "lower it, or raise the parent's first, or leave mtu out")


def _check_addresses(
    link: DesiredLink, present: list[DesiredLink], removed: list[str], facts: Facts, ipv6: bool, problems: Problems
) -> None:
    moving = {other.name for other in present if other.addresses is not None} | set(removed)
    holders = {
        item.interface.ip: holder
        for item in facts.addresses
        for holder in [facts.by_index(item.index)]
        if holder is not None and holder.name not in moving
    }
    for interface in link.addresses or ():
        holder = holders.get(interface.ip)
        if holder is not None:
            remedy = "choose an address of its own for the link, or take it off there first"
            problems.add(
                f"{link.key}.addresses", str(interface), f"{holder.name} of this host has this address", remedy
            )
        if interface.version == 6 and not ipv6:
            remedy = "enable IPv6 (sysctl net.ipv6.conf.all.disable_ipv6), or leave the address out"
            problems.add(f"{link.key}.addresses", str(interface), "IPv6 is disabled on this host", remedy)


def _check_recreation(link: DesiredLink, facts: Facts, recreate: bool, problems: Problems) -> None:
    current = facts.link(link.name)
    if recreate or current is None or current.kind != "macvlan":
        return
    needed = needs_recreation(link, current, facts)
    if needed:
        addresses = [str(item) for item in present_addresses(current, facts)]
        what = f"{needed.reason}, which the kernel cannot change on an existing link"
        loses = f" (addresses {', '.join(addresses)} go and come back)" if addresses else ""
        remedy = f"set recreate: when_needed to have it removed and made anew{loses}"
        declared = {"parent": link.parent, **link.attributes}[needed.option]
        problems.add(f"{link.key}.{needed.option}", declared, what, remedy)


def _check_passthru(
    present: list[DesiredLink],
    removed: list[str],
    facts: Facts,
    elsewhere: list[tuple[Namespace, Link, Facts]],
    problems: Problems,
) -> None:
    """A passthru link is its parent's only child (macvlan_common_newlink, EINVAL both ways)."""
    declared = {link.name for link in present}
    for link in present:
        siblings = {other.name: other.mode for other in present if other.lower.index == link.lower.index}
        for child in facts.children(link.lower):
            if child.name not in declared and child.name not in removed:
                siblings[child.name] = child.mode
        for namespace, child, _facts in elsewhere:
            if child.parent == link.lower.index:
                siblings[f"{child.name} in network namespace {namespace.label}"] = child.mode
        siblings.pop(link.name, None)
        others = (
            list(siblings)
            if link.mode == "passthru"
            else [name for name, mode in siblings.items() if mode == "passthru"]
        )
        if others:
            what = f"{link.lower.name} also carries {', '.join(others)}, and a passthru link is its parent's only one"
            problems.add(f"{link.key}.mode", link.mode, what, "use mode bridge, or another parent")
