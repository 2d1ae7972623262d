# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One parent of a conflict check: who is asked for there, what was heard, and what that means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ansible_collections.linuxnet.macvlan.plugins.module_utils._addresses import Address
from ansible_collections.linuxnet.macvlan.plugins.module_utils._facts import Link
from ansible_collections.linuxnet.macvlan.plugins.module_utils._packets import Frame

from .conflicts import PROBE, Inventory, Sighting, Verdict, claim, judge
from .sweep import Vantage
from .targets import Target

PARENT, CHILD = "parent", "child"
VANTAGES = (PARENT, CHILD)


@dataclass
class Segment:
    """What is asked on one parent, and what was heard there.

    wanted: vantages to ask from; missing: why each of those is not there that could not be had.
    problem: why nobody can be asked there at all.
    """

    link: Link
    wanted: Sequence[str]
    targets: list[Target] = field(default_factory=list)
    inventory: Inventory = field(default_factory=Inventory)
    problem: str = ""
    vantages: list[Vantage] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)
    sightings: dict[Address, dict[tuple[str, str, str, bool], Sighting]] = field(default_factory=dict)
    verdicts: dict[Address, Verdict] = field(default_factory=dict)

    def hear(self, vantage: Vantage, frame: Frame, outgoing: bool, seconds: float) -> None:
        """Keep what a frame says of an address that is asked for."""
        said = claim(frame)
        if said is None or said[0] not in self.sightings:
            return
        address, mac, kind = said
        own_macs = [item.mac for item in self.vantages]
        if kind == PROBE and (frame.signed or mac in own_macs):
            vantage.others += mac not in own_macs
            return
        # A packet socket on the parent also hears what is sent to the child, and the child reports that itself.
        if vantage.name == PARENT and frame.destination in own_macs and frame.destination != vantage.mac:
            return
        # What a bridge forwards through its port also goes out there, and is not this host's own.
        outgoing = outgoing and self.link.master is None
        key = (mac, vantage.name, kind, outgoing)
        first = self.sightings[address].get(key)
        self.sightings[address][key] = Sighting(
            address,
            mac,
            vantage.name,
            kind,
            first.seconds if first else seconds,
            first.count + 1 if first else 1,
            outgoing,
        )

    def judge(self, fleet: frozenset[str]) -> None:
        """A verdict on every address."""
        unseen = self.problem or "; ".join(self.reasons()) if self.blind else ""
        self.verdicts = {
            address: judge(address, list(found.values()), self.inventory, fleet, unseen)
            for address, found in self.sightings.items()
        }

    @property
    def blind(self) -> bool:
        """Whether there is no vantage from which silence means anything."""
        return all(vantage.problem or vantage.lost for vantage in self.vantages)

    def reasons(self) -> list[str]:
        found = list(self.missing.values())
        for vantage in self.vantages:
            if vantage.problem:
                found.append(vantage.problem)
            elif vantage.lost:
                found.append(f"{vantage.link}: {vantage.lost} frames were lost as they came too fast")
        return list(dict.fromkeys(found))
