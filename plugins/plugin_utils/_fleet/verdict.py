# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares what all hosts of a fleet saw. Pure.

One host cannot distinguish its neighbour's link from a stranger's, and of a duplicate on two hosts each of them sees
one other holder at most. Here every MAC address that a link of the fleet has is known with its link.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address
from ansible_collections.linuxnet.macvlan.plugins.module_utils._conflicts.verdict import (
    CONFIGURED,
    DAD_FAILED,
    DUPLICATE,
    DUPLICATE_MAC,
    FLEET,
    HOST,
    IN_USE,
    PROXY,
    ROUTER,
    UNKNOWN,
    VIRTUAL_ROUTER,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.claims import PROBE, is_virtual_router
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.frames import NO_MAC

from .evidence import AddressEvidence, LinkLocation, Observation, wants

#: What a conflict is, beside the words of arp_conflict_check.
CLONED_MACHINE = "cloned_machine"

#: Which conflicts of a declared address or MAC address keep a host from being configured by default.
FATAL = (IN_USE, DUPLICATE, DUPLICATE_MAC, VIRTUAL_ROUTER)

#: The causes that a conflict proves, by their ids in the diagnosis.
DUPLICATE_IP, IP_IN_FLEET, MAC_IN_FLEET = "duplicate_ip", "duplicate_ip_in_fleet", "duplicate_mac_in_fleet"


@dataclass(frozen=True)
class FleetHolder:
    """Who has an address or a MAC address. place: None for a machine outside of the fleet.

    configured: when it was read from the kernel; None where it was not. seen: how it was observed.
    """

    mac: str
    place: LinkLocation | None = None
    configured: str | None = None
    seen: tuple[Observation, ...] = ()

    @property
    def soft(self) -> bool:
        """Whether it probes for the address and does not have it yet (RFC 5227, 2.1.1)."""
        return self.configured is None and all(item.kind == PROBE for item in self.seen)

    @property
    def who(self) -> object:
        """A namespace of a host, which may have several MACs, or a machine outside of the fleet."""
        return (self.place.host, self.place.namespace) if self.place else self.mac


@dataclass(frozen=True)
class Conflict:
    """One thing that is wrong between hosts. subject: the address, MAC address or hashed machine ID.

    cause: its id in the diagnosis, empty where that has none for it.
    wanted: (host, what it is declared as) of those for which the subject is declared. parent: of the first of them.
    """

    status: str
    cause: str
    subject: str
    holders: tuple[FleetHolder, ...] = ()
    wanted: tuple[tuple[str, str], ...] = ()
    segment: str = ""
    parent: str = ""
    reason: str = ""

    @property
    def title(self) -> str:
        """The cause in a few words."""
        if not self.cause:
            return ""
        # a fleet without conflicts, which is most of them, does not wait for all causes to be compiled
        from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.registry import BY_ID

        return BY_ID[self.cause].title

    @property
    def hosts(self) -> list[str]:
        """All hosts of the fleet that take part in it."""
        held = [holder.place.host for holder in self.holders if holder.place]
        return list(dict.fromkeys([*(host for host, dummy in self.wanted), *held]))


@dataclass
class FleetVerdict:
    """The result. macs: every MAC address of the fleet with its links. addresses: likewise, by segment and address."""

    conflicts: list[Conflict] = field(default_factory=list)
    macs: dict[str, list[LinkLocation]] = field(default_factory=dict)
    addresses: dict[tuple[str, Address], list[FleetHolder]] = field(default_factory=dict)


def judge(hosts: Sequence[AddressEvidence]) -> FleetVerdict:
    """The verdict on everything that was observed. Not quadratic in the number of hosts."""
    by_name = {host.host: host for host in hosts}
    verdict = FleetVerdict(macs=_macs(hosts))
    declared = _Declared(hosts)
    for segment, address, holder in _held(hosts):
        verdict.addresses.setdefault((segment, address), []).append(holder)
    for segment, address, holder in _heard(hosts, verdict, by_name):
        verdict.addresses.setdefault((segment, address), []).append(holder)
    parents = {(host.segment(item.address), item.address): item.parent for host in hosts for item in host.asked}
    for (segment, address), found in verdict.addresses.items():
        merged = _merge(found)
        verdict.addresses[segment, address] = merged
        wanted = declared.of(segment, address)
        conflict = _address(address, merged, wanted)
        if conflict is not None:
            parent = parents.get((segment, address), "")
            verdict.conflicts.append(replace(conflict, segment=segment, parent=parent))
    known = {(one.segment, one.subject) for one in verdict.conflicts}
    verdict.conflicts += _refused(hosts, known)
    verdict.conflicts += _routers(hosts, known)
    verdict.conflicts += _unknown(hosts)
    verdict.conflicts += _same_macs(hosts)
    verdict.conflicts += _same_machines(hosts)
    return verdict


def _macs(hosts: Sequence[AddressEvidence]) -> dict[str, list[LinkLocation]]:
    """The links with a MAC address: as read from the kernel, or as declared for hosts that gave no evidence.

    What a host declares and does not have belongs to nobody: a machine that has it may be a copy of that host.
    """
    found: dict[str, dict[LinkLocation, None]] = {}
    for host in hosts:
        for held in host.held:
            if held.mac and held.mac != NO_MAC:
                found.setdefault(held.mac, {})[held.place] = None
        if host.absence:
            for mac, link in host.declared_macs:
                found.setdefault(mac, {})[LinkLocation(host.host, "", link, declared=True)] = None
    return {mac: list(places) for mac, places in found.items()}


class _Declared:
    """The hosts that declare an address: single ones by value, ranges (disjoint in a valid plan) by bisection."""

    def __init__(self, hosts: Sequence[AddressEvidence]) -> None:
        self.single: dict[tuple[str, Address], dict[str, str]] = {}
        ranges: dict[str, list[tuple[int, int, int, str, str]]] = {}
        for host in hosts:
            for network, what in host.wanted:
                segment = host.segment(network.network_address)
                if network.num_addresses == 1:
                    self.single.setdefault((segment, network.network_address), {})[host.host] = what
                else:
                    item = (network.version, int(network[0]), int(network[-1]), host.host, what)
                    ranges.setdefault(segment, []).append(item)
        self.ranges = {segment: sorted(items) for segment, items in ranges.items()}

    def of(self, segment: str, address: Address) -> tuple[tuple[str, str], ...]:
        found = dict(self.single.get((segment, address), {}))
        items = self.ranges.get(segment, [])
        number = bisect_right(items, (address.version, int(address), 1 << 129, "", "")) - 1
        if number >= 0 and items[number][0] == address.version and int(address) <= items[number][2]:
            found.setdefault(items[number][3], items[number][4])
        return tuple(found.items())


def _held(hosts: Sequence[AddressEvidence]) -> Iterator[tuple[str, Address, FleetHolder]]:
    for host in hosts:
        for held in host.held:
            if held.address is not None:
                yield host.segment(held.address), held.address, FleetHolder(held.mac, held.place, held.at)


def _heard(
    hosts: Sequence[AddressEvidence], verdict: FleetVerdict, by_name: dict[str, AddressEvidence]
) -> Iterator[tuple[str, Address, FleetHolder]]:
    """What was received, each with the link of the fleet that sent it."""
    for host in hosts:
        for seen in host.seen:
            # the addresses of a host itself were read from its kernel
            if seen.address is None or seen.kind in (CONFIGURED, DAD_FAILED) or seen.owner in (ROUTER, PROXY):
                continue
            place = seen.place if seen.owner == HOST else _whose(seen, seen.address, verdict, by_name)
            if place is not None or seen.owner not in (HOST, FLEET):
                yield host.segment(seen.address), seen.address, FleetHolder(seen.mac, place, None, (seen,))


def _whose(
    seen: Observation, address: Address, verdict: FleetVerdict, by_name: dict[str, AddressEvidence]
) -> LinkLocation | None:
    """The link of another host; of several with the MAC address one whose host declares or has the address."""
    places = [place for place in verdict.macs.get(seen.mac, []) if place.host != seen.by]

    def unlikely(place: LinkLocation) -> bool:
        host = by_name[place.host]
        return not (wants(host, address) or any(held.address == address for held in host.held))

    return min(places, key=unlikely, default=None)


def _merge(holders: Iterable[FleetHolder]) -> list[FleetHolder]:
    """One for each MAC address and place, with all ways in which it was seen."""
    found: dict[tuple[str, LinkLocation | None], FleetHolder] = {}
    for holder in holders:
        key = (holder.mac, holder.place)
        known = found.get(key, holder)
        configured = holder.configured if known.configured is None else known.configured
        seen = holder.seen if known is holder else (*known.seen, *holder.seen)
        found[key] = replace(known, configured=configured, seen=seen)
    return list(found.values())


def _address(address: Address, holders: list[FleetHolder], wanted: tuple[tuple[str, str], ...]) -> Conflict | None:
    """The conflict about one address, None where there is none."""
    hard = [holder for holder in holders if not holder.soft]
    who = {holder.who for holder in hard}
    inside = {holder.place.host for holder in hard if holder.place}
    foreign = [holder for holder in hard if not holder.place]
    if not wanted and (not inside or len(who) < 2):
        return None
    entitled = {host for host, dummy in wanted}
    others = [holder for holder in hard if holder.place is None or holder.place.host not in entitled]
    cause = DUPLICATE_IP if foreign or len(inside) < 2 else IP_IN_FLEET
    if len(inside) + len({holder.mac for holder in foreign}) > 1 or _twice(hard):
        return Conflict(DUPLICATE, cause, str(address), tuple(hard), wanted)
    if others:
        cause = DUPLICATE_IP if foreign else IP_IN_FLEET
        return Conflict(IN_USE, cause, str(address), tuple(others), wanted)
    soft = [holder for holder in holders if holder.soft and (holder.place is None or holder.place.host not in entitled)]
    if not hard and soft:
        cause = DUPLICATE_IP if any(not holder.place for holder in soft) else IP_IN_FLEET
        return Conflict(IN_USE, cause, str(address), tuple(soft), wanted, reason="it only asks for it yet")
    return None


def _twice(holders: list[FleetHolder]) -> bool:
    """Whether two namespaces of one host have the address; what was only received may be one link under two names."""
    return len({holder.who for holder in holders if holder.configured is not None}) > 1


def _refused(hosts: Sequence[AddressEvidence], known: set[tuple[str, str]]) -> Iterator[Conflict]:
    """Addresses that duplicate address detection refused (RFC 4862, 5.4), where no other holder was observed."""
    for host in hosts:
        for item in host.asked:
            segment, subject = host.segment(item.address), str(item.address)
            if item.status == IN_USE and item.reason and (segment, subject) not in known:
                wanted = ((host.host, wants(host, item.address)),)
                yield Conflict(IN_USE, DUPLICATE_IP, subject, (), wanted, segment, item.parent, item.reason)


def _routers(hosts: Sequence[AddressEvidence], known: set[tuple[str, str]]) -> Iterator[Conflict]:
    """Addresses that virtual routers answer for.

    A gateway is never probed: a plan in which it is a host's address, or in a range, is invalid.
    """
    for host in hosts:
        for item in host.asked:
            segment, subject = host.segment(item.address), str(item.address)
            if item.status not in (VIRTUAL_ROUTER, DUPLICATE) or (segment, subject) in known:
                continue
            seen = [one for one in host.seen if one.address == item.address and one.owner == ROUTER]
            if item.status == DUPLICATE:
                # With ARP flux the host's own link with a virtual MAC address answers as well.
                seen = [one for one in seen if one.place is None]
            holders = _merge(FleetHolder(one.mac, None, None, (one,)) for one in seen)
            if holders:
                wanted = ((host.host, wants(host, item.address)),)
                yield Conflict(VIRTUAL_ROUTER, "", subject, tuple(holders), wanted, segment, item.parent)


def _unknown(hosts: Sequence[AddressEvidence]) -> Iterator[Conflict]:
    """Addresses that could not be probed: a conflict where interfaces_conflict_fail_on says so."""
    for host in hosts:
        reasons: dict[tuple[str, str], list[Address]] = {}
        for item in host.asked:
            if item.status == UNKNOWN:
                reasons.setdefault((item.parent, item.reason), []).append(item.address)
        for (parent, reason), addresses in reasons.items():
            more = f" and {len(addresses) - 1} more" if len(addresses) > 1 else ""
            wanted = ((host.host, wants(host, addresses[0])),)
            subject = f"{addresses[0]}{more}"
            yield Conflict(UNKNOWN, "", subject, (), wanted, host.segment(addresses[0]), parent, reason)


def _same_macs(hosts: Sequence[AddressEvidence]) -> Iterator[Conflict]:
    """MAC addresses that two hosts of one segment have, or that one has and the other declares."""
    found: dict[str, dict[str, tuple[AddressEvidence, FleetHolder]]] = {}
    wanted: dict[str, dict[str, str]] = {}
    for host in hosts:
        for held in host.held:
            if held.mac and held.mac != NO_MAC and not is_virtual_router(held.mac):
                found.setdefault(held.mac, {}).setdefault(host.host, (host, FleetHolder(held.mac, held.place, held.at)))
        for mac, link in host.declared_macs:
            place = LinkLocation(host.host, "", link, declared=True)
            found.setdefault(mac, {}).setdefault(host.host, (host, FleetHolder(mac, place)))
            wanted.setdefault(mac, {})[host.host] = link
    twins = {seen.mac: seen for host in hosts for seen in host.twins}
    for mac, holders in found.items():
        declared = tuple((host, link) for host, link in wanted.get(mac, {}).items())
        meeting = _meeting(list(holders.values())) if len(holders) > 1 else []
        # fleet_plan reports two declarations
        if meeting and any(holder.configured is not None for holder in meeting):
            yield Conflict(DUPLICATE_MAC, MAC_IN_FLEET, mac, tuple(meeting), declared)
        elif mac in twins:
            stranger = FleetHolder(mac, seen=(twins[mac],))
            own = [holder for host, holder in holders.values() if host.host == twins[mac].by]
            yield Conflict(DUPLICATE_MAC, "", mac, (*own, stranger), declared)


def _meeting(holders: list[tuple[AddressEvidence, FleetHolder]]) -> list[FleetHolder]:
    """The holders that share a segment with another one."""
    counts: dict[str, int] = {}
    for host, dummy in holders:
        for segment in host.segments:
            counts[segment] = counts.get(segment, 0) + 1
    return [holder for host, holder in holders if any(counts[segment] > 1 for segment in host.segments)]


def _same_machines(hosts: Sequence[AddressEvidence]) -> Iterator[Conflict]:
    found: dict[str, list[str]] = {}
    for host in hosts:
        if host.machine_id:
            found.setdefault(host.machine_id, []).append(host.host)
    for machine_id, names in found.items():
        if len(names) > 1:
            yield Conflict(CLONED_MACHINE, "", machine_id, wanted=tuple((name, "/etc/machine-id") for name in names))


def unseen(hosts: Sequence[AddressEvidence]) -> dict[str, list[str]]:
    """The blind spots of the verdict: reason -> hosts."""
    found: dict[str, list[str]] = {}
    for host in hosts:
        for reason in (*([host.absence] if host.absence else []), *host.blind):
            found.setdefault(reason, []).append(host.host)
    return found
