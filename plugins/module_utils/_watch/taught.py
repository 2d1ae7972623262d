# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the probes of a watch repaired by being sent. Pure.

Requests and answers carry the MAC address of their sender: a neighbour entry that was wrong before the watch is right
some moments after its first probe, and what it broke before is not seen.
"""

from __future__ import annotations

from collections.abc import Iterable

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.claims import ANNOUNCEMENT

from .timeline import Event, TargetData

#: Seconds after the first probe within which the kernel gives up an entry that does not answer: 5 until it asks, and
#: three questions (net/ipv4/arp.c: delay_probe_time, ucast_probes, retrans_time).
FIRST = 10.0


@dataclass(frozen=True)
class NeighbourCorrection:
    """An entry that changed by the probes alone. before, mac: its MAC addresses; after: seconds since the start."""

    namespace: str
    link: str
    address: str
    before: str
    mac: str
    after: float

    @property
    def text(self) -> str:
        where = f"{self.link} in {self.namespace}" if self.namespace else self.link
        return (
            f"the probes of the watch themselves corrected the neighbour entry of {self.address} on {where} at"
            f" +{self.after:.1f} s: it had {self.before} from before the watch, and has {self.mac} now"
        )


def corrections(events: Iterable[Event], targets: Iterable[TargetData]) -> list[NeighbourCorrection]:
    """Of the addresses that were asked; what its holder announced was not corrected by a probe."""
    asked = {item["target"] for item in targets if item["sent"]}
    first: dict[tuple[str, str, str], str] = {}
    announced: set[tuple[str, str]] = set()
    found = []
    for event in events:
        if event["after"] > FIRST:
            break
        if event["kind"] in ("arp", "nd"):
            data = event["data"]
            if data["what"] == ANNOUNCEMENT:
                announced.add((data["address"], data["mac"]))
        if event["kind"] != "neighbour" or "mac" not in event["data"].get("changed", {}):
            continue
        entry = event["data"]
        key = event["namespace"], event["link"], entry["address"]
        old = str(entry["changed"]["mac"][0] or "")
        if key not in first:
            first[key] = old
        known = first[key]
        if not known or not entry["mac"] or entry["mac"] == known or (entry["address"], entry["mac"]) in announced:
            continue
        if entry["address"] in asked:
            found.append(NeighbourCorrection(*key, known, entry["mac"], event["after"]))
    return found
