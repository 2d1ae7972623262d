# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One container range of a whole group, cut into one slice per host. Pure.

The slice of a host depends on the names in the group alone, so every run and every host computes the same result. Each
host has an order of preference over all slices, derived from its name, and the hosts choose in the order of the
inventory: open addressing with double hashing (Knuth, The Art of Computer Programming 3, 6.4). Therefore:

* A host that is appended changes no other host's slice.
* A host that is removed or inserted can move only hosts that compete with another host for a slice.
* A pinned host never moves, and its number stays reserved while it is pinned, also when it leaves the group.

More is impossible without state: with more names than slices, two names must prefer the same slice, and one of them has
to move when both are in the group. The pins are that state.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from typing import Any, Tuple, TypedDict

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Network
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass

#: Ansible's name for the group of all hosts of the inventory.
ALL = "all"

FAMILIES = {"ipv4": 4, "ipv6": 6}

#: What a declared network says about slices.
KEYS = ("container_range_per_host", "container_range_group", "container_slice")

#: Host and number of each slice that is fixed.
Pins = Tuple[Tuple[str, int], ...]


@dataclass(frozen=True)
class Assignment:
    """The slice of each host. ``numbers``: host -> number, counted from 0 at the beginning of the range.

    moving: hosts without the slice that they prefer, which may move when others leave.
    homeless: hosts for which no slice is left. reserved: how many slices are pinned for hosts outside of the group.
    """

    count: int
    numbers: dict[str, int] = field(default_factory=dict)
    moving: tuple[str, ...] = ()
    homeless: tuple[str, ...] = ()
    reserved: int = 0

    @property
    def free(self) -> int:
        """The number of slices that are neither assigned nor reserved."""
        return self.count - len(self.numbers) - self.reserved


def preferences(host: str, count: int) -> Iterator[int]:
    """All numbers below `count`, a power of two, each once: an odd step visits all of them."""
    drawn = int.from_bytes(hashlib.sha256(f"linuxnet.macvlan slice\0{host}".encode()).digest(), "big")
    start, step = drawn % count, (drawn >> 128) % count | 1
    return ((start + step * turn) % count for turn in range(count))


def assign(hosts: Iterable[str], count: int, pins: Mapping[str, int]) -> Assignment:
    """Assign a slice to each host. pins: host -> number, each number once and below `count`."""
    hosts = list(dict.fromkeys(hosts))
    numbers = {host: pins[host] for host in hosts if host in pins}
    taken = set(pins.values())
    moving, homeless = [], []
    for host in hosts:
        if host in numbers:
            continue
        if len(taken) == count:
            homeless.append(host)
            continue
        numbers[host] = next(number for number in preferences(host, count) if number not in taken)
        taken.add(numbers[host])
        if numbers[host] != next(preferences(host, count)):
            moving.append(host)
    reserved = sum(1 for host in pins if host not in numbers)
    return Assignment(count, numbers, tuple(moving), tuple(homeless), reserved)


def slice_of(outer: Network, prefix: int, number: int) -> Network:
    """The slice with that number. Errors: ValueError when the range has fewer."""
    if not 0 <= number < 1 << (prefix - outer.prefixlen):
        raise ValueError(f"{outer} has no slice /{prefix} with number {number}")
    first = int(outer.network_address) + (number << (outer.max_prefixlen - prefix))
    return ipaddress.ip_network((type(outer.network_address)(first), prefix))


class Groups:
    """The groups of the inventory, and the slices of their hosts. One object serves all hosts of a plan."""

    def __init__(self, members: Mapping[str, Sequence[str]] | None = None) -> None:
        self._members = members or {}
        self._known: dict[tuple[str, int, Pins], Assignment] = {}

    def __contains__(self, group: str) -> bool:
        return group in self._members

    def __bool__(self) -> bool:
        return bool(self._members)

    def assignment(self, group: str, count: int, pins: Pins) -> Assignment:
        key = (group, count, pins)
        if key not in self._known:
            self._known[key] = assign([str(host) for host in self._members[group]], count, dict(pins))
        return self._known[key]


@dataclass(frozen=True)
class Sharing:
    """A range that a group shares, and the slice of one host.

    cuts: (range, prefix length of a slice), one per family that is cut. pins: those of the whole group.
    number: this host's slice. alone: whether the host declares the number for itself, so that no other host knows it.
    """

    cuts: tuple[tuple[Network, int], ...]
    group: str
    pins: Pins
    number: int
    alone: bool
    assignment: Assignment = field(compare=False, default_factory=lambda: Assignment(0))

    @property
    def slices(self) -> tuple[Network, ...]:
        return tuple(slice_of(outer, prefix, self.number) for outer, prefix in self.cuts)

    @property
    def terms(self) -> tuple:
        """What all hosts that share the range have to agree on."""
        return self.cuts, self.group, self.pins


def read(
    given: Mapping[str, Any], ranges: Sequence[Network], host: str, groups: Groups, key: str, problems: Problems
) -> Sharing | None:
    """What a network declares about slices; None where it declares nothing, or nothing valid.

    given: the network as declared. ranges: its container_range, parsed. host: the inventory name.
    """
    per_host = given.get("container_range_per_host")
    if per_host is None:
        for name in KEYS[1:]:
            if given.get(name) is not None:
                remedy = "set container_range_per_host, or leave this out"
                problems.add(f"{key}.{name}", given[name], "this is for ranges that are cut per host", remedy)
        return None
    before = len(problems)
    cuts = _cuts(per_host, ranges, f"{key}.container_range_per_host", problems)
    group = given.get("container_range_group") or ALL
    if not groups:
        problem = "which slice is this host's follows from its group, and there is no inventory here"
        problems.add(f"{key}.container_range_per_host", per_host, problem, "write container_range of this host alone")
    elif not isinstance(group, str) or group not in groups:
        remedy = "name the group of the inventory whose hosts share the range"
        problems.add(f"{key}.container_range_group", group, "the inventory has no such group", remedy)
    if len(problems) > before or not cuts:
        return None
    count = min(1 << (prefix - outer.prefixlen) for outer, prefix in cuts)
    pinned = _pins(given.get("container_slice"), count, f"{key}.container_slice", problems)
    if pinned is None:
        return None
    if isinstance(pinned, int):
        return Sharing(cuts, group, (), pinned, alone=True)
    assignment = groups.assignment(group, count, pinned)
    if host not in assignment.numbers:
        _homeless(host, assignment, cuts, group, key, problems)
        return None
    return Sharing(cuts, group, pinned, assignment.numbers[host], alone=False, assignment=assignment)


