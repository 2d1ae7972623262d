# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses for a network that somebody made by hand, and the way from there to a network of this collection. Pure.

Nobody knows that an address is free. What is known to be in use is avoided: addresses of the host and of containers,
neighbours, and what DHCP servers offered, with everything between the lowest and the highest offer.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address, Network, within
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._engines.model import (
    OWNED,
    OWNER_LABEL,
    Attachment,
    EngineNetwork,
    Pool,
    inside,
)

from . import connected
from .compare import span
from .desired import DesiredNetwork

#: Addresses of a proposed range, and the blocks that are looked at.
SIZE, BLOCKS_MAX = 16, 4096


@dataclass(frozen=True)
class FreeAddresses:
    """Of one subnet. assigned: for the engine. own: for the host's link."""

    assigned: Network
    own: Address


@dataclass(frozen=True)
class Proposal:
    """Of one network. found: what the engine has of this name. keys: what the declaration lacks, by its keys.

    pools: of the network to create.
    """

    desired: DesiredNetwork
    parent: str
    found: EngineNetwork | None
    endpoints: tuple[Attachment, ...]
    keys: tuple[tuple[str, tuple[str, ...]], ...]
    pools: tuple[Pool, ...]

    def as_data(self) -> dict:
        new = [text for key, texts in self.keys if key != "container_fixed_range" for text in texts]
        probe = {"parent": self.desired.parent, "addresses": new}
        return {
            "engine": self.desired.engine, "name": self.desired.name,
            "set": {key: list(texts) for key, texts in self.keys},
            "probes": [probe] if new else [],
            "dhcp_probes": [{**probe, "subnets": [str(pool.subnet) for pool in self.pools]}] if new else [],
        }  # fmt: skip


def free(
    subnet: Network, taken: Iterable[Address], offered: Iterable[Address] = (), size: int = SIZE
) -> FreeAddresses | None:
    """A block of at least `size` addresses, less in a small subnet, and one address outside of it; None without any.

    Of the free blocks the one that is the farthest from the offers, then the highest, as most pools begin low.
    """
    used = {int(item) for item in taken if item.version == subnet.version}
    offers = sorted(int(item) for item in offered if item.version == subnet.version and within(item, subnet))
    first, last = int(subnet[0]), int(subnet[-1])
    length = max((size - 1).bit_length(), 0)
    length = min(length, max(subnet.max_prefixlen - subnet.prefixlen - 2, 0))
    unusable = used | {first, last} if subnet.num_addresses > 2 else used
    found = _blocks(first, last, length, unusable, offers)
    for start in sorted(found, key=lambda one: (-_distance(one, offers), -one)):
        own = _beside(start, start + (1 << length) - 1, (first, last), unusable, offers)
        if own is not None:
            # of the subnet's family: ipaddress takes small numbers alone for IPv4
            return FreeAddresses(type(subnet)((start, subnet.max_prefixlen - length)), type(subnet[0])(own))
    return None


def _blocks(first: int, last: int, length: int, unusable: Iterable[int], offers: Sequence[int]) -> Iterator[int]:
    """The aligned blocks without any address in use, from the top of the subnet."""
    bad = {number >> length for number in unusable}
    highest = last >> length
    for number in range(highest, max(highest - BLOCKS_MAX, (first >> length) - 1), -1):
        start, end = number << length, ((number + 1) << length) - 1
        pool = bool(offers) and start <= offers[-1] and offers[0] <= end
        if number not in bad and not pool:
            yield start


def _distance(start: int, offers: Sequence[int]) -> int:
    return min(abs(start - offers[0]), abs(start - offers[-1])) if offers else 0


def _beside(start: int, end: int, ends: tuple[int, int], unusable: Iterable[int], offers: Sequence[int]) -> int | None:
    """The next address above the block that is not in use, else below."""
    bad = set(unusable)
    near: list[int] = [*range(end + 1, min(ends[1], end + SIZE) + 1)]
    near += range(start - 1, max(ends[0], start - SIZE) - 1, -1)
    for number in near:
        if number not in bad and not (offers and offers[0] <= number <= offers[-1]):
            return number
    return None


