# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The verdict on each address, from what was seen on the wire and in the kernel. Pure."""

from __future__ import annotations

from dataclasses import field, replace

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.claims import PROBE, is_virtual_router

#: The states of an address, worst first. No address is called free: only that no host was seen with it.
DUPLICATE = "duplicate"
IN_USE = "in_use"
VIRTUAL_ROUTER = "virtual_router"
OWN = "own"
UNKNOWN = "unknown"
FREE_AS_SEEN = "free_as_seen"
STATUSES = (DUPLICATE, IN_USE, VIRTUAL_ROUTER, OWN, UNKNOWN, FREE_AS_SEEN)
#: Not of an address: another machine has a MAC address of this host.
DUPLICATE_MAC = "duplicate_mac"

#: The address was claimed with another MAC address before, and now with this one: what arpwatch(8) calls a flip flop.
FLIP_FLOP = "flip_flop"
#: Read from the kernel instead: a link of this host has the address; or it may not use it, as the kernel's duplicate
#: address detection heard another host with it (RFC 4862, 5.4.5; IFA_F_DADFAILED).
CONFIGURED, DAD_FAILED = "configured", "dad_failed"
DAD_REASON = "the duplicate address detection of this host's kernel has failed for it"
#: The vantage of what was read and not seen.
INVENTORY = "inventory"

#: Whose a MAC address is. A router that does proxy ARP (RFC 1027) answers for addresses that it does not hold.
HOST, FLEET, ROUTER, PROXY, FOREIGN = "host", "fleet", "virtual_router", "proxy_arp", "foreign"


@dataclass(frozen=True)
class LinkPlace:
    """A link of this host. ``namespace`` is empty for the one that the probe runs in."""

    namespace: str
    link: str


@dataclass(frozen=True)
class OwnAddresses:
    """The addresses of this host, in all its namespaces, on the segment that is probed.

    passthru: the child in passthru mode, which tolerates no other, None where there is none.
    refused: addresses that the kernel's duplicate address detection keeps links from using.
    attached_macs: those of ``macs`` whose frames leave through the parent, its own among them.
    """

    macs: dict[str, LinkPlace] = field(default_factory=dict)
    addresses: dict[Address, tuple[tuple[str, LinkPlace], ...]] = field(default_factory=dict)
    passthru: LinkPlace | None = None
    refused: dict[Address, tuple[tuple[str, LinkPlace], ...]] = field(default_factory=dict)
    attached_macs: frozenset[str] = frozenset()

    def with_later(self, later: OwnAddresses) -> OwnAddresses:
        """This, and what was added later."""
        return OwnAddresses(
            {**later.macs, **self.macs},
            {**later.addresses, **self.addresses},
            self.passthru,
            {**later.refused, **self.refused},
            self.attached_macs | later.attached_macs,
        )


@dataclass(frozen=True)
class AddressSighting:
    """One MAC address seen with one address, in one kind of message, from one vantage.

    seconds and last: when first and when last, since the start of the run; count: how often.
    outgoing: the host itself sent it, so the MAC address is one of its own even if no namespace shows it.
    twin: it came in from the wire, so the sender is another, even though a link of this host has the same MAC address.
    answered_probe: it replied to a question of a sender without an address at least once.
    """

    address: Address
    mac: str
    vantage: str
    kind: str
    seconds: float
    count: int = 1
    outgoing: bool = False
    last: float = 0.0
    twin: bool = False
    answered_probe: bool = False

    def again(self, seconds: float, answered_probe: bool = False) -> AddressSighting:
        """The same, seen once more."""
        return replace(self, count=self.count + 1, last=seconds, answered_probe=self.answered_probe or answered_probe)


@dataclass(frozen=True)
class AddressHolder:
    """A sighting and whose it is: ``owner`` is HOST, FLEET, ROUTER, PROXY or FOREIGN."""

    sighting: AddressSighting
    owner: str
    place: LinkPlace | None = None

    @property
    def soft(self) -> bool:
        """Wants the address and does not have it yet."""
        return self.sighting.kind == PROBE

    @property
    def holds(self) -> bool:
        """Has the address, by this sighting."""
        return self.sighting.kind not in (PROBE, DAD_FAILED) and self.owner != PROXY


@dataclass(frozen=True)
class AddressVerdict:
    """conflict: ``hard`` where another host has the address, ``soft`` where it only probes for it, else empty."""

    address: Address
    status: str
    holders: tuple[AddressHolder, ...] = ()
    conflict: str = ""
    reason: str = ""


