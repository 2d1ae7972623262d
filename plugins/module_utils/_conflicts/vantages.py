# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where to ask from: the parent, a temporary child of it, and existing links."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Sequence
from typing import List, Tuple

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address, ifname_problem
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent import parents as _parents
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.facts import Facts, Link
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.netns import Namespace, NamespaceGone, run_in
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.ask import Vantage, open_socket
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.temporary_child import (
    ChildFailed,
    temporary_child,
)

from .own import CHILD_KINDS, nsid_of
from .verdict import OwnAddresses

Everywhere = List[Tuple[Namespace, Facts]]

PARENT, CHILD = "parent", "child"
_FORMS = f"write {PARENT}, {CHILD}, the name of a link, or a mapping such as {{link: eth0, namespace: c1}}"


@dataclass(frozen=True)
class WantedVantage:
    """One item of the input. ``link`` is empty for the parent and for the temporary child; ``namespace`` is the label
    of a namespace, empty for the one that the check runs in. ``key`` is its place in the input."""

    name: str
    link: str = ""
    namespace: str = ""
    key: str = ""


DEFAULT = (WantedVantage(PARENT), WantedVantage(CHILD))


def parse(values: Sequence[object], key: str, problems: Problems) -> list[WantedVantage]:
    """What the items of a list mean; problems are added for those that mean nothing."""
    if not values:
        problems.add(key, [], "there is no vantage to ask from", _FORMS)
    found: list[WantedVantage] = []
    for number, value in enumerate(values):
        place = f"{key}[{number}]"
        wanted = _parse(value, place, problems)
        if wanted is not None and wanted.name in [item.name for item in found]:
            problems.add(place, value, "this is listed twice", "list each vantage once")
        elif wanted is not None:
            found.append(wanted)
    return found


def _parse(value: object, key: str, problems: Problems) -> WantedVantage | None:
    if value in (PARENT, CHILD):
        return WantedVantage(str(value), key=key)
    parts = {"link": value} if isinstance(value, str) else value
    if not isinstance(parts, dict) or not {"link"} <= set(parts) <= {"link", "namespace"}:
        problems.add(key, value, "this is no vantage", _FORMS)
        return None
    link, namespace = parts["link"], parts.get("namespace") or ""
    problem = ifname_problem(link)
    if problem or not isinstance(namespace, str):
        problems.add(key, value, problem or "a namespace is given by its name", _FORMS)
        return None
    name = f"{namespace}/{link}" if namespace else link
    if name in (PARENT, CHILD):
        problems.add(key, value, f"{name} means the {name} of each probe, not a link of that name", "rename the link")
        return None
    return WantedVantage(name, link, namespace, key)


def locate(wanted: WantedVantage, everywhere: Everywhere) -> tuple[Namespace, Facts, Link] | None:
    """The link that is meant, None where this host has no such link."""
    for namespace, facts in everywhere:
        if wanted.namespace in namespace.names:
            link = facts.link(wanted.link)
            return (namespace, facts, link) if link else None
    return None


def check_links(wanted: Sequence[WantedVantage], everywhere: Everywhere, problems: Problems) -> None:
    """Add a problem for each link that this host does not have."""
    names = [name for namespace, dummy in everywhere for name in namespace.names]
    for item in wanted:
        if not item.link or locate(item, everywhere):
            continue
        if item.namespace in names:
            where = f"namespace {item.namespace}" if item.namespace else "this host"
            problems.add(item.key, item.name, f"{where} has no link {item.link}", "name one that it has")
        else:
            known = ", ".join(namespace.label for namespace, dummy in everywhere if namespace.label) or "none"
            remedy = f"name one that it has: {known}"
            problems.add(item.key, item.name, f"this host has no network namespace {item.namespace}", remedy)


def state_problem(link: Link) -> str:
    """Why a link cannot carry probes, empty when it can."""
    if not link.ethernet:
        return f"{link.name} is not an Ethernet interface"
    if not link.up:
        return f"{link.name} is down"
    if not link.carrier:
        return f"{link.name} has no carrier"
    return "" if link.arp else f"{link.name} has ARP turned off (NOARP)"


class CannotAsk(Exception):
    """This vantage is not available; the message says why."""


def open_vantage(
    wanted: WantedVantage,
    parent: Link,
    addresses: Iterable[Address] | None,
    everywhere: Everywhere,
    known: OwnAddresses,
    stack: contextlib.ExitStack,
) -> Vantage:
    """A vantage on the segment of ``parent`` for these addresses, for any where they are None; ``stack`` closes it.

    Errors: CannotAsk.
    """
    if wanted.name == PARENT:
        return _open_link(wanted.name, everywhere[0][0], parent, addresses, stack)
    if wanted.name == CHILD:
        return _open_child(parent, addresses, everywhere[0][1], known, stack)
    found = locate(wanted, everywhere)
    if found is None:
        raise CannotAsk(f"{wanted.name} is gone")
    namespace, facts, link = found
    here = everywhere[0][1]
    ours = link.parent == parent.index and link.parent_nsid == nsid_of(here, facts)
    if link.kind in CHILD_KINDS and parent.kind not in CHILD_KINDS and not ours:
        raise CannotAsk(f"{wanted.name} is not a child of {parent.name}")
    problem = state_problem(link)
    if problem:
        raise CannotAsk(problem)
    return _open_link(wanted.name, namespace, link, addresses, stack)


def _open_link(
    name: str, namespace: Namespace, link: Link, addresses: Iterable[Address] | None, stack: contextlib.ExitStack
) -> Vantage:
    try:
        sock, mac = run_in(namespace.path, lambda: open_socket(link.name, addresses))
    except OSError as error:
        raise CannotAsk(f"{link.name}: {error.strerror or os.strerror(error.errno or 0)}") from error
    except NamespaceGone as error:
        raise CannotAsk(str(error)) from error
    return Vantage(name, link.name, mac, stack.enter_context(sock))


def _open_child(
    parent: Link, addresses: Iterable[Address] | None, here: Facts, known: OwnAddresses, stack: contextlib.ExitStack
) -> Vantage:
    refusals = Problems()
    _parents.check_capable(parent, here, "parent", parent.name, refusals)
    if refusals:
        raise CannotAsk("; ".join(item.problem for item in refusals.items))
    try:
        return stack.enter_context(temporary_child(parent, addresses, CHILD))
    except ChildFailed as error:
        raise CannotAsk(str(error) + _passthru(known)) from error


def _passthru(known: OwnAddresses) -> str:
    """The likely reason for a refusal, empty where there is none in sight."""
    place = known.passthru
    if place is None:
        return ""
    where = f" in namespace {place.namespace}" if place.namespace else ""
    return f" ({place.link}{where} is in passthru mode, which tolerates no other child)"
