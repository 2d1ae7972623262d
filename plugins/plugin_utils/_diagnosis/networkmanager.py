# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether NetworkManager configures the host's link, and what it broke by that. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.schema import DeviceData
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.timeline import ManagerEvent

from .case import Case
from .report_data import Culprit
from .verdict import MANAGER, EvidenceItem, culprit

NAME = "NetworkManager"
#: NMDeviceState by name: those in which it has configured the device, or tries to.
CONFIGURING = ("prepare", "config", "need-auth", "ip-config", "ip-check", "secondaries", "activated", "failed")
UNMANAGED = "unmanaged"
_UNMANAGED: DeviceData = {"managed": False, "state": "", "kind": ""}


@dataclass(frozen=True)
class Takeover:
    """evidence: that it configures the link. after: since when, None where it did before the watch.

    removed: whether it was seen to remove an address.
    """

    evidence: list[EvidenceItem]
    after: float | None
    who: Culprit
    removed: bool


def takeover(case: Case) -> Takeover | None:
    """None where NetworkManager leaves the link alone, or is declared to manage it."""
    link = case.network.link
    declared = case.declared_link(link)
    if link is None or (declared and declared["persistence"] == "networkmanager"):
        return None
    events = [
        event
        for event in case.manager_events(link)
        if event["data"]["manager"] == NAME and event["data"]["state"] in CONFIGURING
    ]
    device = case.networkmanager["devices"].get(link, _UNMANAGED)
    profile = case.networkmanager["connections"].get(link)
    # What is activated without a profile that is up was configured by others: "connected (externally)".
    busy = device["managed"] and device["state"] in CONFIGURING and (profile or device["state"] != "activated")
    if not events and not busy:
        return None
    removed = [
        (event, event["process"])
        for event in case.address_events("delete", link)
        if event["process"] and event["process"]["name"] == NAME
    ]
    evidence = [*map(case.event_item, events[:2]), *(case.event_item(event) for event, dummy in removed[:2])]
    if busy:
        text = f"NetworkManager manages {link}, which is in state {device['state']}"
        evidence.append(case.item("NetworkManager", text + (f" by profile {profile}" if profile else ""), link))
    who = culprit(removed[0][1], removed[0][1]["known_by"]) if removed else Culprit(name=NAME, text=NAME, rule=MANAGER)
    # On a busy host the watch may end before it configures what it has begun to manage.
    moments = [event["after"] for event in events or _begun(case, link)] or [event["after"] for event, dummy in removed]
    return Takeover(evidence, moments[0] if moments else None, who, bool(removed))


def _begun(case: Case, link: str) -> list[ManagerEvent]:
    """When it began to manage the link."""
    return [
        event
        for event in case.manager_events(link)
        if event["data"]["manager"] == NAME and event["data"].get("changed", {}).get("state", [""])[0] == UNMANAGED
    ]
