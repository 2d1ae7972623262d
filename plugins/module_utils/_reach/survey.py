# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a declared network is on this host at one moment. Pure."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address, within
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.network import MacvlanNetwork
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.parents import resolve
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.facts import Facts, Link, foreign_children
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.netns import Namespace

from .scope import Container, Scope


def survey(
    networks: list[MacvlanNetwork], all_facts: list[tuple[Namespace, Facts]], temporary_child: bool = True
) -> list[Scope]:
    """The scope of each network, in their order. ``all_facts``: our own namespace first."""
    return [_scope(network, networks, all_facts, temporary_child) for network in networks]


def _scope(
    network: MacvlanNetwork,
    networks: list[MacvlanNetwork],
    all_facts: list[tuple[Namespace, Facts]],
    temporary_child: bool,
) -> Scope:
    facts = all_facts[0][1]
    problems = Problems()
    parent = resolve(network.parent, facts, network.key, problems)
    containers: list[Container] = []
    strays: list[Container] = []
    for item in _containers(all_facts, parent) if parent else ():
        if claims(network, item.address):
            containers.append(item)
        elif _inside(network, item.address) and not any(claims(other, item.address) for other in networks):
            strays.append(item)
    return Scope(
        network,
        facts,
        parent,
        parent_problem=problems.items[0].problem if problems else "",
        containers=tuple(containers),
        strays=tuple(strays),
        namespaces=frozenset((namespace.inode, seen.cookie) for namespace, seen in all_facts),
        temporary_child=temporary_child,
    )


def claims(network: MacvlanNetwork, address: Address) -> bool:
    """Whether an address is one for the network's containers: declared, or in a range.

    Where neither is declared, any in a subnet is; so it is with a lease, whose route leads to the whole subnet.
    """
    ranges = [outer for outer in network.ranges if outer.version == address.version]
    if address in network.containers or any(within(address, outer) for outer in ranges):
        return True
    listed = not network.leased and any(item.version == address.version for item in network.containers)
    return not ranges and not listed and _inside(network, address)


def _inside(network: MacvlanNetwork, address: Address) -> bool:
    return any(within(address, subnet) for subnet in network.subnets)


def _containers(all_facts: list[tuple[Namespace, Facts]], parent: Link) -> list[Container]:
    return [
        Container(namespace.label, namespace.path, (namespace.inode, facts.cookie), link, address)
        for namespace, link, facts in foreign_children(all_facts, parent)
        for address in facts.addresses_of(link)
    ]
