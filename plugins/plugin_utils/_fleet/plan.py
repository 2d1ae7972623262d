# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all hosts of an inventory declare: read host by host, then compared. Pure.

Addresses are compared within a layer 2 segment: all networks without a ``segment`` of their own share one, as do
``macvlan_links``, and each ``segment`` that is named is a further one. MAC addresses are compared over all of them.
Nothing here is quadratic in the number of hosts: equal values meet in dictionaries, ranges in one sorted sweep.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address, Network, parse_address
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problem, Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.declaration import Intent, expand
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.link_parser import parse
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.links import DesiredLinks
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.network import UNNAMED, MacvlanNetwork
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.slices import (
    Groups,
    SharedRange,
    Sharing,
    overview,
)

#: How many further hosts a message names before it counts the rest.
NAMED_HOSTS = 3


@dataclass(frozen=True)
class HostDeclaration:
    """What the inventory says about one host. ``address`` is ansible_host, None where it is not set.

    groups: those of the inventory, one object for all hosts.
    """

    host: str
    networks: list
    links: list
    address: str | None = None
    groups: Groups | None = None


@dataclass(frozen=True)
class HostPlan:
    """The intended state of one host."""

    declaration: HostDeclaration
    intent: Intent
    desired: DesiredLinks

    @property
    def host(self) -> str:
        return self.declaration.host


@dataclass(frozen=True)
class Claim:
    """An address, a network or a MAC address that one host declares: where it stands, and what it is for.

    terms: what the hosts that share a range have to agree on, None for what is not shared.
    """

    host: str
    key: str
    what: str
    value: Any
    terms: object = None


@dataclass
class SegmentClaims:
    """All claims that meet on one LAN."""

    addresses: list[Claim] = field(default_factory=list)
    gateways: list[Claim] = field(default_factory=list)
    ranges: list[Claim] = field(default_factory=list)
    slices: list[Claim] = field(default_factory=list)
    subnets: list[Claim] = field(default_factory=list)
    reached: list[Claim] = field(default_factory=list)
    excluded: set[Address] = field(default_factory=set)


@dataclass
class FleetPlan:
    """The result. ``problems`` concern hosts of this run, ``elsewhere`` only hosts that it leaves out."""

    problems: Problems = field(default_factory=Problems)
    elsewhere: Problems = field(default_factory=Problems)
    warnings: list[str] = field(default_factory=list)
    hosts: list[HostPlan] = field(default_factory=list)

    def slices(self) -> list[SharedRange]:
        """The ranges that groups share, and the slice of each host."""
        return overview((host.host, sharing) for host in self.hosts for sharing in host.intent.sharing.values())


def read(declaration: HostDeclaration, problems: Problems) -> HostPlan:
    """One host's declaration; faults become problems under the keys that the operator wrote."""
    intent = expand(declaration.networks, declaration.links, problems, declaration.host, declaration.groups)
    found = Problems(problems.host)
    desired = parse(list(intent.links), declaration.host, found)
    known = {item.key for item in problems.items}
    problems.items += [item for item in found.items if item.key not in known]
    return HostPlan(declaration, intent, desired)


def plan(declarations: Iterable[HostDeclaration], selected: AbstractSet[str]) -> FleetPlan:
    """Read and compare all declarations. selected: the hosts of this run, which are compared with the others too."""
    result = FleetPlan()
    for declaration in declarations:
        problems = Problems(declaration.host)
        result.hosts.append(read(declaration, problems))
        (result.problems if declaration.host in selected else result.elsewhere).extend(problems)
    for found, hosts in _between(result):
        (result.problems if hosts & selected else result.elsewhere).items.append(found)
    return result


def _between(result: FleetPlan) -> Iterator[tuple[Problem, set[str]]]:
    """Each conflict between hosts once, with its hosts."""
    segments = _segments(result.hosts)
    for name, segment in segments.items():
        where = f" (segment {name})" if name else ""
        yield from _same_addresses(segment, where)
        ranges = _Ranges(segment.ranges)
        yield from ranges.overlaps(where)
        yield from _same_slices(segment, where)
        yield from _inside_ranges(segment, ranges, where)
        yield from _held_by_gateway(segment, where)
        yield from _reached(segment, ranges)
        yield from _subnets(segment, where)
        result.warnings.extend(_gateways(segment))
    yield from _same_macs(result.hosts)


def _segments(hosts: list[HostPlan]) -> dict[str, SegmentClaims]:
    segments: dict[str, SegmentClaims] = {}
    for host in hosts:
        homes = segment_homes(host.intent)
        for network in host.intent.networks:
            segment = segments.setdefault(network.segment_name, SegmentClaims())
            _claim_network(segment, host.host, network, host.intent.sharing.get(network.key))
        for link in host.desired.present:
            if link.key.startswith("macvlan_links"):
                for interface in link.addresses or ():
                    claim = Claim(host.host, f"{link.key}.addresses", "the address of a link", interface.ip)
                    segments.setdefault(home(interface.ip, homes), SegmentClaims()).addresses.append(claim)
        # ansible_host may have the zone id of the controller's link.
        address = parse_address((host.declaration.address or "").partition("%")[0])
        if address is not None and not address.is_loopback:
            claim = Claim(host.host, "ansible_host", "the address by which Ansible reaches it", address)
            segments.setdefault(home(address, homes), SegmentClaims()).reached.append(claim)
    return segments


