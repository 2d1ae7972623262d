# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which links and addresses of this host are watched, and the sockets to ask with."""

from __future__ import annotations

import contextlib

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Network
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.network import MacvlanNetwork
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.facts import Facts, foreign_children
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.names import MACVLAN_KINDS
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.netns import (
    OWN,
    Namespace,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.asking import Transport
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.probes import Probe
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.scope import Scope
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.transports import open_all

from . import targets as _watch_targets
from .frames import Interest
from .targets import TARGET, WatchTarget


def watched(namespace: Namespace, everywhere: list[tuple[Namespace, Facts]]) -> set[int]:
    """The macvlan links of a namespace on parents of ours, in our own also the parents of all."""
    facts = next(facts for item, facts in everywhere if item is namespace)
    own = namespace.path == OWN
    children = {
        link.index
        for link in facts.links
        if link.kind in MACVLAN_KINDS
        and (own or (link.parent_nsid is not None and link.parent_nsid == facts.origin_nsid))
    }
    if not own:
        return children
    parents = {
        link.parent
        for dummy, other in everywhere
        for link in other.links
        if link.kind in MACVLAN_KINDS
        and link.parent
        and link.parent_nsid == (other.origin_nsid if other is not facts else None)
    }
    return children | {index for index in parents if index is not None}


def heard(scopes: list[Scope], targets: list[WatchTarget]) -> list[str]:
    """The links on which ARP is listened to: parents, the host's own links into the networks, and links that were named
    to ask from."""
    links = [link.name for scope in scopes for link in (scope.parent, scope.shim) if link]
    links += [item.link for item in targets if item.kind == TARGET and item.link]
    return list(dict.fromkeys(links))


def interest(scopes: list[Scope], targets: list[WatchTarget], everywhere: list[tuple[Namespace, Facts]]) -> Interest:
    """The addresses and MAC addresses that a frame must concern to be reported."""
    addresses = _watch_targets.addresses(targets)
    networks: list[Network] = []
    macs = set()
    for scope in scopes:
        network = scope.network
        addresses |= {*network.gateways, *network.host_addresses, *network.containers}
        addresses |= {item.address for item in (*scope.containers, *scope.strays)}
        addresses |= {
            item.interface.ip for link in (scope.parent, scope.shim) if link for item in scope.facts.addresses_of(link)
        }
        networks += network.assigned()
        if scope.parent is not None:
            children = (link for dummy, link, dummy_facts in foreign_children(everywhere, scope.parent))
            macs |= {link.mac for link in (scope.parent, *scope.facts.children(scope.parent), *children)}
    parents = {scope.parent.name for scope in scopes if scope.parent}
    return Interest(addresses, networks, macs, parents)


def open_transports(
    probes: list[Probe], scopes: list[Scope], facts: Facts, stack: contextlib.ExitStack
) -> dict[Probe, Transport]:
    scope = scopes[0] if scopes else Scope(MacvlanNetwork("", None, ()), facts, None)
    return open_all(probes, scope, stack)
