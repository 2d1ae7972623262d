# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ipv6_dad_failed: an IPv6 address was found to be in use when it was added, so the kernel does not use it."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case, NamespaceView, bare, since
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import (
    CauseVerdict,
    EvidenceItem,
    holder,
)


def judge(case: Case) -> CauseVerdict:
    failed = _failed(case)
    if not failed:
        return case.ruled_out("no IPv6 address of the network's links failed duplicate address detection")
    space, item = failed[0]
    address, name = bare(item["address"]), item["link"]
    evidence = [
        case.item("address", f"{found['address']} has the flag dadfailed", found["link"], place.label)
        for place, found in failed[:5]
    ]
    changes = [
        event for event in case.events("address", None, name, space.label) if _is_about(event, address, "dadfailed")
    ]
    evidence += [case.event_item(event) for event in changes[:2]]
    after = changes[0]["after"] if changes else None
    others = _others(case, space, name, address)
    evidence += [found for dummy, found in others[:5]]
    if _in_fleet_twice(case, address):
        return case.ruled_out(f"{address} failed it, as it is in two places of the inventory", evidence)
    stranger = _stranger(case, address)
    if stranger:
        return case.ruled_out(f"{address} failed it, as {stranger} outside of this inventory has it", evidence)
    where = f"{name} of {case.host}" + (f" in namespace {space.label}" if space.label else "")
    delete = f"ip {f'-n {space.label} ' if space.label else ''}address"
    again = f"{delete} delete {item['address']} dev {name}, then {delete} add {item['address']} dev {name}"
    who, remedy, whose = "", f"{again}; see who answers for it with arp_conflict_check", None
    if others:
        mac, found = others[0]
        who = f": {found.where} has it too"
        whose = holder(mac, found.where.split(":")[0], place=found.where.partition(": ")[2])
        remedy = f"remove the address, or the namespace that was left over, from {found.where}; then {again}"
    elif space.setting(name, "enhanced_dad") == 0 and space.setting("all", "enhanced_dad") == 0:
        who = ", and nobody else of this fleet has it: without enhanced_dad a network that sends packets back looks"
        who += " the same"
        remedy = f"sysctl net.ipv6.conf.{name}.enhanced_dad=1; then {again}"
    return case.confirmed(
        f"{address} on {where} failed duplicate address detection{since(after)}{who}",
        evidence,
        after=after,
        culprit=whose,
        remedy=remedy,
    )


def _failed(case: Case) -> list[tuple[NamespaceView, dict[str, Any]]]:
    """Addresses of the network's links, in its subnets or link-local, that the kernel does not use."""
    places = [("", name) for name in (case.parent_name, case.network.link) if name]
    scope = case.after.scope
    places += [(item["namespace"], item["link"]) for item in (*scope["containers"], *scope["strays"])]
    found = []
    for label, name in dict.fromkeys(places):
        space = case.after.namespace(label)
        for item in space.addresses(name) if space else ():
            local = ipaddress.ip_interface(item["address"]).ip.is_link_local
            if item["dadfailed"] and space and (local or case.inside(item["address"])):
                found.append((space, item))
    return found


def _others(case: Case, space: NamespaceView, name: str, address: str) -> list[tuple[str, EvidenceItem]]:
    """Links of the fleet, on the same network, that hold an address and use it: MAC address and what was seen."""
    found = []
    for host, evidence in sorted(case.fleet.hosts.items()):
        snapshot = evidence.get("after") or {}
        for other in (NamespaceView(data) for data in snapshot.get("namespaces", [])):
            for item in other.addresses():
                same = (host, other.label, item["link"]) == (case.host, space.label, name)
                if same or item["dadfailed"] or bare(item["address"]) != address:
                    continue
                link = other.link(item["link"]) or {}
                where = ": ".join(filter(None, [host, "/".join(filter(None, [other.label, item["link"]]))]))
                text = f"{item['link']} with MAC {link.get('mac')} has {item['address']}"
                found.append((str(link.get("mac")), EvidenceItem("holder", text, where, str(snapshot.get("at", "")))))
    return found


def _in_fleet_twice(case: Case, address: str) -> bool:
    """Whether two containers or hosts have a declared address at the same time: that is duplicate_ip_in_fleet."""
    places = case.fleet.holding(case.segment, address)
    return len(places) > 1 and all(case.fleet.together(case.host, place.host) for place in places)


def _stranger(case: Case, address: str) -> str:
    """Another machine that answered for an address: that is duplicate_ip. Empty where none did."""
    results = (case.experiment("holders") or {}).get("results", [])
    macs = [one["mac"] for item in results if item["address"] == address for one in item["holders"]]
    return next((mac for mac in macs if not case.fleet.at(mac)), "")


def _is_about(event: Mapping[str, Any], address: str, flag: str) -> bool:
    data = event.get("data") or {}
    return bare(data.get("address", "")) == address and bool(data.get(flag))


CAUSE = Cause(
    id="ipv6_dad_failed",
    rank=310,
    title="duplicate address detection failed for an IPv6 address",
    explanation="Before it uses an IPv6 address the kernel asks whether somebody else has it (RFC 4862, 5.4). Where an"
    " answer comes, from another machine, from a container that was left over, or from a network that sends the host's"
    " own question back, the address stays on the link with the flag dadfailed and is never used.",
    remedy="remove the other holder of the address, and add the address again: the kernel does not try again by itself",
    signature="1 to 2 s after the link came up or the address was added",
    proof="the flag IFA_F_DADFAILED of an address of the network's links",
    must="D",
    needs=("after",),
    judge=judge,
)