def of(
    desired: DesiredNetwork,
    parent: str,
    found: EngineNetwork | None,
    endpoints: Sequence[Attachment],
    taken: Iterable[Address],
    offered: Iterable[Address],
) -> Proposal:
    """What the declaration lacks. taken: what is known to be in use besides that of its containers."""
    taken, offered = [*taken], [*offered]
    used = [item for one in endpoints for item in (*one.addresses, *(one.fixed or ()))]
    ranges: list[str] = []
    own: list[str] = []
    pools = []
    for pool in desired.pools:
        gateway = [pool.gateway] if pool.gateway is not None else []
        known = [*taken, *used, *gateway, *pool.reserved, *_listed(pool)]
        complete = pool.assigned is not None and desired.routed
        mine = None if complete else free(pool.subnet, known, offered, _needed(endpoints))
        if mine is None:
            pools.append(pool)
            continue
        assigned, kept = pool.assigned, pool.reserved
        if assigned is None:
            ranges.append(str(mine.assigned))
            assigned = (mine.assigned[0], mine.assigned[-1])
        if not desired.routed:
            own.append(str(mine.own))
            kept = (*kept, mine.own)
        pools.append(Pool(pool.subnet, pool.gateway, assigned, kept))
    fixed = dict.fromkeys(
        f"{item}/{item.max_prefixlen}"
        for one in endpoints
        for item in (one.addresses if one.fixed is None else one.fixed)
        if not any(within(item, outer) for outer in desired.routed) and not _assigned(item, pools)
    )
    keys = (("container_range", ranges), ("container_fixed_range", [*fixed]), ("host_address", own))
    kept_keys = tuple((key, tuple(texts)) for key, texts in keys if texts)
    return Proposal(desired, parent, found, tuple(endpoints), kept_keys, tuple(pools))


def _listed(pool: Pool) -> list[Address]:
    """The declared range, as the host's address has to be outside of it; at most so many of it."""
    if pool.assigned is None:
        return []
    first, last = pool.assigned
    return [first + number for number in range(min(int(last) - int(first) + 1, BLOCKS_MAX * SIZE))]


def _needed(endpoints: Sequence[Attachment]) -> int:
    """Twice as many as there are containers."""
    return max(SIZE, 2 * len(endpoints))


def _assigned(address: Address, pools: Iterable[Pool]) -> bool:
    return any(inside(address, pool.assigned) for pool in pools if pool.assigned)


def lines(proposal: Proposal) -> list[str]:
    """What was found, what to declare, and what to run. What is to be copied is indented."""
    desired, found = proposal.desired, proposal.found
    text = []
    if found is not None:
        pools = "; ".join(_pool_words(pool) for pool in found.pools)
        containers = connected.names(proposal.endpoints) or "none"
        text.append(
            f"Found: {desired} on parent {found.parent}, made by something else: {pools}; containers: {containers}."
        )
    text += _declaration(proposal)
    if found is None:
        return [*text, "Then run site.yml again."]
    consent = [
        "-e container_network_adopt=true",
        *(["-e container_network_recreate=true"] if proposal.endpoints else []),
    ]
    text += ["Then let site.yml replace the network:", f"  ansible-playbook linuxnet.macvlan.site {' '.join(consent)}"]
    text += ["Or replace it by hand, and run site.yml:", *(f"  {command}" for command in commands(proposal))]
    return text


def _pool_words(pool: Pool) -> str:
    assigned = f"range {span(pool.assigned)}" if pool.assigned else "no range, so it assigns from the bottom of the LAN"
    return f"subnet {pool.subnet}, gateway {pool.gateway or 'none'}, {assigned}"


def _declaration(proposal: Proposal) -> list[str]:
    full = [str(pool.subnet) for pool in proposal.pools if pool.assigned is None]
    if full:
        return [f"No range of {', '.join(full)} is proposed: as far as this host saw, all of it is in use or offered."]
    if not proposal.keys:
        return []
    head = (
        f"Set in {proposal.desired.key} these addresses, which are not known to be in use: no neighbour, no container"
        " and no DHCP offer that this host saw has them. Compare them with the pool of your DHCP server:"
    )
    return [head, *(f"  {key}: {_value(texts)}" for key, texts in proposal.keys)]


def _value(texts: Sequence[str]) -> str:
    quoted = [f'"{text}"' if ":" in text else text for text in texts]
    return quoted[0] if len(quoted) == 1 else f"[{', '.join(quoted)}]"


def commands(proposal: Proposal) -> list[str]:
    """The engine's own commands for the same."""
    desired = proposal.desired
    engine, name = desired.engine, desired.name
    made = [shlex.join([engine, "network", "disconnect", name, one.name]) for one in proposal.endpoints]
    made.append(shlex.join([engine, "network", "rm", name]))
    made.append(shlex.join(_create(proposal)))
    for one in proposal.endpoints:
        chosen = [word for item in one.fixed or () for word in ("--ip" if item.version == 4 else "--ip6", str(item))]
        made.append(shlex.join([engine, "network", "connect", *chosen, name, one.name]))
    return made


def _create(proposal: Proposal) -> list[str]:
    desired = proposal.desired
    words = [desired.engine, "network", "create", "-d", "macvlan", "-o", f"parent={proposal.parent}"]
    if desired.engine == "docker" and any(pool.subnet.version == 6 for pool in proposal.pools):
        words.append("--ipv6")
    for pool in proposal.pools:
        words.append(f"--subnet={pool.subnet}")
        words += [f"--gateway={pool.gateway}"] if pool.gateway is not None else []
        words += [f"--ip-range={span(pool.assigned)}"] if pool.assigned else []
        if desired.engine == "docker":
            words += [f"--aux-address=host{item.version}-{number}={item}" for number, item in enumerate(pool.reserved)]
    return [*words, f"--label={OWNER_LABEL}={OWNED}", desired.name]
