# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""stale_neighbour: a neighbour sends to the MAC address that a container or host had before."""

from __future__ import annotations

from typing import Any

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case, NamespaceView, bare
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict, holder

#: States in which the kernel sends to the entry's MAC address (NUD_VALID, include/net/neighbour.h), and by hand.
PERMANENT = "PERMANENT"
USED = ("REACHABLE", "STALE", "DELAY", "PROBE", PERMANENT)

#: Seconds for which a machine has to have its MAC address before what is lost is lost by it: some rounds of questions.
SETTLED = 1.0


def judge(case: Case) -> CauseVerdict:
    outdated = [
        (space, entry)
        for space in case.after.namespaces
        for entry in space.neighbours()
        if _outdated(case, entry) and _settled(case, entry) and not _link_is_missing(case, space, entry)
    ]
    hurt = [
        (space, entry, targets)
        for space, entry in outdated
        for targets in [_broken(case, space, entry["address"])]
        if targets
    ]
    if not hurt:
        return case.ruled_out("no neighbour entry that is used has a MAC address that its machine has no more")
    space, entry, targets = hurt[0]
    place = case.fleet.holding(case.segment, entry["address"])[0]
    who = f"the container in {space.label} on {case.host}" if space.label else case.host
    evidence = [
        case.item(
            "neighbour", f"{item['address']} is {item['mac']} ({item['state']})", item["link"], one.label
        )
        for one, item, dummy in hurt[:3]
    ]  # fmt: skip
    evidence.append(case.item("address", f"{place} has {entry['address']} with MAC address {place.mac}"))
    gone = [case.event_item(event) for event in case.events("link", "delete", namespace=None)
            if (event.get("data") or {}).get("mac") == entry["mac"]]  # fmt: skip
    after = case.first_loss(targets)
    since = f" (first lost at +{after:.1f} s)" if after else ""
    by_hand = entry["state"] == PERMANENT
    return case.confirmed(
        f"{who} sends what is for {entry['address']} to {entry['mac']}, which nobody has any more: {place} now has"
        f" {place.mac}{since}",
        [*evidence, *gone[:1], *case.loss_items(targets, 3)],
        after=after,
        culprit=holder(place.mac, place.host, place=f"{place.link} in {place.namespace or 'the host'}"),
        remedy=f"ip neighbour delete {entry['address']} dev {entry['link']}"
        if by_hand
        else f"arping -U -c 3 -I {place.link} {entry['address']} there, where {entry['address']} is; keep the MAC"
        " address of a container that is made again (docker run --mac-address), or set arp_notify",
    )


def _outdated(case: Case, entry: dict[str, Any]) -> bool:
    """Whether an entry is used, and its MAC address is on no link of the fleet, and nobody answers with it."""
    places = case.fleet.holding(case.segment, entry["address"])
    if entry["state"] not in USED or not places or case.fleet.at(entry["mac"]):
        return False
    answering = {
        one["mac"]
        for result in (case.experiment("holders") or {}).get("results", [])
        for one in result["holders"]
        if result["address"] == entry["address"]
    }
    return entry["mac"] not in answering


def _settled(case: Case, entry: dict[str, Any]) -> bool:
    """Whether the machine had its MAC address long enough to be asked: what was lost before was lost without it."""
    place = case.fleet.holding(case.segment, entry["address"])[0]
    before = case.fleet.hosts[place.host].get("before") or {"namespaces": []}
    if any(link["mac"] == place.mac for space in before["namespaces"] for link in space["links"]):
        return True
    latest = [
        event["after"]
        for event in case.events("address", "new", link=place.link, namespace=place.namespace)
        if bare(event["data"]["address"]) == entry["address"]
    ]
    return place.host == case.host and bool(latest) and case.timeline["duration"] - latest[-1] >= SETTLED


def _link_is_missing(case: Case, space: NamespaceView, entry: dict[str, Any]) -> bool:
    """Whether a container asks for its own host, which has no link of the network: no other MAC address would do."""
    places = case.fleet.holding(case.segment, entry["address"])
    own = any(place.host == case.host and not place.namespace for place in places)
    return bool(space.label) and own and case.after.shim is None


def _broken(case: Case, space: NamespaceView, address: str) -> list[dict[str, Any]]:
    """What is broken because answers or questions to an address go astray: from it to here, and from here to it."""
    ours = [item for item in case.broken() if item["from"]["namespace"] == space.label and item["target"] == address]
    there = {item["namespace"] for item in case.after.containers if item["address"] == address}
    return ours + [item for item in case.broken() if not space.label and item["from"]["namespace"] in there and ours]


CAUSE = Cause(
    id="stale_neighbour",
    rank=360,
    title="a neighbour still uses the MAC address of before",
    explanation="A container or link that is made again gets another MAC address, and keeps its IP address. Neighbours"
    " go on sending to the old one until they doubt it: Linux after up to 45 seconds, routers after minutes or hours."
    " Only an announcement (gratuitous ARP) tells them at once.",
    remedy="announce the address (arping -U), keep the MAC address when the container is made again, or set arp_notify",
    signature="at once when it is made again; heals after 30 to 45 s on Linux, after up to 4 hours on routers",
    proof="a neighbour entry that is used has a MAC address that nobody has, and another link has the address",
    must="P D",
    needs=("watch", "after"),
    explains=("announcement_lost",),
    judge=judge,
)
