# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every macvlan link of a host, in all network namespaces, and what identifies a host to the fleet, as plain data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.machine_id import machine_id
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import InvalidInput, Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.requirements import (
    CAP_NET_RAW,
    CAP_SYS_ADMIN,
    check_capabilities,
    check_pyroute2,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent import parents as _parents
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.facts import Facts, Link
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.names import MACVLAN_KINDS
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.netns import Namespace
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.read import read_all
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.lldp_listen import listen

#: Kinds whose frames leave through the parent, as macvlan's do.
_CHILD_KINDS = (*MACVLAN_KINDS, "ipvlan", "ipvtap")

#: Kinds that have ports.
_MASTERS = ("bond", "team", "bridge")

#: A switch sends every 30 seconds (IEEE 802.1AB-2016, 9.2.5.7, msgTxInterval), an hour at most.
LLDP_SECONDS_MAX = 3600


def inventory(
    parent: object = None,
    counters: bool = False,
    parents: Sequence[object] = (),
    lldp_seconds: float = 0.0,
    keys: Sequence[str] = (),
) -> dict[str, object]:
    """``links``, ``parents``, ``resolved``, ``machine_id`` and ``unseen_namespaces``. Errors: InvalidInput.

    parent: list only its children. parents: list these as parents whether or not they have children.
    keys: where those were declared, in their order.
    lldp_seconds: how long to listen for the switches behind the parents; 0 is not at all.
    """
    problems = Problems()
    places = [*keys, *(f"parents[{number}]" for number in range(len(keys), len(parents)))]
    check_pyroute2(problems)
    check_capabilities(problems, CAP_SYS_ADMIN, *([CAP_NET_RAW] if lldp_seconds else []))
    if parent is not None:
        _parents.check(parent, "parent", problems)
    for place, item in zip(places, parents):
        _parents.check(item, place, problems)
    if not 0 <= lldp_seconds <= LLDP_SECONDS_MAX:
        remedy = f"give a number of seconds from 0 to {LLDP_SECONDS_MAX}"
        problems.add("lldp_seconds", lldp_seconds, "this is out of range", remedy)
    if problems:
        raise InvalidInput(problems)
    unseen: list[str] = []
    everywhere = read_all(unseen)
    here, own = everywhere[0]
    wanted = _parents.resolve(parent, own, "parent", problems) if parent is not None else None
    named = [_parents.resolve(item, own, place, problems) for place, item in zip(places, parents)]
    if problems:
        raise InvalidInput(problems)
    found = []
    shown = {link.index: link for link in named if link is not None}
    for namespace, facts in everywhere:
        for link in facts.links:
            if link.kind not in MACVLAN_KINDS:
                continue
            above = _parent(namespace, link, facts, everywhere)
            if wanted is None or above == (here, wanted):
                found.append(_as_data(namespace, link, facts, above, counters))
                if above is not None and above[0] == here:
                    shown[above[1].index] = above[1]
    described = [_parent_data(link, own) for link in shown.values()]
    if lldp_seconds:
        _add_neighbours(described, list(shown.values()), own, lldp_seconds)
    return {
        "links": found,
        "parents": described,
        "resolved": [{"given": given, "name": link.name} for given, link in zip(parents, named) if link is not None],
        "machine_id": machine_id(),
        "unseen_namespaces": unseen,
    }


def _add_neighbours(described: list[dict[str, object]], parents: list[Link], facts: Facts, seconds: float) -> None:
    """Listen on all ports of all parents at the same time."""
    ports = {link.index: list(dict.fromkeys(item.name for item in _ports(link, facts))) for link in parents}
    heard = listen(dict.fromkeys(name for names in ports.values() for name in names), seconds)
    for data, link in zip(described, parents):
        data["lldp"] = [{"port": name, **asdict(item)} for name in ports[link.index] for item in heard[name]]


def _ports(link: Link, facts: Facts) -> Iterator[Link]:
    """The links at whose far end a switch may be: below a VLAN its lower device, below a bond or bridge its ports."""
    lower = facts.by_index(link.parent) if link.kind == "vlan" and link.parent_nsid is None else None
    if lower is not None:
        yield from _ports(lower, facts)
    elif link.kind in _MASTERS:
        # the other ports of a bridge are virtual machines and containers
        for port in facts.links:
            if port.master == link.index and port.kind in ("", "vlan", *_MASTERS):
                yield from _ports(port, facts)
    else:
        yield link


def evidence(everywhere: list[tuple[Namespace, Facts]], parents: Sequence[Link]) -> dict[str, object]:
    """What identifies this host on the segments of these links of its own namespace: all MAC and IP addresses
    that it brings there, whatever namespace and kind of link they are on."""
    wanted = {link.index for link in parents}
    here = everywhere[0][0]
    links = []
    for namespace, facts in everywhere:
        for link in facts.links:
            above = _parent(namespace, link, facts, everywhere)
            if above is None or above[0] != here:
                continue
            lower = above[1].index if link.kind in _CHILD_KINDS else above[1].master if link.kind == "veth" else None
            if lower in wanted:
                links.append({
                    "namespace": namespace.label,
                    "name": link.name,
                    "kind": link.kind,
                    "parent": next(item.name for item in parents if item.index == lower),
                    "mac": link.mac,
                    "addresses": [str(item.interface) for item in facts.addresses_of(link)],
                })  # fmt: skip
    return {
        "machine_id": machine_id(),
        "parents": [_parent_data(link, everywhere[0][1]) for link in parents],
        "links": links,
    }


def _parent_data(link: Link, facts: Facts) -> dict[str, object]:
    return {
        "name": link.name,
        "mac": link.mac,
        "addresses": [str(item.interface) for item in facts.addresses_of(link)],
    }


def _parent(
    namespace: Namespace, link: Link, facts: Facts, everywhere: list[tuple[Namespace, Facts]]
) -> tuple[Namespace, Link] | None:
    """The parent and its namespace: our own namespace is known to the others by an id, siblings are not."""
    if link.parent is None:
        return None
    if link.parent_nsid is None:
        home, there = namespace, facts
    elif link.parent_nsid == facts.origin_nsid:
        home, there = everywhere[0]
    else:
        return None
    found = there.by_index(link.parent)
    return (home, found) if found else None


def _as_data(
    namespace: Namespace, link: Link, facts: Facts, parent: tuple[Namespace, Link] | None, counters: bool
) -> dict[str, object]:
    data: dict[str, object] = {
        "namespace": namespace.label,
        "name": link.name,
        "kind": link.kind,
        "parent": parent[1].name if parent else None,
        "parent_namespace": parent[0].label if parent else None,
        "mode": link.mode,
        "mac": link.mac,
        "mtu": link.mtu,
        "up": link.up,
        "carrier": link.carrier,
        "bcqueuelen": link.bcqueuelen,
        "nopromisc": link.nopromisc,
        "addresses": [str(item.interface) for item in facts.addresses_of(link)],
        "leased": [
            str(item.interface)
            for item in facts.addresses_of(link)
            if item.interface.version == 4 and not item.permanent
        ],
        "routes": [
            str(route.destination) + (f" via {route.gateway}" if route.gateway else "")
            for route in facts.routes_of(link)
        ],
    }
    if counters:
        data["counters"] = dict(link.counters)
    return data
