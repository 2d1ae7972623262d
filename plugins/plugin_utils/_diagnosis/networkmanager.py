# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether NetworkManager configures the host's link, and what it broke by that. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .case import Case
from .verdict import EvidenceItem, culprit

NAME = "NetworkManager"
#: NMDeviceState by name: those in which it has configured the device, or tries to.
CONFIGURING = ("prepare", "config", "need-auth", "ip-config", "ip-check", "secondaries", "activated", "failed")


@dataclass(frozen=True)
class Takeover:
    """evidence: that it configures the link. after: since when, None where it did before the watch."""

    evidence: list[EvidenceItem]
    after: float | None
    who: dict[str, Any]


def takeover(case: Case) -> Takeover | None:
    """None where NetworkManager leaves the link alone, or is declared to have it."""
    link = case.network.link
    drift = (case.evidence.get("drift") or {}).get("links", [])
    if any(item["name"] == link and item["persistence"] == "networkmanager" for item in drift):
        return None
    events = [
        event
        for event in case.events("manager", link=link)
        if event["data"]["manager"] == NAME and event["data"].get("state") in CONFIGURING
    ]
    device = case.system["networkmanager"]["devices"].get(link, {"managed": False, "state": ""})
    profile = case.system["networkmanager"]["connections"].get(link)
    # What is activated without a profile that is up was configured by others: "connected (externally)".
    busy = device["managed"] and device["state"] in CONFIGURING and (profile or device["state"] != "activated")
    if not events and not busy:
        return None
    removed = [
        event for event in case.events("address", "delete", link) if (event.get("process") or {}).get("name") == NAME
    ]
    evidence = [case.event_item(event) for event in (*events[:2], *removed[:2])]
    if busy:
        told = f"NetworkManager manages {link}, which is in state {device['state']}"
        evidence.append(case.item("NetworkManager", told + (f" by profile {profile}" if profile else ""), str(link)))
    who = culprit(removed[0]["process"]) if removed else {"name": NAME, "text": NAME}
    return Takeover(evidence, events[0]["after"] if events else None, who)