def segment_homes(intent: Intent) -> list[tuple[Network, str]]:
    """The subnets of a host, each with its segment."""
    return [(subnet, network.segment_name) for network in intent.networks for subnet in network.subnets]


def home(address: Address, homes: Iterable[tuple[Network, str]]) -> str:
    """The segment of an address that names none: that of the host's own network that it lies in."""
    return next((name for subnet, name in homes if address.version == subnet.version and address in subnet), UNNAMED)


def _claim_network(segment: SegmentClaims, host: str, network: MacvlanNetwork, shared: Sharing | None) -> None:
    def claims(name: str, what: str, values: Iterable[object]) -> list[Claim]:
        return [Claim(host, f"{network.key}.{name}", what, value) for value in values]

    segment.addresses += claims("host_address", "the host's address", network.host_addresses)
    segment.addresses += claims("containers", "a container's address", network.containers)
    segment.gateways += claims("gateway", "the gateway", network.gateways)
    slices = shared.slices if shared is not None else ()
    segment.slices += claims("container_slice", "a slice", slices)
    segment.ranges += claims("container_range", "a container range", [it for it in network.ranges if it not in slices])
    if shared is not None:
        # the whole range: the next host takes a slice that is free now
        outers = claims("container_range", "a shared container range", [outer for outer, dummy in shared.cuts])
        segment.ranges += [replace(outer, terms=shared.terms) for outer in outers]
    segment.excluded.update(network.excluded)
    segment.subnets += claims("subnet", "a subnet", network.subnets)


def _conflict(claim: Claim, problem: str, remedy: str, others: Iterable[Claim] = ()) -> tuple[Problem, set[str]]:
    found = Problem(claim.key, str(claim.value), problem, remedy, claim.host)
    return found, {claim.host, *(other.host for other in others)}


def _others(claims: list[Claim], key: str) -> str:
    """``h2, h3 (macvlan_links[0].addresses) and 96 more``: with the key where it is another one than `key`."""
    named = [claim.host if claim.key == key else f"{claim.host} ({claim.key})" for claim in claims[:NAMED_HOSTS]]
    rest = len(claims) - NAMED_HOSTS
    return ", ".join(named) + (f" and {rest} more" if rest > 0 else "")


def _by_value(claims: Iterable[Claim]) -> dict[Any, list[Claim]]:
    result: dict[Any, list[Claim]] = {}
    for claim in claims:
        result.setdefault(claim.value, []).append(claim)
    return result


def _other_hosts(claims: list[Claim]) -> list[Claim]:
    """The claims of other hosts than the first one's, one per host."""
    return list({claim.host: claim for claim in claims if claim.host != claims[0].host}.values())


def _same_addresses(segment: SegmentClaims, where: str) -> Iterator[tuple[Problem, set[str]]]:
    for claims in _by_value(segment.addresses).values():
        others = _other_hosts(claims)
        if others:
            what = f"this is declared by {_others(others, claims[0].key)} too{where}"
            yield _conflict(claims[0], what, "give each host and container an address of its own", others)
        elif len({claim.what for claim in claims}) > 1:
            what = f"this is {claims[0].what} and, under {claims[-1].key}, {claims[-1].what}"
            yield _conflict(claims[0], what, "change one of the two")


_SHARED_REMEDY = (
    "declare container_range, container_range_per_host, container_range_group and the mapping container_slice once, "
    "for the whole group"
)


def _same_slices(segment: SegmentClaims, where: str) -> Iterator[tuple[Problem, set[str]]]:
    """Slices with the same terms are disjoint, but a host that sets its own number does not know those of others."""
    for claims in _by_value(segment.slices).values():
        others = _other_hosts(claims)
        if others:
            what = f"{_others(others, claims[0].key)} has this slice too{where}"
            remedy = "let container_slice be a mapping that is the same for the whole group, or give each host a number"
            yield _conflict(claims[0], what, remedy, others)


