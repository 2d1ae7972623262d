# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a diagnosis has to find in a scenario, derived from its composition. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.faults.lab import FLEET, WEB1

from .harmless import REFLECTS
from .terms import LASTING, MOMENT, START, Part, Scenario

#: Places whose harms show on every host.
SHARED = ("gateway", "other host")


@dataclass(frozen=True)
class Wanted:
    """What has to be found of one part on one host.

    causes: any of them is right; empty where no cause is known: it has to be located then. suspected: whether that is
    enough. hidden: another part, or the network, keeps it from showing, so it is allowed only.
    """

    part: Part
    host: str
    causes: frozenset[str]
    suspected: bool
    hidden: bool

    @property
    def named(self) -> bool:
        """Whether a cause has to be named."""
        return bool(self.causes) and not self.hidden

    @property
    def culprit(self) -> bool:
        """Whether a culprit has to be named."""
        known = self.part.harm.culprit is not None
        return known and self.named and (self.part.harm.always or self.part.when == MOMENT)


@dataclass(frozen=True)
class Answer:
    """wanted: by part and host. allowed: causes that are true, by host; explaining: those that explain what a host
    lost, also of another host that it asks. quiet:
    whether all hosts are healthy; who asks a container for pings that it drops is not."""

    wanted: tuple[Wanted, ...]
    allowed: dict[str, set[str]] = field(default_factory=dict)
    explaining: dict[str, set[str]] = field(default_factory=dict)
    parts: tuple[Part, ...] = ()
    quiet: bool = False


def derive(scenario: Scenario) -> Answer:
    wanted: list[Wanted] = []
    allowed: dict[str, set[str]] = {host: set() for host in FLEET}
    for part in scenario.parts:
        if part.chosen:
            continue
        others = [item for item in scenario.parts if item is not part]
        for host in FLEET if part.harm.fleet else (part.host,):
            hidden = any(_hides(item, part) and item.host == host for item in others) or _healed(part, scenario)
            alone = part.harm.fleet and any(item.harm.hides for item in others)
            wanted.append(Wanted(part, host, _causes(part), part.harm.suspected or alone, hidden))
        for host in FLEET if part.harm.where in SHARED else (part.host,):
            allowed[host] |= part.harm.causes | part.harm.since | part.harm.passing | part.harm.also
        for host in FLEET:
            allowed[host] |= part.harm.there if host != part.host else set()
    everywhere = set().union(*allowed.values())
    explaining = {host: everywhere if scenario.asks else found for host, found in allowed.items()}
    quiet = not wanted and not (scenario.parts and scenario.asks)
    return Answer(tuple(wanted), allowed, explaining, scenario.parts, quiet)


def _hides(other: Part, part: Part) -> bool:
    return other.harm.hides or (other.harm.asks_aloud and part.harm.taught)


def _healed(part: Part, scenario: Scenario) -> bool:
    """Whether the network delivers what it breaks: the switch sends web1's frames back to it."""
    return part.harm.reflected and part.host == WEB1 and REFLECTS in scenario.harmless


def _causes(part: Part) -> frozenset[str]:
    if part.when == START:
        return part.harm.causes
    return (part.harm.since or part.harm.causes) if part.when in LASTING else part.harm.passing
