# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The containers that are connected to a network: who they are, and what a replaced network means for each. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address, within
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._engines.model import (
    Attachment,
    NetworkSpec,
    inside,
    size,
)

from .desired import DesiredNetwork

#: Containers that a message lists.
LISTED = 20


def names(endpoints: Sequence[Attachment]) -> str:
    """Each with its addresses."""
    listed = [f"{one.name} ({', '.join(map(str, one.addresses)) or _without(one)})" for one in endpoints[:LISTED]]
    return ", ".join(listed) + (f" and {len(endpoints) - LISTED} more" if len(endpoints) > LISTED else "")


def _without(one: Attachment) -> str:
    fixed = ", ".join(map(str, one.fixed or ()))
    return f"stopped, {fixed}" if fixed else "running, no address" if one.running else "stopped"


def effect(engine: str, endpoints: Sequence[Attachment], during: bool = False) -> str:
    """What a replaced network does to those that use it, as the end of a sentence. during: of one that says so."""
    if not endpoints:
        return ""
    what = "stopped and started" if engine == "podman" else "disconnected and connected again"
    return f"; {'' if during else 'to replace it, '}these containers are {what}: {names(endpoints)}"


def removal(engine: str, endpoints: Iterable[Attachment]) -> str:
    return shlex.join([engine, "rm", "--force", *(one.name for one in endpoints)])


def check(desired: DesiredNetwork, wanted: NetworkSpec, endpoints: Sequence[Attachment], problems: Problems) -> None:
    """Add a problem for each container that could not be connected to the new network."""
    where = f"{desired.key}.engine"
    refused = (*_bound(desired, endpoints), *_managed(desired, endpoints), *_without_mac(desired, endpoints))
    for what, remedy in refused:
        problems.add(where, desired.engine, what, remedy)
    for one in endpoints:
        for address in one.fixed or ():
            why = _unusable(address, wanted)
            if why:
                remedy = "create the container with another address, or declare a network that has room for it"
                problems.add(f"{desired.key}.container_range", str(address), f"{one.name} has it, {why}", remedy)
    _room(desired, wanted, endpoints, problems)


def _bound(desired: DesiredNetwork, endpoints: Iterable[Attachment]) -> Iterator[tuple[str, str]]:
    """Compose v2 stores the ID of the network in its containers: only Compose can connect them to another one."""
    projects: dict[str, list[Attachment]] = {}
    for one in endpoints:
        if one.by_id:
            projects.setdefault(one.project, []).append(one)
    for project, found in projects.items():
        what = f"{names(found)} can only be connected to the network as it is, whose ID was stored in them"
        if not project:
            yield what, f"remove them ({removal(desired.engine, found)}), run this again, and create them again"
            continue
        files = [word for path in found[0].compose for word in ("-f", path)]
        command = shlex.join([desired.engine, "compose", "-p", project, *files])
        yield f"{what} by compose", f"run {command} down, run this again, and run {command} up -d"


def _managed(desired: DesiredNetwork, endpoints: Iterable[Attachment]) -> Iterator[tuple[str, str]]:
    """Podman's are stopped: that would delete some, and something else would start others meanwhile."""
    for one in endpoints if desired.engine == "podman" else ():
        again = "run this again, and start it again"
        if not one.running:
            continue
        if one.unit:
            yield f"{one.name} is run by {one.unit}", f"run systemctl stop {shlex.quote(one.unit)}, {again}"
        elif one.pod:
            yield f"{one.name} is part of a pod", f"run podman pod stop {shlex.quote(one.pod[:12])}, {again}"
        elif one.removed_at_stop:
            what = f"{one.name} was started with --rm: podman deletes it when it stops"
            yield what, f"run podman stop {shlex.quote(one.name)}, run this again, and create it again"


def _without_mac(desired: DesiredNetwork, endpoints: Iterable[Attachment]) -> Iterator[tuple[str, str]]:
    for one in endpoints:
        if one.mac and not one.mac_kept:
            what = f"{one.name} has the MAC address {one.mac}, which this {desired.engine} gives to no container again"
            again = "run this again, and create it again"
            yield what, f"run {removal(desired.engine, [one])}, {again}"


def _unusable(address: Address, wanted: NetworkSpec) -> str:
    pools = [pool for pool in wanted.pools if within(address, pool.subnet)]
    if not pools:
        return "which is outside of the new subnets"
    if address == pools[0].gateway:
        return "which is the gateway of the new network"
    return "which the new network reserves" if address in pools[0].reserved else ""


def _room(desired: DesiredNetwork, wanted: NetworkSpec, endpoints: Sequence[Attachment], problems: Problems) -> None:
    """Those without an address of their own need one of the range."""
    for pool in wanted.pools:
        if pool.assigned is None:
            continue
        version = pool.subnet.version
        waiting = [one for one in endpoints if not any(item.version == version for item in one.fixed or ())]
        taken = {item for one in endpoints for item in one.fixed or () if inside(item, pool.assigned)}
        taken |= {item for item in (*pool.reserved, pool.gateway) if item is not None and inside(item, pool.assigned)}
        free = size(pool.assigned) - len(taken)
        if len(waiting) > free:
            what = f"{len(waiting)} containers need an address of this range, and {max(0, free)} are free"
            value = f"{pool.assigned[0]}-{pool.assigned[1]}"
            problems.add(f"{desired.key}.container_range", value, what, "declare a larger one")


def warnings(desired: DesiredNetwork, endpoints: Iterable[Attachment], differs: bool) -> list[str]:
    """What will go wrong with containers of a network, be it as declared or not. differs: whether it is replaced."""
    return [
        f"{desired}: {text}" for one in endpoints for text in (*_stolen(desired, one), *_lost(desired, one, differs))
    ]


def _stolen(desired: DesiredNetwork, one: Attachment) -> Iterator[str]:
    for address in one.fixed or ():
        if any(pool.assigned and inside(address, pool.assigned) for pool in desired.pools):
            yield (
                f"{one.name} has the fixed address {address} inside of the container range. While it is stopped,"
                f" the next container that starts may get it, and {one.name} cannot start then: take an address of"
                " container_fixed_range"
            )


def _lost(desired: DesiredNetwork, one: Attachment, differs: bool) -> Iterator[str]:
    """A container that gets an address from the new range is not lost."""
    lost = [str(item) for item in one.addresses if desired.routed and not _routed(item, desired)]
    if lost and (one.fixed or not differs):
        yield (
            f"{one.name} has {', '.join(lost)}, outside of container_range and container_fixed_range: the host has no"
            " route to it over its link"
        )


def _routed(address: Address, desired: DesiredNetwork) -> bool:
    return any(within(address, outer) for outer in desired.routed)
