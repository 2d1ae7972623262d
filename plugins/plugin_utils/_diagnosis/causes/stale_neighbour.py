# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""stale_neighbour: a neighbour sends to a MAC address that a container or host no longer has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from shlex import quote

from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.schema import NeighbourData
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.kinds import CONTAINER_TO_GATEWAY
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.timeline import TargetData
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case, bare, since
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import (
    ASK,
    BY_HAND,
    RemedyStep,
    command,
)
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
        return _of_gateway(case) or case.ruled_out(
            "every neighbour entry in use has the current MAC address of its machine"
        )
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
    when = f" (first lost at +{after:.1f} s)" if after else ""
    delete = f"{space.enter}ip neighbour delete {quote(entry['address'])} dev {quote(str(entry['link']))}"
    by_hand = entry["state"] == PERMANENT
    return case.confirmed(
        f"{who} sends packets for {entry['address']} to {entry['mac']}, which no machine has any more: {link} now has"
        f" {link.mac}{when}",
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


@dataclass(frozen=True)
class _Misdirected:
    """Answers of a gateway to a container that went to another MAC address. address: the container's."""

    target: TargetData
    address: str
    mac: str
    count: int


def _of_gateway(case: Case) -> CauseVerdict | None:
    """What a gateway has for a container, which only its answers show: to a MAC address that nobody has a switch sends
    them everywhere, to the parent as well."""
    found = [one for target in case.broken(CONTAINER_TO_GATEWAY) for one in _misdirected(case, target)]
    if not found:
        return None
    first, targets = found[0], [one.target for one in found]
    link = case.fleet.holding(case.segment, first.address)[0]
    gateway, after = first.target["target"], case.first_loss(targets)
    more = f" (and for {len(found) - 1} more)" if len(found) > 1 else ""
    remedy = "; ".join(
        f"ask whoever runs {one.target['target']} to delete the entry of {one.address} from its table of neighbours"
        f" (ip neighbour delete {one.address} dev INTERFACE), which has {one.mac}"
        for one in found
    )
    return case.confirmed(
        f"the gateway {gateway} sends what is for {first.address} to {first.mac}{more}, which no machine has:"
        f" {link} has {link.mac}{since(after)}",
        [
            *(
                case.item(
                    "answer",
                    f"{one.count} answers of {one.target['target']} for {one.address} came to {case.parent_name},"
                    f" addressed to {one.mac}",
                    case.parent_name,
                )
                for one in found[:3]
            ),
            case.item("address", f"{link} has {first.address} with MAC address {link.mac}"),
            *case.loss_items(targets),
        ],
        after=after,
        remedy=remedy,
        steps=[RemedyStep(ASK, remedy)],
    )


def _misdirected(case: Case, target: TargetData) -> Iterator[_Misdirected]:
    """Of one target. What an announcement has repaired is announcement_lost; two holders have causes of their own."""
    paths, inside = case.evidence.get("paths"), target["from"]["namespace"]
    path = next((item for item in paths["targets"] if item["target"] == target["id"]), None) if paths else None
    version = 6 if ":" in target["target"] else 4
    own = [
        item["address"]
        for item in case.after.containers
        if (item["namespace"], item["link"]) == (inside, target["from"]["link"])
        if (":" in item["address"]) == (version == 6)
    ]
    macs = path.get("misdirected", {}) if path else {}
    mac = max(macs, key=lambda one: macs[one], default="")
    if len(own) != 1 or not mac or 2 * macs[mac] < target["sent"] - target["received"]:
        return
    if (
        len(case.fleet.holding(case.segment, own[0])) != 1
        or mac in case.fleet.passed
        or _repaired(case, inside, own[0])
    ):
        return
    if mac not in _answering(case, own[0]):
        yield _Misdirected(target, own[0], mac, macs[mac])


def _repaired(case: Case, namespace: str, address: str) -> bool:
    made = case.experiments.result("announce")
    pairs = made["pairs"] if made else []
    return any(item["after"] for item in pairs if (item["namespace"], item["address"]) == (namespace, address))


def _answering(case: Case, address: str) -> set[str]:
    """The MAC addresses that answer probes for an address."""
    probed = case.experiments.result("holders")
    return {
        one["mac"]
        for result in (probed["results"] if probed else ())
        for one in result["holders"]
        if result["address"] == address
    }


def _outdated(case: Case, entry: NeighbourData) -> bool:
    """Whether an entry is used, its MAC address is on no link of the fleet, and no machine answers with it."""
    links, mac = case.fleet.holding(case.segment, entry["address"]), entry["mac"]
    if entry["state"] not in USED or not links or not mac or case.fleet.at(mac):
        return False
    return mac not in _answering(case, entry["address"])


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
    proof="a neighbour entry in use has a MAC address that no machine has, and another link has the address; or the"
    " gateway's answers to a container come to the parent for a MAC address that no machine has, also after the address"
    " was announced",
    must="P D",
    by=BY_HAND,
    needs=("watch", "after"),
    explains=("announcement_lost", "gateway_dead"),
    judge=judge,
)
