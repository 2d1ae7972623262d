# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""duplicate_mac_in_fleet: links of two hosts on one segment have the same MAC address."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.claims import is_virtual_router
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case, changed
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.fleet import FleetLink
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import DECLARE
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import (
    CauseVerdict,
    EvidenceItem,
    machine,
)

#: Others with one MAC address that are named.
TWINS_MAX = 20


def judge(case: Case) -> CauseVerdict:
    twins = _twins(case)
    if not twins:
        if len(case.fleet.hosts) < 2:
            return case.not_tested("there is no evidence of another host")
        return case.ruled_out(f"no MAC address of this network is on a second one of {len(case.fleet.hosts)} hosts")
    # Pairs that are both up come first: only then both send.
    mine, other = min(twins, key=lambda pair: not (pair[0].up and pair[1].up))
    evidence = [case.item("MAC address", f"{link.mac} is that of {link}", link.name, link.namespace)
                for link in dict.fromkeys([mine, *(pair[1] for pair in twins if pair[0] == mine)])]  # fmt: skip
    # Frames of no other MAC address go astray.
    addresses = [
        item
        for link in dict.fromkeys(link for pair in twins for link in pair)
        for item in case.fleet.addresses_of(link)
    ]
    case.is_about(addresses)
    broken = case.lost_of([(pair[0].namespace, pair[0].name) for pair in twins], addresses)
    case.explains(item["id"] for item in broken)
    clones, remedy = _clones(case, mine, other)
    evidence += clones
    more = f" (and {len(twins) - 1} more)" if len(twins) > 1 else ""
    seen = f"{mine} and {other} on one segment have the same MAC address {mine.mac}{more}"
    who = machine(mine.mac, other.host, other.where)
    if not (mine.up and other.up):
        return case.suspected(f"{seen}; one of them is down", evidence, culprit=who, remedy=remedy)
    if not case.fleet.together(case.host, other.host):
        text = f"{seen}, or it moved between them, as the hosts were diagnosed one after the other"
        return case.suspected(text, evidence, culprit=who, remedy=remedy)
    changes = [
        event
        for event in case.link_events(link=mine.name, namespace=mine.namespace)
        if event["data"]["mac"] == mine.mac and changed(event, "mac")
    ]
    evidence += [*(case.event_item(event) for event in changes[:1]), *case.loss_items(broken, 3)]
    return case.confirmed(
        f"{seen}: the switch delivers its frames to whichever of them sent last",
        evidence,
        after=changes[0]["after"] if changes else case.first_loss(broken),
        culprit=who,
        remedy=remedy,
    )


def _twins(case: Case) -> list[tuple[FleetLink, FleetLink]]:
    """A link of this host and one of another with the same MAC address."""
    found = []
    for shared in case.fleet.shared_macs.get((case.host, case.segment), ()):
        mine = [link for link in shared.own if not link.passthru]
        if mine and not is_virtual_router(mine[0].mac):
            others = shared.others(lambda link: link.host != case.host and not link.passthru, TWINS_MAX)
            found += [(mine[0], link) for link in others]
    return found


def _clones(case: Case, mine: FleetLink, other: FleetLink) -> tuple[list[EvidenceItem], str]:
    """Whether both hosts have one machine ID, from which MAC addresses are derived, and what to do then."""
    own = case.system["machine_id"]
    theirs = case.fleet.hosts[other.host]["system"]["machine_id"]
    if not own or own != theirs:
        return [], ""
    text = f"{case.host} and {other.host} have the same machine ID"
    remedy = (
        f"give {mine} or {other} another MAC address; the hosts have one machine ID, from which systemd"
        " derives MAC addresses: if one is a clone, remove its /etc/machine-id, run systemd-machine-id-setup, and"
        " reboot"
    )
    return [case.item("machine ID", text)], remedy


CAUSE = Cause(
    id="duplicate_mac_in_fleet",
    rank=150,
    title="two hosts have one MAC address",
    explanation="A switch forwards frames for a MAC address to the port where it last saw that address. With two"
    " senders it moves with every frame, and each of them receives frames for the other. Container engines and cloned"
    " machines produce the same address twice when they derive it from the same name or machine ID.",
    remedy="remove the link, or set mac: to another address (or leave it out: the collection derives one from host and"
    " name), and give containers a MAC address of their own (docker run --mac-address)",
    signature="heavy loss from the start, worse the more both send",
    proof="links of two hosts on the segment have the same MAC address and are up",
    must="R D",
    by=DECLARE,
    needs=("after",),
    explains=("sticky_mac_elsewhere", "announcement_lost"),
    everywhere=True,
    judge=judge,
)
