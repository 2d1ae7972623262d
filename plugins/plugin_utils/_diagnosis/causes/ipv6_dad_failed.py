# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ipv6_dad_failed: duplicate address detection failed for an IPv6 address, so the kernel does not use it."""

from __future__ import annotations

from shlex import quote

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import ip_of
from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.schema import AddressData
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case, bare, since
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import (
    ASK,
    BY_HAND,
    RemedyStep,
    command,
)
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.snapshot import NamespaceView
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import (
    CauseVerdict,
    EvidenceItem,
    machine,
)


def judge(case: Case) -> CauseVerdict:
    failed = _failed(case)
    if not failed:
        return case.ruled_out("no IPv6 address of the network's links failed duplicate address detection")
    space, item = failed[0]
    address, name = bare(item["address"]), item["link"] or ""
    evidence = [
        case.item("address", f"{one['address']} has the flag dadfailed", one["link"], inside.label)
        for inside, one in failed[:5]
    ]
    changes = [
        event
        for event in case.address_events(None, name, space.label)
        if bare(event["data"]["address"]) == address and event["data"]["dadfailed"]
    ]
    evidence += [case.event_item(event) for event in changes[:2]]
    after = changes[0]["after"] if changes else None
    others = _others(case, space, name, address)
    evidence += [found for dummy, found in others[:5]]
    if _in_fleet_twice(case, address):
        return case.ruled_out(f"{address} failed it, as two containers or hosts of the inventory have it", evidence)
    stranger = _stranger(case, address)
    if stranger:
        return case.ruled_out(f"{address} failed it, as {stranger} outside this inventory has it", evidence)
    where = f"{name} of {case.host}" + (f" in namespace {space.label}" if space.label else "")
    change = f"{space.enter}ip address"
    which = f"{quote(item['address'])} dev {quote(name)}"
    steps = [command(f"{change} delete {which}"), command(f"{change} add {which}")]
    again = f"{steps[0].text}, then {steps[1].text}"
    who, whose = "", None
    if others:
        mac, found = others[0]
        who = f": {found.where} has it too"
        whose = machine(mac, found.where.split(":")[0], place=found.where.partition(": ")[2])
        first = f"remove the address, or the leftover namespace, from {found.where}"
        remedy = f"{first}; then {again}"
        steps = [RemedyStep(BY_HAND, first), *steps]
    elif space.setting(name, "enhanced_dad") == 0 and space.setting("all", "enhanced_dad") == 0:
        who = (
            ", and no other link of this fleet has it: without enhanced_dad a network that loops packets back has the"
            " same effect"
        )
        setting = f"{space.enter}sysctl -w {quote(f'net.ipv6.conf.{name}.enhanced_dad=1')}"
        remedy = f"{setting}; then {again}"
        steps = [command(setting), *steps]
    else:
        first = f"find out with arp_conflict_check who answers for {address}, and have it removed there"
        remedy = f"{first}; then {again}"
        steps = [RemedyStep(ASK, first), *steps]
    return case.confirmed(
        f"{address} on {where} failed duplicate address detection{since(after)}{who}",
        evidence,
        after=after,
        culprit=whose,
        remedy=remedy,
        steps=steps,
    )


def _failed(case: Case) -> list[tuple[NamespaceView, AddressData]]:
    """Addresses of the network's links, in its subnets or link-local, that the kernel does not use."""
    places = [("", name) for name in (case.parent_name, case.network.link) if name]
    places += [(item["namespace"], item["link"]) for item in case.after.found]
    found = []
    for label, name in dict.fromkeys(places):
        space = case.after.namespace(label)
        for item in space.addresses(name) if space else ():
            local = ip_of(item["address"]).is_link_local
            if item["dadfailed"] and space and (local or case.inside(item["address"])):
                found.append((space, item))
    return found


def _others(case: Case, space: NamespaceView, name: str, address: str) -> list[tuple[str, EvidenceItem]]:
    """Links of the fleet, on the same network, that have an address and use it: MAC address and evidence."""
    found = []
    for claim in case.fleet.claims.get(address, ()):
        other, item = NamespaceView(claim.space), claim.item
        if item["dadfailed"] or (claim.host, other.label, item["link"]) == (case.host, space.label, name):
            continue
        link = other.link(item["link"])
        mac = link["mac"] if link else ""
        where = ": ".join(filter(None, [claim.host, "/".join(filter(None, [other.label, item["link"]]))]))
        text = f"{item['link']} with MAC {mac} has {item['address']}"
        found.append((mac, EvidenceItem("holder", text, where, claim.at)))
    return found


def _in_fleet_twice(case: Case, address: str) -> bool:
    """Whether two containers or hosts have a declared address at the same time: duplicate_ip_in_fleet."""
    places = case.fleet.holding(case.segment, address)
    return len(places) > 1 and all(case.fleet.together(case.host, place.host) for place in places)


def _stranger(case: Case, address: str) -> str:
    """Another machine that answered for an address: duplicate_ip. Empty where none did."""
    probed = case.experiments.result("holders")
    results = probed["results"] if probed else []
    macs = [one["mac"] for item in results if item["address"] == address for one in item["holders"]]
    return next((mac for mac in macs if not case.fleet.at(mac)), "")


CAUSE = Cause(
    id="ipv6_dad_failed",
    rank=310,
    title="duplicate address detection failed for an IPv6 address",
    explanation="Before it uses an IPv6 address the kernel probes whether another machine has it (RFC 4862, 5.4). If"
    " that is answered, by another machine, by a leftover container, or by a network that loops the host's own probe"
    " back, the address stays on the link with the flag dadfailed and is never used.",
    remedy="remove the address from the other machine, and add it again here: the kernel does not retry by itself",
    signature="1 to 2 s after the link came up or the address was added",
    proof="the flag IFA_F_DADFAILED of an address of the network's links",
    must="D",
    by=BY_HAND,
    needs=("after",),
    judge=judge,
)