class _Ranges:
    """The container ranges of one segment, sorted by address."""

    def __init__(self, claims: list[Claim]) -> None:
        self.equal = _by_value(claims)
        #: one claim per distinct range, in the order of addresses, the wider range first
        self.claims = sorted((held[0] for held in self.equal.values()), key=_position)
        self.starts = [_start(claim) for claim in self.claims]
        #: for each range the one among it and its predecessors that reaches furthest
        self.furthest: list[Claim] = []
        for claim in self.claims:
            last = self.furthest[-1] if self.furthest else None
            self.furthest.append(last if last is not None and _end(last) >= _end(claim) else claim)

    def overlaps(self, where: str) -> Iterator[tuple[Problem, set[str]]]:
        remedy = "give each host a range of its own: its engine hands out addresses without asking the other hosts"
        for claims in self.equal.values():
            others = [other for other in _other_hosts(claims) if other.terms is None or other.terms != claims[0].terms]
            if others and claims[0].terms is not None and all(other.terms is not None for other in others):
                what = f"{_others(others, claims[0].key)} cut this in another way{where}"
                yield _conflict(claims[0], what, _SHARED_REMEDY, others)
            elif others:
                what = f"this is declared by {_others(others, claims[0].key)} too{where}"
                yield _conflict(claims[0], what, remedy, others)
        for before, claim in zip(self.furthest, self.claims[1:], strict=False):
            if _start(claim) <= _end(before) and before.host != claim.host:
                what = f"this overlaps {before.value} of {before.host} ({before.key}){where}"
                yield _conflict(claim, what, remedy, [before])

    def around(self, address: Address) -> Claim | None:
        """The range that an address lies in, None where it lies in none."""
        position = (address.version, int(address))
        number = bisect_right(self.starts, position)
        holder = self.furthest[number - 1] if number else None
        return holder if holder is not None and position <= _end(holder) else None


def _start(claim: Claim) -> tuple[int, int]:
    return claim.value.version, int(claim.value.network_address)


def _end(claim: Claim) -> tuple[int, int]:
    return claim.value.version, int(claim.value.broadcast_address)


def _position(claim: Claim) -> tuple[int, int, int]:
    return (*_start(claim), -_end(claim)[1])


def _inside_ranges(segment: SegmentClaims, ranges: _Ranges, where: str) -> Iterator[tuple[Problem, set[str]]]:
    """Addresses and gateways inside another host's range; the host's own range is checked when it is read."""
    gateways = [claims[0] for claims in _by_value(segment.gateways).values()]
    for claim in (*segment.addresses, *gateways):
        if claim.value in segment.excluded:
            continue
        holder = ranges.around(claim.value)
        if holder is not None and claim.host not in {other.host for other in ranges.equal[holder.value]}:
            what = f"this is inside the container range {holder.value} of {holder.host} ({holder.key}){where}"
            yield _conflict(claim, what, "move one of the two: an engine would hand this address out", [holder])


def _held_by_gateway(segment: SegmentClaims, where: str) -> Iterator[tuple[Problem, set[str]]]:
    gateways = _by_value(segment.gateways)
    for claim in segment.addresses:
        held = gateways.get(claim.value, [])
        if held and claim.host not in {other.host for other in held}:
            what = f"this is the gateway of {_others(held, held[0].key)}{where}"
            yield _conflict(claim, what, "choose another address", held)


def _reached(segment: SegmentClaims, ranges: _Ranges) -> Iterator[tuple[Problem, set[str]]]:
    """An address by which Ansible reaches a host is in use by that host."""
    declared = _by_value(segment.addresses)
    for claim in segment.reached:
        for taken in declared.get(claim.value, []):
            # Ansible may reach the host over a link of macvlan_links
            if taken.host != claim.host or not taken.key.startswith("macvlan_links"):
                what = f"this is taken: Ansible reaches {claim.host} by it (ansible_host)"
                yield _conflict(taken, what, "choose an address that no host has yet", [claim])
        holder = ranges.around(claim.value)
        if holder is not None and claim.value not in segment.excluded:
            what = f"this contains {claim.value}, by which Ansible reaches {claim.host} (ansible_host)"
            yield _conflict(holder, what, "choose a range without hosts: its engine hands out all of it", [claim])


def _subnets(segment: SegmentClaims, where: str) -> Iterator[tuple[Problem, set[str]]]:
    """One LAN has one prefix length, or hosts disagree on which addresses are on-link."""
    distinct = sorted((claims[0] for claims in _by_value(segment.subnets).values()), key=_position)
    furthest: Claim | None = None
    for claim in distinct:
        if furthest is not None and _start(claim) <= _end(furthest):
            what = f"{furthest.host} ({furthest.key}) has {furthest.value}, which overlaps and is not the same{where}"
            remedy = "write the same subnet on both; where these are different LANs, give each network a segment"
            yield _conflict(claim, what, remedy, [furthest])
        else:
            furthest = claim


def _gateways(segment: SegmentClaims) -> list[str]:
    """Several gateways on one subnet may be intended: a warning."""
    result = []
    gateways = _by_value(segment.gateways)
    for subnet in _by_value(segment.subnets):
        inside = [held for value, held in gateways.items() if value.version == subnet.version and value in subnet]
        if len(inside) > 1:
            listed = "; ".join(f"{held[0].value}: {_others(held, held[0].key)}" for held in inside)
            result.append(f"subnet {subnet} has {len(inside)} gateways: {listed}")
    return result


def _same_macs(hosts: list[HostPlan]) -> Iterator[tuple[Problem, set[str]]]:
    claims = [
        Claim(host.host, f"{link.key}.mac", f"the MAC address of {link.name}", link.mac)
        for host in hosts
        for link in host.desired.present
        if link.mac
    ]
    for same in _by_value(claims).values():
        others = _other_hosts(same)
        if others:
            what = f"this is declared by {_others(others, same[0].key)} too"
            yield _conflict(same[0], what, "leave mac out: each link then gets a stable one of its own", others)
