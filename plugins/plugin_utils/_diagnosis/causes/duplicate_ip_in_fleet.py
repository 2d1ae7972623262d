# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""duplicate_ip_in_fleet: two containers or hosts of the fleet have one address."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case, bare
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.fleet import FleetLink
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict, holder


def judge(case: Case) -> CauseVerdict:
    twins = _twins(case)
    if not twins:
        seen = f"no address of this network is in two places of {len(case.fleet.hosts)} hosts"
        return case.ruled_out(seen)
    mine, other = min(twins, key=lambda pair: not (pair[0].up and pair[1].up))
    address = mine.address
    evidence = [
        case.item("address", f"{place} has {address} with MAC address {place.mac}", place.link, place.namespace)
        for place in dict.fromkeys([mine, *(pair[1] for pair in twins if pair[0] == mine)])
    ]
    more = f" (and {len(twins) - 1} more)" if len(twins) > 1 else ""
    where = f"{other.link}{' in namespace ' + other.namespace if other.namespace else ''}"
    who = holder(other.mac, other.host, place=where)
    remedy = f"give {mine} or {other} another address"
    if other.host != case.host:
        remedy += ", and each host a container_range of its own (container_range_per_host), as engines do not know what"
        remedy += " other hosts gave away"
        if not case.fleet.together(case.host, other.host):
            text = f"{mine} and {other} both have {address}{more}, or it moved from the one to the other meanwhile"
            return case.suspected(text, evidence, culprit=who, remedy=remedy)
    added = [
        event
        for event in case.events("address", "new", link=mine.link, namespace=mine.namespace)
        if bare((event.get("data") or {}).get("address", "")) == address
    ]
    broken = case.broken()
    evidence += [*(case.event_item(event) for event in added[:1]), *case.loss_items(broken, 3)]
    return case.confirmed(
        f"{mine} and {other} both have {address}{more}",
        evidence,
        after=added[0]["after"] if added else case.first_loss(broken),
        culprit=who,
        remedy=remedy,
    )


def _twins(case: Case) -> list[tuple[FleetLink, FleetLink]]:
    """A place of this host and another with the same address, but not the host itself with its own container."""
    found = []
    for (segment, dummy), places in case.fleet.addresses.items():
        if segment != case.segment:
            continue
        mine = [place for place in places if place.host == case.host]
        found += [(mine[0], place) for place in places if mine and _apart(mine[0], place)]
    return found


def _apart(one: FleetLink, other: FleetLink) -> bool:
    """On two hosts, or in two containers of one."""
    if one.host != other.host:
        return True
    return bool(one.namespace and other.namespace and one.namespace != other.namespace)


CAUSE = Cause(
    id="duplicate_ip_in_fleet",
    rank=160,
    title="two containers or hosts of this inventory have one address",
    explanation="Container engines give addresses away for each host on its own, and do not ask the network. Two that"
    " have the same range give the same address twice. Neighbours then send to whichever answered their last ARP"
    " request.",
    remedy="give one of the two another address, and each host a range of its own (container_range_per_host)",
    signature="when the second container starts; then at random, as neighbour entries expire",
    proof="the address on two links of the fleet on the same segment",
    must="R D",
    needs=("after",),
    explains=("announcement_lost",),
    judge=judge,
)
