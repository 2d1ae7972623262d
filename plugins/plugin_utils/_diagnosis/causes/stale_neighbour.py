# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""stale_neighbour: a neighbour sends to a MAC address that a container or host no longer has."""

from __future__ import annotations

from shlex import quote

from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.schema import NeighbourData
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.timeline import TargetData
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case, bare
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import BY_HAND, command
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.snapshot import NamespaceView
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict, machine

#: States in which the kernel uses the entry's MAC address (NUD_VALID, include/net/neighbour.h); PERMANENT: static.
PERMANENT = "PERMANENT"
USED = ("REACHABLE", "STALE", "DELAY", "PROBE", PERMANENT)

#: Seconds for which a machine has to have its MAC address before losses are due to it: a few rounds of probes.
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
        return case.ruled_out("every neighbour entry in use has the current MAC address of its machine")
    space, entry, dummy_targets = hurt[0]
    # One machine may be missed at several addresses, and several machines may be.
    targets = list({target["id"]: target for dummy_space, dummy_entry, lost in hurt for target in lost}.values())
    link = case.fleet.holding(case.segment, entry["address"])[0]
    who = f"the container in {space.label} on {case.host}" if space.label else case.host
    evidence = [
        case.item(
            "neighbour", f"{item['address']} is {item['mac']} ({item['state']})", item["link"], one.label
        )
        for one, item, dummy in hurt[:3]
    ]  # fmt: skip
    evidence.append(case.item("address", f"{link} has {entry['address']} with MAC address {link.mac}"))
    gone = [case.event_item(event) for event in case.link_events("delete", namespace=None)
            if event["data"]["mac"] == entry["mac"]]  # fmt: skip
    after = case.first_loss(targets)
    since = f" (first lost at +{after:.1f} s)" if after else ""
    delete = f"{space.enter}ip neighbour delete {quote(entry['address'])} dev {quote(str(entry['link']))}"
    by_hand = entry["state"] == PERMANENT
    return case.confirmed(
        f"{who} sends packets for {entry['address']} to {entry['mac']}, which no machine has any more: {link} now has"
        f" {link.mac}{since}",
        [*evidence, *gone[:1], *case.loss_items(targets, 3)],
        after=after,
        culprit=machine(link.mac, link.host, place=f"{link.name} in {link.namespace or 'the host'}"),
        remedy=delete
        if by_hand
        else f"arping -U -c 3 -I {quote(link.name)} {quote(entry['address'])} on the machine with that address, or"
        f" {delete}; keep the MAC address of a container that is created again (docker run --mac-address), or set"
        " arp_notify",
        steps=[command(delete)],
    )


def _outdated(case: Case, entry: NeighbourData) -> bool:
    """Whether an entry is used, its MAC address is on no link of the fleet, and no machine answers with it."""
    links, mac = case.fleet.holding(case.segment, entry["address"]), entry["mac"]
    if entry["state"] not in USED or not links or not mac or case.fleet.at(mac):
        return False
    probed = case.experiments.result("holders")
    answering = {
        one["mac"]
        for result in (probed["results"] if probed else ())
        for one in result["holders"]
        if result["address"] == entry["address"]
    }
    return mac not in answering


def _settled(case: Case, entry: NeighbourData) -> bool:
    """Whether the machine had its MAC address long enough to be probed: earlier losses have another reason."""
    link = case.fleet.holding(case.segment, entry["address"])[0]
    before = case.fleet.hosts[link.host]["before"]
    if before and any(item["mac"] == link.mac for namespace in before["namespaces"] for item in namespace["links"]):
        return True
    latest = [
        event["after"]
        for event in case.address_events("new", link=link.name, namespace=link.namespace)
        if bare(event["data"]["address"]) == entry["address"]
    ]
    return link.host == case.host and bool(latest) and case.watch["duration"] - latest[-1] >= SETTLED


def _link_is_missing(case: Case, space: NamespaceView, entry: NeighbourData) -> bool:
    """Whether a container asks for its own host, which has no link of the network: no MAC address would help."""
    links = case.fleet.holding(case.segment, entry["address"])
    own = any(link.host == case.host and not link.namespace for link in links)
    return bool(space.label) and own and case.after.shim is None


def _broken(case: Case, space: NamespaceView, address: str) -> list[TargetData]:
    """What is broken because packets to an address go to the wrong machine: requests to it, and replies."""
    ours = [item for item in case.broken() if item["from"]["namespace"] == space.label and item["target"] == address]
    there = {item["namespace"] for item in case.after.containers if item["address"] == address}
    return ours + [item for item in case.broken() if not space.label and item["from"]["namespace"] in there and ours]


CAUSE = Cause(
    id="stale_neighbour",
    rank=360,
    title="a neighbour still uses the old MAC address",
    explanation="A container or link that is created again gets another MAC address and keeps its IP address."
    " Neighbours keep sending to the old one until they revalidate their entry: on Linux after up to 45 seconds, on"
    " routers after minutes or hours. Only an announcement (gratuitous ARP) updates them immediately.",
    remedy="announce the address (arping -U), keep the MAC address when the container is created again, or set"
    " arp_notify",
    signature="when it is created again; heals after 30 to 45 s on Linux, after up to 4 hours on routers",
    proof="a neighbour entry in use has a MAC address that no machine has, and another link has the address",
    must="P D",
    by=BY_HAND,
    needs=("watch", "after"),
    explains=("announcement_lost", "gateway_dead"),
    judge=judge,
)
