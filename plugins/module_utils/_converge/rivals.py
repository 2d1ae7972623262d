# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Other links of the host in the subnet of a declared one: a second uplink, or a sibling with the whole subnet.

Each of them adds a connected route to the subnet, and the kernel sends everything over one: with equal metrics over the
one that came first, so a cable that is plugged in again turns it around. Reads only.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterable, Iterator

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address, Interface, Network
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.links import DesiredLink
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.facts import Facts, Link
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.names import RTA_OIF
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.rtnetlink import Rtnetlink


@dataclass(frozen=True)
class _OtherLink:
    """name, interface: of the other link. metrics: of the connected routes of parent and other.

    parent_uses, other_uses: the link by which the kernel answers for the address of each, empty where there is none.
    """

    name: str
    interface: Interface
    metrics: tuple[int, int]
    parent_uses: str
    other_uses: str


@dataclass(frozen=True)
class Rival:
    """A link, its parent's subnet, and what another link has there."""

    link: DesiredLink
    subnet: Network
    claim: _OtherLink

    @property
    def harmless(self) -> bool:
        """Each answers by itself (policy routing), or the parent always wins."""
        parent, claim = self.link.lower.name, self.claim
        apart = (claim.parent_uses, claim.other_uses) == (parent, claim.name)
        return apart or (claim.parent_uses == parent and claim.metrics[0] < claim.metrics[1])


def find(present: Iterable[DesiredLink], removed: Iterable[str], facts: Facts) -> list[Rival]:
    """Errors: OSError."""
    present = list(present)
    ours = {link.name for link in present} | set(removed)
    # A thousand links share a parent: what is in its subnets is looked for once.
    known: dict[tuple[int, Interface], list[_OtherLink]] = {}
    found = []
    for link in present:
        for own in _in_subnet(link, facts):
            key = link.lower.index, own
            if key not in known:
                known[key] = list(_claims(link.lower, own, ours, facts))
            found += [Rival(link, own.network, claim) for claim in known[key]]
    return found


def check(rivals: Iterable[Rival], problems: Problems) -> None:
    """Add a problem for each that can take the traffic of a parent."""
    for rival in rivals:
        if rival.harmless:
            continue
        parent, claim = rival.link.lower.name, rival.claim
        what = f"{claim.name} of this host has {claim.interface}, in the subnet {rival.subnet} of the parent"
        if claim.parent_uses == parent:
            what += ", with a route of no higher metric: the one that comes up first takes all packets"
        else:
            used = claim.parent_uses or "no link"
            what += f", and the kernel sends what {parent} has to answer out of {used}"
        remedy = (
            f"remove {claim.interface} from {claim.name}, give it a host prefix (/{claim.interface.max_prefixlen}) or a"
            f" route with a higher metric, or a routing table of its own (ip rule from {claim.interface.ip})"
        )
        problems.add(f"{rival.link.key}.parent", rival.link.parent, what, remedy)


def _in_subnet(link: DesiredLink, facts: Facts) -> Iterator[Interface]:
    """The parent's addresses whose subnet the link has to do with."""
    touched = [*(item.ip for item in link.addresses or ()), *(route.destination[0] for route in link.routes or ())]
    for item in facts.addresses_of(link.lower):
        network = item.interface.network
        connected = network.prefixlen < network.max_prefixlen and not item.interface.is_link_local
        if connected and any(address.version == network.version and address in network for address in touched):
            yield item.interface


def _claims(parent: Link, own: Interface, ours: set[str], facts: Facts) -> Iterator[_OtherLink]:
    """own: an address of the parent. ours: names of links that are not others."""
    target = None
    for item in facts.addresses:
        holder = facts.by_index(item.index)
        interface = item.interface
        if holder is None or holder.index == parent.index or holder.name in ours or not holder.up:
            continue
        if interface.version != own.version or interface.network.prefixlen == interface.max_prefixlen:
            continue
        if interface.network.overlaps(own.network):
            target = target or _unused(own.network, facts)
            metrics = _metric(parent, own.network, facts), _metric(holder, interface.network, facts)
            yield _OtherLink(holder.name, interface, metrics, _device(target, own.ip), _device(target, interface.ip))


def _metric(link: Link, network: Network, facts: Facts) -> int:
    """Of the connected route; the kernel's own is 0 for IPv4."""
    return min((route.metric for route in facts.routes_of(link) if route.destination == network), default=0)


def _unused(network: Network, facts: Facts) -> Address:
    """An address of the subnet that is not the host's own."""
    own = {item.interface.ip for item in facts.addresses}
    free = (network[number] for number in range(1, network.num_addresses) if network[number] not in own)
    return next(free, network[0])


def _device(target: Address, source: Address) -> str:
    with Rtnetlink() as netlink:
        try:
            index = netlink.route_to(target, source).number(RTA_OIF) or 0
        except OSError as error:
            if error.errno in (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EINVAL, errno.EACCES):
                return ""
            raise
    try:
        return socket.if_indextoname(index)
    except OSError:
        return ""
