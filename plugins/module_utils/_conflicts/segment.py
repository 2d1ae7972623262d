# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One parent of a conflict check: what is asked and heard there, and the verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.limits import MACS_OF_ADDRESS, SIGHTINGS_MAX
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.facts import Link
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.ask import Question, Vantage
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.claims import (
    ANNOUNCEMENT,
    PROBE,
    REPLY,
    answers_probe,
    claim,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.frames import ALL_NODES, Frame, Neighbour

from . import twins as _twins
from .proxies import Proxies
from .targets import ProbedRange
from .vantages import DEFAULT, PARENT, WantedVantage
from .verdict import FLIP_FLOP, HOST, AddressSighting, AddressVerdict, OwnAddresses, judge, owner_of


@dataclass
class ProbedSegment:
    """What is asked on one parent, and what was heard there.

    wanted: vantages to ask from; missing: why a vantage is not available, by its name.
    problem: why there is no vantage at all.
    silent: seconds for which there was only listening, None where questions are asked.
    only_counted: claims of an address that were only counted, as more MAC addresses claimed it than are kept.
    keep: how many addresses to keep that were not asked for: 0 where only those in ``sightings`` are of interest.
    """

    link: Link
    wanted: Sequence[WantedVantage] = DEFAULT
    targets: list[ProbedRange] = field(default_factory=list)
    own: OwnAddresses = field(default_factory=OwnAddresses)
    problem: str = ""
    silent: float | None = None
    keep: int = 0
    vantages: list[Vantage] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)
    sightings: dict[Address, dict[tuple[str, str, str, bool, bool], AddressSighting]] = field(default_factory=dict)
    verdicts: dict[Address, AddressVerdict] = field(default_factory=dict)
    twins: _twins.Twins = field(default_factory=_twins.Twins)
    proxies: Proxies = field(default_factory=Proxies)
    only_counted: dict[Address, int] = field(default_factory=dict)
    _claimed: dict[tuple[Address, str], str] = field(default_factory=dict)
    _macs: dict[tuple[Address, bool], set[str]] = field(default_factory=dict)
    _kept: int = 0

    def hear(self, vantage: Vantage, frame: Frame, outgoing: bool, seconds: float) -> list[Question]:
        """Keep what a frame says of an address that is asked for. Gives what to ask because of it."""
        own_macs = [item.mac for item in self.vantages]
        twin = vantage.name == PARENT and self._is_twin(vantage, frame, outgoing, seconds)
        said = claim(frame)
        if said is None:
            return []
        address, mac, kind = said
        if self._is_unasked(address, frame):
            kind = ANNOUNCEMENT
        if kind == PROBE and not twin and (frame.signed or (outgoing and mac in own_macs)):
            vantage.others += mac not in own_macs
            return []
        # A packet socket on the parent also hears what is sent to the child, and the child reports that itself.
        if vantage.name == PARENT and not twin and frame.destination in own_macs and frame.destination != vantage.mac:
            return []
        # What a bridge forwards through its port also goes out there, and is not this host's own.
        outgoing = outgoing and self.link.master is None
        probed = kind == REPLY and answers_probe(frame)
        if kind == REPLY and not outgoing:
            self.proxies.hear(address, mac, probed)
        if address not in self.sightings:
            if len(self.sightings) >= self.keep:
                vantage.ignored += self.keep > 0
                return []
            self.sightings[address] = {}
        if not self._has_room(address, mac, kind == PROBE):
            self.only_counted[address] = self.only_counted.get(address, 0) + 1
            return []
        sighting = AddressSighting(address, mac, vantage.name, kind, seconds, 1, outgoing, seconds, twin, probed)
        self._keep(sighting)
        if kind != PROBE:
            before = self._claimed.get((address, vantage.name), mac)
            self._claimed[address, vantage.name] = mac
            if before != mac:
                self._keep(AddressSighting(address, mac, vantage.name, FLIP_FLOP, seconds, 1, outgoing, seconds, twin))
        return self._control(vantage, sighting) if kind == REPLY else []

    def _is_unasked(self, address: Address, frame: Frame) -> bool:
        """Whether an advertisement to all nodes is an announcement (RFC 4861, 7.2.6): they look like answers to
        duplicate address detection, so it is one where no one has asked for it."""
        if self.silent is None or not isinstance(frame.body, Neighbour) or frame.body.solicitation:
            return False
        asked = any(item.kind == PROBE for item in self.sightings.get(address, {}).values())
        return frame.body.destination == ALL_NODES and not asked

    def _has_room(self, address: Address, mac: str, soft: bool) -> bool:
        """Whether a claim is kept. Those of this host always are, and those that only want an address (soft) take no
        room from holders."""
        macs = self._macs.setdefault((address, soft), set())
        if mac in macs or mac in self.own.macs:
            return True
        if len(macs) >= MACS_OF_ADDRESS or self._kept >= SIGHTINGS_MAX:
            return False
        macs.add(mac)
        return True

    def _keep(self, seen: AddressSighting) -> None:
        found = self.sightings[seen.address]
        key = (seen.mac, seen.vantage, seen.kind, seen.outgoing, seen.twin)
        self._kept += key not in found
        found[key] = found[key].again(seen.seconds, seen.answered_probe) if key in found else seen

    def _is_twin(self, vantage: Vantage, frame: Frame, outgoing: bool, seconds: float) -> bool:
        origin = self.twins.origin(frame, outgoing, self.link, self.own, self.vantages, self._asks)
        vantage.reflected += origin == _twins.REFLECTED
        if origin != _twins.TWIN:
            return False
        self.twins.add(frame, seconds)
        return True

    def _asks(self, address: Address) -> bool:
        return address in self.sightings or address in self.proxies.controls

    def _control(self, vantage: Vantage, seen: AddressSighting) -> list[Question]:
        """What to ask in order to know whether who answered does so for everybody."""
        if self.silent is not None or owner_of(seen, self.own, frozenset()) == HOST:
            return []
        parent = next((item for item in self.vantages if item.name == PARENT), None)
        return [
            (parent or vantage, target, sender)
            for target, sender in self.proxies.suspect(seen.address, seen.mac, seen.answered_probe)
            if sender is None or parent is not None
        ]

    def judge(self, fleet: frozenset[str]) -> None:
        """A verdict on every address."""
        unseen = self.problem or "; ".join(self.reasons()) if self.blind else ""
        if not unseen and self.silent is not None:
            unseen = f"no questions were sent, and no host claimed it within {self.silent:g} seconds"
        self.verdicts = {
            address: judge(address, seen, self.own, fleet, unseen, self.proxies.of(address, seen), self._flood(address))
            for address, seen in ((address, list(found.values())) for address, found in self.sightings.items())
        }

    def _flood(self, address: Address) -> str:
        """That claims of an address were left out, in words; empty where all are known."""
        number = self.only_counted.get(address, 0)
        if not number:
            return ""
        return f"{MACS_OF_ADDRESS} MAC addresses that claim it are kept, {number} claims of others were only counted"

    def overrun(self) -> list[str]:
        """What was heard and not kept, in words."""
        said = []
        if self.only_counted:
            number, claims = len(self.only_counted), sum(self.only_counted.values())
            said.append(
                f"{self.link.name}: more than {MACS_OF_ADDRESS} MAC addresses claimed {number} of the addresses; "
                f"{claims} claims were only counted"
            )
        if self.proxies.left_out:
            said.append(
                f"{self.link.name}: {self.proxies.left_out} answers for addresses that nobody has were only counted"
            )
        twins = sum(seen.left_out for seen in self.twins.found.values())
        if twins:
            said.append(
                f"{self.link.name}: {twins} claims of machines with a MAC address of this host were only counted"
            )
        return said + [vantage.missed() for vantage in self.vantages if vantage.missed()]

    def others(self) -> list[AddressVerdict]:
        """The verdicts on addresses that were not asked for, in their order."""
        if not self.keep:
            return []
        found = [
            item for item in self.verdicts.values() if not any(target.holds(item.address) for target in self.targets)
        ]
        return sorted(found, key=lambda item: (item.address.version, int(item.address)))

    @property
    def blind(self) -> bool:
        """Whether there is no vantage from which silence means anything."""
        flooded = any(vantage.flooded for vantage in self.vantages)
        return flooded or all(vantage.problem or vantage.missed() for vantage in self.vantages)

    def reasons(self) -> list[str]:
        found = [*self.missing.values(), *(vantage.problem or vantage.missed() for vantage in self.vantages)]
        return list(dict.fromkeys(filter(None, found)))
