# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every macvlan link of a host, in all network namespaces, as plain data."""

from __future__ import annotations

from . import _parents
from ._facts import MACVLAN_KINDS, Facts, Link, read_all
from ._netns import Namespace
from ._problems import InvalidInput, Problems
from ._requirements import CAP_SYS_ADMIN, check_capabilities, check_pyroute2


def inventory(parent: object = None, counters: bool = False) -> dict[str, object]:
    """``links`` and ``unseen_namespaces``. Errors: InvalidInput."""
    problems = Problems()
    check_pyroute2(problems)
    check_capabilities(problems, CAP_SYS_ADMIN)
    if parent is not None:
        _parents.check(parent, "parent", problems)
    if problems:
        raise InvalidInput(problems)
    unseen: list[str] = []
    everywhere = read_all(unseen)
    wanted = None
    if parent is not None:
        wanted = _parents.resolve(parent, everywhere[0][1], "parent", problems)
        if problems:
            raise InvalidInput(problems)
    found = []
    for namespace, facts in everywhere:
        for link in facts.links:
            if link.kind not in MACVLAN_KINDS:
                continue
            above = _parent(namespace, link, facts, everywhere)
            if wanted is None or (above is not None and above == (everywhere[0][0], wanted)):
                found.append(_as_data(namespace, link, facts, above, counters))
    return {"links": found, "unseen_namespaces": unseen}


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
        "routes": [
            str(route.destination) + (f" via {route.gateway}" if route.gateway else "")
            for route in facts.routes_of(link)
        ],
    }
    if counters:
        data["counters"] = dict(link.counters)
    return data
