# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""duplicate_ip: a machine outside the inventory answers for an address of this network."""

from __future__ import annotations

from collections import Counter

from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.experiments.results import HoldersResult
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.lost import broken
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.timeline import FrameEvent, TargetData
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.claims import is_virtual_router
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import ASK
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import (
    CauseVerdict,
    EvidenceItem,
    machine,
)

#: States and owners as arp_conflict_check names them.
FOREIGN, TAKEN = "foreign", ("duplicate", "in_use")
#: Claims of a gateway's address that each of several machines makes at least, and over how many seconds all of them do:
#: one that takes over from another does not.
CLAIMS, TOGETHER = 3, 1.5
#: Seconds after the first one from which on another one is the later one; so many machines are named.
BEGAN, RIVALS_MAX = 0.3, 4


def judge(case: Case) -> CauseVerdict:
    probed = case.experiments.result("holders")
    seen = {(address, mac): items for address, mac, items in (*_probed(case, probed), *_heard(case, probed))}
    strangers = {key: items for key, items in seen.items() if key[1] not in case.fleet.passed}
    if not strangers and (rivals := _rivals(case)):
        return _two_gateways(case, rivals)
    if not strangers:
        if probed is None:
            return case.not_tested(case.experiments.why_not("holders"))
        asked = ", ".join(item["vantage"] for item in probed["vantages"] if item["asked"])
        return case.ruled_out(f"nobody else answered for the {len(probed['results'])} addresses, probed from {asked}")
    (address, mac), items = next(iter(strangers.items()))
    owners = case.fleet.holding(case.segment, address)
    mine = f", which {owners[0]} has" if owners else ""
    others = f" (and {len(strangers) - 1} more)" if len(strangers) > 1 else ""
    evidence = [*items, *(item for key, more in strangers.items() if key != (address, mac) for item in more)]
    evidence += [case.item("holder", f"{link} has {address} with MAC {link.mac}") for link in owners]
    lost = _lost(case, [key[0] for key in strangers])
    return case.confirmed(
        f"{mac} on the LAN, a machine outside this inventory, answers for {address}{mine}{others}",
        [*evidence, *case.loss_items(lost)],
        after=case.first_loss(lost),
        culprit=machine(mac),
        remedy=f"remove {address} from {mac}, or give the container or host another address in macvlan_networks",
    )


def _lost(case: Case, addresses: list[str]) -> list[TargetData]:
    """What is lost of links that have one of the addresses, and of whoever asks for one: with a gateway's also what was
    requested behind it."""
    case.is_about(addresses)
    links = [(link.namespace, link.name) for item in addresses for link in case.fleet.holding(case.segment, item)
             if link.host == case.host]  # fmt: skip
    lost = {item["id"]: item for item in case.lost_of(links, addresses)}
    if not set(addresses).isdisjoint(map(str, case.network.gateways)):
        lost.update((item["id"], item) for item in broken(case.requested()) if not case.inside(item["target"]))
    return list(lost.values())


def _two_gateways(case: Case, rivals: list[FrameEvent]) -> CauseVerdict:
    """rivals: the first claim of each machine, the earliest first."""
    address, after = rivals[0]["data"]["address"], rivals[-1]["after"]
    macs = [item["data"]["mac"] for item in rivals]
    later = after - rivals[0]["after"] > BEGAN
    return case.confirmed(
        f"{len(rivals)} machines answer for the gateway {address} at the same time, {' and '.join(macs)}"
        + (f"; {macs[-1]} was heard from +{after:.1f} s on" if later else ""),
        [*map(case.event_item, rivals), *case.loss_items(_lost(case, [address]))],
        after=after if later else None,
        culprit=machine(macs[-1]) if later else None,
        remedy=f"ask the network team which of {' and '.join(macs)} is the gateway, and take {address} from the other"
        " one",
    )


