# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""duplicate_ip: a machine outside of the fleet answers for an address of this network."""

from __future__ import annotations

from collections import Counter
from typing import Any

from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.claims import is_virtual_router
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import (
    CauseVerdict,
    EvidenceItem,
    holder,
)

#: States and owners as arp_conflict_check names them.
FOREIGN, TAKEN = "foreign", ("duplicate", "in_use")


def judge(case: Case) -> CauseVerdict:
    probed = case.experiment("holders")
    seen = {(address, mac): items for address, mac, items in (*_probed(case, probed), *_heard(case, probed))}
    strangers = {key: items for key, items in seen.items() if key[1] not in case.fleet.passed}
    if not strangers:
        if probed is None:
            return case.not_tested(case.why_no_experiment("holders"))
        asked = ", ".join(item["vantage"] for item in probed["vantages"] if item["asked"])
        return case.ruled_out(f"nobody else answered for the {len(probed['results'])} addresses, asked from {asked}")
    (address, mac), items = next(iter(strangers.items()))
    owners = case.fleet.holding(case.segment, address)
    mine = f", which {owners[0]} has" if owners else ""
    others = f" (and {len(strangers) - 1} more)" if len(strangers) > 1 else ""
    evidence = [*items, *(item for key, more in strangers.items() if key != (address, mac) for item in more)]
    evidence += [case.item("holder", f"{place} has {address} with MAC {place.mac}") for place in owners]
    return case.confirmed(
        f"{mac} on the LAN, a machine outside of this inventory, answers for {address}{mine}{others}",
        evidence,
        after=case.first_loss(),
        culprit=holder(mac),
        remedy=f"take {address} away from {mac}, or give the container or host another address in macvlan_networks",
    )


def _probed(case: Case, probed: dict[str, Any] | None) -> list[tuple[str, str, list[EvidenceItem]]]:
    """Foreign answers to probes; a proxy does not answer those (their sender has no address)."""
    found = []
    for result in (probed or {}).get("results", []):
        if result["status"] not in TAKEN or result["conflict"] == "soft":
            continue
        for one in result["holders"]:
            if one["owner"] == FOREIGN:
                text = f"{one['mac']} answers for {result['address']} ({one['kind']}, asked from {one['vantage']})"
                found.append(
                    (result["address"], one["mac"], [EvidenceItem("probe", text, case.host, one["first_seen"])])
                )
    return found


def _heard(case: Case, probed: dict[str, Any] | None) -> list[tuple[str, str, list[EvidenceItem]]]:
    """Foreign claims of addresses that the fleet has, made while the fleet made them too.

    Who claims several and answers no probe for them is a router with proxy ARP.
    """
    claims: dict[str, list[dict[str, Any]]] = {}
    for event in (*case.events("arp", "seen"), *case.events("nd", "seen")):
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


def _answering(probed: dict[str, Any] | None) -> set[tuple[str, str]]:
    """Who answered probes for which address."""
    return {
        (result["address"], one["mac"]) for result in (probed or {}).get("results", []) for one in result["holders"]
    }


def _at_once(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two claims were made in turns, and not one after the other was given up."""
    return bool(one["after"] <= other["data"]["last"] and other["after"] <= one["data"]["last"])


CAUSE = Cause(
    id="duplicate_ip",
    rank=20,
    title="two machines have one address",
    explanation="Every neighbour binds the address to the machine whose ARP answer it took, and changes its mind when"
    " its entry expires. The traffic of the address goes to one machine and then to the other, so connections work for"
    " some neighbours and some seconds and break for others.",
    remedy="give one of the two another address",
    signature="at random; flips when neighbour entries expire (29 to 38 s on Linux)",
    proof="probes for an address of the network are answered by a MAC address that no link of the fleet has",
    must="R D",
    needs=("after",),
    explains=("announcement_lost",),
    judge=judge,
)