def _cuts(per_host: Any, ranges: Sequence[Network], key: str, problems: Problems) -> tuple[tuple[Network, int], ...]:
    """Each range that is cut, with the prefix length of its slices."""
    families = {outer.version for outer in ranges}
    if isinstance(per_host, Mapping):
        wanted = {str(name): value for name, value in per_host.items()}
    elif len(families) > 1:
        problems.add(key, per_host, "the ranges are of two families", "write one for each: {ipv4: 28, ipv6: 120}")
        return ()
    else:
        wanted = {f"ipv{version}": per_host for version in families}
    found = []
    for name, value in wanted.items():
        outers = [outer for outer in ranges if outer.version == FAMILIES.get(name)]
        length = _number(value)
        if name not in FAMILIES:
            problems.add(key, name, "there is no such family", f"use {' and '.join(FAMILIES)}")
        elif len(outers) != 1:
            problem = f"there are {len(outers)} ranges of this family to cut"
            problems.add(key, name, problem, "declare one container_range of the family, for the whole group")
        elif length is None or not outers[0].prefixlen <= length <= outers[0].max_prefixlen:
            problem = f"this is not the prefix length of a part of {outers[0]}"
            remedy = f"write a number from {outers[0].prefixlen} to {outers[0].max_prefixlen}"
            problems.add(key, value, problem, remedy)
        else:
            found.append((outers[0], length))
    if not ranges:
        problems.add(key, per_host, "there is no range to cut", "declare container_range for the whole group")
    return tuple(sorted(found, key=lambda cut: cut[0].version))


def _number(value: Any) -> int | None:
    if isinstance(value, str) and value.strip().isdecimal() and value.isascii() and len(value) < 20:
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _pins(given: Any, count: int, key: str, problems: Problems) -> Pins | int | None:
    """The pinned numbers: those of the group, or this host's own; None where they are invalid."""
    before = len(problems)
    listed = given if isinstance(given, Mapping) else {} if given in (None, "none") else {"": given}
    holders: dict[int, str] = {}
    for host, value in listed.items():
        number = _number(value)
        here = f"{key}.{host}" if host else key
        if number is None or not 0 <= number < count:
            remedy = f"write a number from 0 to {count - 1}, or a mapping from hosts to such numbers"
            problems.add(here, value, "this is not the number of a slice", remedy)
        elif number in holders:
            problems.add(here, value, f"{holders[number]} has the same slice", "give each host one of its own")
        else:
            holders[number] = str(host)
    if len(problems) > before:
        return None
    if "" in listed:
        return next(iter(holders))
    return tuple(sorted((host, number) for number, host in holders.items()))


def _homeless(
    host: str, assignment: Assignment, cuts: Sequence[tuple[Network, int]], group: str, key: str, problems: Problems
) -> None:
    ranges = ", ".join(str(outer) for outer, dummy in cuts)
    if host in assignment.homeless:
        sharers = len(assignment.numbers) + len(assignment.homeless)
        reserved = f", {assignment.reserved} of them reserved," if assignment.reserved else ""
        problem = f"this is exhausted: it has {assignment.count} slices{reserved} and group {group} {sharers} hosts"
        remedy = "widen the range, make the slices smaller, or name a smaller group in container_range_group"
        problems.add(f"{key}.container_range", ranges, problem, remedy)
    else:
        remedy = "name a group in container_range_group that this host is in"
        problems.add(f"{key}.container_range_group", group, "this host is not in this group", remedy)


class SharedRange(TypedDict):
    """Ranges that a group shares, in the form of fleet_plan, whose documentation says more."""

    ranges: list[str]
    per_host: list[int]
    group: str
    count: int
    free: int
    container_slice: dict[str, int]
    moving: list[str]


def overview(shares: Iterable[tuple[str, Sharing]]) -> list[SharedRange]:
    """All shared ranges, and the slice of each host. shares: host and what it has."""
    found: dict[tuple, list[tuple[str, Sharing]]] = {}
    for host, sharing in shares:
        found.setdefault(sharing.terms, []).append((host, sharing))
    return [_overview(same) for same in found.values()]


def _overview(same: list[tuple[str, Sharing]]) -> SharedRange:
    dummy, first = same[0]
    # hosts that declare their own number are not in the assignment of the others
    known = next((sharing.assignment for dummy, sharing in same if not sharing.alone), Assignment(0))
    count = min(1 << (prefix - outer.prefixlen) for outer, prefix in first.cuts)
    numbers = {**known.numbers, **{host: sharing.number for host, sharing in same}}
    return {
        "ranges": [str(outer) for outer, dummy in first.cuts],
        "per_host": [prefix for dummy, prefix in first.cuts],
        "group": first.group,
        "count": count,
        "free": count - len(set(numbers.values())) - known.reserved,
        "container_slice": numbers,
        "moving": [host for host in known.moving if host in numbers],
    }
