# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""duplicate_ip_in_fleet: two containers or hosts of the fleet have one address."""

from __future__ import annotations

from functools import partial

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case, bare
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.fleet import FleetLink
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import DECLARE
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict, machine

#: Others with one address that are named.
TWINS_MAX = 20


def judge(case: Case) -> CauseVerdict:
    twins = _twins(case)
    if not twins:
        hosts = len(case.fleet.hosts)
        return case.ruled_out(f"no two links of {hosts} hosts have the same address of this network")
    mine, other = min(twins, key=lambda pair: not (pair[0].up and pair[1].up))
    address = mine.address
    case.is_about(pair[0].address for pair in twins)
    broken = case.lost_of(
        [(link.namespace, link.name) for pair in twins for link in pair if link.host == case.host], case.addresses
    )
    case.explains(item["id"] for item in broken)
    evidence = [
        case.item("address", f"{link} has {address} with MAC address {link.mac}", link.name, link.namespace)
        for link in dict.fromkeys([mine, *(pair[1] for pair in twins if pair[0] == mine)])
    ]
    more = f" (and {len(twins) - 1} more)" if len(twins) > 1 else ""
    who = machine(other.mac, other.host, other.where)
    remedy = f"give {mine} or {other} another address"
    if other.host != case.host:
        remedy += (
            ", and each host a container_range of its own (container_range_per_host), as engines do not know which"
            " addresses other hosts assigned"
        )
        if not case.fleet.together(case.host, other.host):
            text = f"{mine} and {other} both have {address}{more}, or it moved between them during the collection"
            return case.suspected(text, evidence, culprit=who, remedy=remedy)
    added = [
        event
        for event in case.address_events("new", link=mine.name, namespace=mine.namespace)
        if bare(event["data"]["address"]) == address
    ]
    evidence += [*(case.event_item(event) for event in added[:1]), *case.loss_items(broken, 3)]
    return case.confirmed(
        f"{mine} and {other} both have {address}{more}",
        evidence,
        after=added[0]["after"] if added else case.first_loss(broken),
        culprit=who,
        remedy=remedy,
    )


def _twins(case: Case) -> list[tuple[FleetLink, FleetLink]]:
    """A link of this host and another with the same address, but not the host itself with its own container."""
    found = []
    for shared in case.fleet.shared_addresses.get((case.host, case.segment), ()):
        mine = shared.own[0]
        found += [(mine, link) for link in shared.others(partial(_apart, mine), TWINS_MAX)]
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
    explanation="Container engines assign addresses on each host independently, and do not probe the network. Two"
    " engines with the same range assign the same address twice. Neighbours then send to the one that answered their"
    " last ARP request.",
    remedy="give one of the two another address, and each host a range of its own (container_range_per_host)",
    signature="when the second container starts; then at random, as neighbour entries expire",
    proof="two links of the fleet on the same segment have the address",
    must="R D",
    by=DECLARE,
    needs=("after",),
    explains=("announcement_lost", "gateway_dead"),
    everywhere=True,
    judge=judge,
)
