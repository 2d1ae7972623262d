# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""duplicate_mac_in_fleet: links of two hosts on one segment have the same MAC address."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.claims import is_virtual_router
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.fleet import FleetLink
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import (
    CauseVerdict,
    EvidenceItem,
    holder,
)


def judge(case: Case) -> CauseVerdict:
    twins = _twins(case)
    if not twins:
        if len(case.fleet.hosts) < 2:
            return case.not_tested("no other host was looked at")
        return case.ruled_out(f"no MAC address of this network is on another of {len(case.fleet.hosts)} hosts too")
    # Pairs that are both up come first: only they both send.
    mine, other = min(twins, key=lambda pair: not (pair[0].up and pair[1].up))
    evidence = [case.item("MAC address", f"{place.mac} is that of {place}", place.link, place.namespace)
                for place in dict.fromkeys([mine, *(pair[1] for pair in twins if pair[0] == mine)])]  # fmt: skip
    clones, remedy = _clones(case, mine, other)
    evidence += clones
    more = f" (and {len(twins) - 1} more)" if len(twins) > 1 else ""
    seen = f"{mine} and {other} on one segment have the same MAC address {mine.mac}{more}"
    who = holder(mine.mac, other.host, place=f"{other.link}{' in ' + other.namespace if other.namespace else ''}")
    if not (mine.up and other.up):
        return case.suspected(f"{seen}; one of them is down", evidence, culprit=who, remedy=remedy)
    if not case.fleet.together(case.host, other.host):
        text = f"{seen}, or it moved from the one to the other while they were looked at one after the other"
        return case.suspected(text, evidence, culprit=who, remedy=remedy)
    changes = [
        event
        for event in case.events("link", link=mine.link, namespace=mine.namespace)
        if (event.get("data") or {}).get("mac") == mine.mac and "mac" in (event["data"].get("changed") or {})
    ]
    broken = case.broken()
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
    for (segment, mac), places in case.fleet.members.items():
        if segment != case.segment or is_virtual_router(mac):
            continue
        own = [place for place in places if not place.passthru]
        mine = [place for place in own if place.host == case.host]
        found += [(mine[0], place) for place in own if mine and place.host != case.host]
    return found


def _clones(case: Case, mine: FleetLink, other: FleetLink) -> tuple[list[EvidenceItem], str]:
    """Whether both hosts have one machine ID, of which MAC addresses are made, and what to do then."""
    own = case.system.get("machine_id")
    theirs = (case.fleet.hosts[other.host].get("system") or {}).get("machine_id")
    if not own or own != theirs:
        return [], ""
    text = f"{case.host} and {other.host} have the same machine ID"
    remedy = (
        f"give {mine.link} or {other.link} another MAC address; the hosts have one machine ID, of which systemd makes"
        " MAC addresses: if one is a clone, remove its /etc/machine-id, run systemd-machine-id-setup, and reboot it"
    )
    return [case.item("machine ID", text)], remedy


CAUSE = Cause(
    id="duplicate_mac_in_fleet",
    rank=150,
    title="two hosts have one MAC address",
    explanation="A switch sends the frames for a MAC address to the port that it was last seen on. With two senders"
    " it moves with every frame, and each of the two gets what is meant for the other. Container engines and clones of"
    " machines make the same address twice when they make it of the same name or machine ID.",
    remedy="remove the link, or set mac: to another address (or leave it out: the collection makes one of host and"
    " name), and give containers a MAC address of their own (docker run --mac-address)",
    signature="heavy loss at once, the worse the more both send",
    proof="the same MAC address on links of two hosts that are on the segment and up",
    must="R D",
    needs=("after",),
    explains=("sticky_mac_elsewhere", "announcement_lost"),
    judge=judge,
)