def _rivals(case: Case) -> list[FrameEvent]:
    """Where several machines outside the fleet claim a gateway's address at the same time: the first claim of each.

    One that claims addresses of the fleet as well is a router with proxy ARP; the MAC addresses of virtual routers are
    shared on purpose, and one that takes over ends the claims of the other.
    """
    claims: dict[str, dict[str, list[FrameEvent]]] = {}
    for event in (*case.frame_events("arp", "seen"), *case.frame_events("nd", "seen")):
        data = event["data"]
        if data["what"] != "probe" and data["incoming"] and not is_virtual_router(data["mac"]):
            claims.setdefault(data["mac"], {}).setdefault(data["address"], []).append(event)
    routers = [
        of
        for mac, of in claims.items()
        if mac not in case.fleet.passed and not any(case.fleet.holding(case.segment, address) for address in of)
    ]
    for gateway in map(str, case.network.gateways):
        heard = [of[gateway] for of in routers if gateway in of]
        often = [events for events in heard if sum(item["data"]["count"] for item in events) >= CLAIMS]
        ends = [max(item["data"]["last"] for item in events) for events in often]
        first = sorted((events[0] for events in often), key=lambda item: item["after"])
        if len(often) > 1 and min(ends) - first[-1]["after"] >= TOGETHER:
            return first[:RIVALS_MAX]
    return []


def _probed(case: Case, probed: HoldersResult | None) -> list[tuple[str, str, list[EvidenceItem]]]:
    """Foreign answers to probes; a proxy does not answer those (their sender has no address)."""
    found = []
    for result in probed["results"] if probed else ():
        if result["status"] not in TAKEN or result["conflict"] == "soft":
            continue
        for one in result["holders"]:
            if one["owner"] == FOREIGN:
                text = f"{one['mac']} answers for {result['address']} ({one['kind']}, probed from {one['vantage']})"
                found.append(
                    (result["address"], one["mac"], [EvidenceItem("probe", text, case.host, one["first_seen"])])
                )
    return found


def _heard(case: Case, probed: HoldersResult | None) -> list[tuple[str, str, list[EvidenceItem]]]:
    """Foreign claims of addresses that the fleet has, made while the fleet made them too.

    A machine that claims several and answers no probe for them is a router with proxy ARP.
    """
    claims: dict[str, list[FrameEvent]] = {}
    for event in (*case.frame_events("arp", "seen"), *case.frame_events("nd", "seen")):
        if event["data"]["what"] != "probe" and case.fleet.holding(case.segment, event["data"]["address"]):
            claims.setdefault(event["data"]["address"], []).append(event)
    found = []
    for address, events in claims.items():
        ours = [event for event in events if event["data"]["mac"] in case.fleet.passed]
        for event in events:
            mac = event["data"]["mac"]
            foreign = event["data"]["incoming"] and mac not in case.fleet.passed and not is_virtual_router(mac)
            if foreign and any(_at_once(event, other) for other in ours):
                found.append((address, mac, [case.event_item(event)]))
    silent = {(address, mac) for address, mac, dummy in found} - _answering(probed)
    claimed = Counter(mac for dummy, mac in silent)
    return [item for item in found if item[:2] not in silent or claimed[item[1]] == 1 or probed is None]


def _answering(probed: HoldersResult | None) -> set[tuple[str, str]]:
    """Who answered probes for which address."""
    results = probed["results"] if probed else []
    return {(result["address"], one["mac"]) for result in results for one in result["holders"]}


def _at_once(one: FrameEvent, other: FrameEvent) -> bool:
    """Whether two claims overlap in time, so that one did not replace the other."""
    return one["after"] <= other["data"]["last"] and other["after"] <= one["data"]["last"]


CAUSE = Cause(
    id="duplicate_ip",
    rank=20,
    title="two machines have one address",
    explanation="Every neighbour uses the MAC address of the ARP reply that it accepted, until its entry expires."
    " Traffic for the address goes to one machine and then to the other, so connections work for some neighbours and"
    " for some seconds, and break for others.",
    remedy="give one of the two another address",
    signature="at random; changes when neighbour entries expire (29 to 38 s on Linux)",
    proof="a MAC address that no link of the fleet has answers probes for an address of the network",
    must="R D",
    by=ASK,
    needs=("after",),
    explains=("announcement_lost", "gateway_dead"),
    everywhere=True,
    judge=judge,
)