def owner_of(sighting: AddressSighting, inventory: OwnAddresses, fleet: frozenset[str]) -> str:
    """Whose the MAC address of a sighting is.

    A virtual one that waits on a link of this host, as on a VRRP backup, is the router's as long as the address is.
    """
    if sighting.twin:
        return FOREIGN
    configured = any(mac == sighting.mac for mac, dummy in inventory.addresses.get(sighting.address, ()))
    if is_virtual_router(sighting.mac) and not configured and not sighting.outgoing:
        return ROUTER
    if sighting.mac in inventory.macs or sighting.outgoing or configured:
        return HOST
    if sighting.mac in fleet:
        return FLEET
    return FOREIGN


def judge(
    address: Address,
    sightings: list[AddressSighting],
    inventory: OwnAddresses,
    fleet: frozenset[str],
    unseen: str = "",
    proxies: frozenset[str] = frozenset(),
    flood: str = "",
) -> AddressVerdict:
    """The verdict on one address.

    sightings: all of this address, from every vantage.
    fleet: MAC addresses that are known to belong to other hosts of the fleet.
    unseen: why silence says nothing, empty where at least one vantage could ask.
    proxies: MAC addresses that answer for this address and do not hold it.
    flood: why not all sightings are known, empty where they are. Then only a conflict is certain, as a holder that was
    left out may be another one.
    """
    # What one vantage saw the host send proves the MAC address to be the host's own for all of them.
    sent_here = {item.mac for item in sightings if item.outgoing}
    # A child cannot distinguish a sibling from a machine on the wire with its MAC address; the parent can.
    twins = {item.mac for item in sightings if item.twin} - sent_here
    twins -= {mac for mac, dummy in inventory.addresses.get(address, ())}
    holders = []
    for item in sightings:
        twin = item.twin or item.mac in twins
        owner = FOREIGN if twin else HOST if item.mac in sent_here else owner_of(item, inventory, fleet)
        if item.mac in proxies and owner != HOST:
            owner = PROXY
        place = None if twin else inventory.macs.get(item.mac)
        # Our own probes, and those of network managers on this host, are no claim of another host.
        if not (item.kind == PROBE and owner == HOST):
            holders.append(AddressHolder(item, owner, place))
    for kind, known in ((CONFIGURED, inventory.addresses), (DAD_FAILED, inventory.refused)):
        holders += [
            AddressHolder(AddressSighting(address, mac, INVENTORY, kind, 0.0), HOST, place)
            for mac, place in known.get(address, ())
        ]
    status = _status(holders, unseen)
    reason = unseen if status == UNKNOWN else ""
    conflict = "hard" if status in (DUPLICATE, IN_USE) else ""
    if status in (FREE_AS_SEEN, UNKNOWN) and address in inventory.refused:
        status, conflict, reason = IN_USE, "hard", DAD_REASON
    elif status in (FREE_AS_SEEN, UNKNOWN) and any(holder.soft and holder.owner == FOREIGN for holder in holders):
        status, conflict, reason = IN_USE, "soft", ""
    if flood and not conflict:
        status = UNKNOWN
    # of an address in use the reason says why the kernel refuses it, and nothing else
    said = [reason] if status == IN_USE else [reason, flood]
    return AddressVerdict(address, status, tuple(holders), conflict, "; ".join(filter(None, said)))


def _status(holders: list[AddressHolder], unseen: str) -> str:
    macs: dict[str, set[str]] = {HOST: set(), FLEET: set(), ROUTER: set(), FOREIGN: set()}
    for holder in holders:
        if holder.holds:
            macs[holder.owner].add(holder.sighting.mac)
    owners = sum(1 for owner in macs if macs[owner])
    # One host of the fleet may answer with two MAC addresses (parent and shim), as may a router that is virtual.
    if len(macs[FOREIGN]) > 1 or (macs[FOREIGN] and owners > 1) or (macs[HOST] and owners > 1) or _twice_here(holders):
        return DUPLICATE
    if macs[FOREIGN]:
        return IN_USE
    if macs[ROUTER]:
        return VIRTUAL_ROUTER
    if macs[HOST] or macs[FLEET]:
        return OWN
    return UNKNOWN if unseen else FREE_AS_SEEN


def _twice_here(holders: list[AddressHolder]) -> bool:
    """Whether two namespaces of this host have the address: no probe can show that, they cannot hear each other's."""
    kinds = (CONFIGURED, DAD_FAILED)
    return len({item.place.namespace for item in holders if item.sighting.kind in kinds and item.place}) > 1


def count(verdicts: list[AddressVerdict]) -> dict[str, int]:
    """How many addresses were probed and how many have each status."""
    return {
        "probed": len(verdicts),
        **{status: sum(1 for verdict in verdicts if verdict.status == status) for status in STATUSES},
    }
