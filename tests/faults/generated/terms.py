# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The types of the grammar. Pure but for what a harm does to a lab."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from labkit.segment import Host, Namespace

from .lab import GeneratedLab

IPV4, IPV6, BOTH = "IPv4", "IPv6", "IPv4 and IPv6"
FAMILIES = (IPV4, IPV6, BOTH)

#: When and how often. START: before the watch. MOMENT: once, for good. BLIP: once, for a second or two. PERIODIC,
#: RANDOM: again and again, at equal and at unequal distances.
START, MOMENT, BLIP, PERIODIC, RANDOM = "from the start", "at a moment", "a blip", "periodically", "at random"
LASTING, PASSING = (START, MOMENT), (BLIP, PERIODIC, RANDOM)
TIMES = (*LASTING, *PASSING)

#: Points of the way of a packet. HOST and INSIDE: host and container themselves, above their interfaces.
HOST, LINK, PARENT, CONTAINER, INSIDE = "host", "link", "parent", "container", "inside"
NETWORK, GATEWAY = "network", "gateway"

#: What of the packets on an edge a cut concerns, if not all: those of the first container, those that have the MAC
#: address of a link or container and not the parent's, and echo requests or replies.
FIRST_CONTAINER, LINK_MACS = "first container", "MAC addresses of links"
ECHO_REQUESTS, ECHO_REPLIES = "echo requests", "echo replies"


@dataclass(frozen=True)
class Cut:
    """Packets that are lost from one point to the next one: of the harm's host, and of its first container."""

    start: str
    end: str
    only: str = ""


@dataclass(frozen=True)
class Place:
    """One host of a lab, as far as a harm needs it."""

    lab: GeneratedLab
    name: str

    @property
    def host(self) -> Host:
        return self.lab.hosts[self.name]

    @property
    def other(self) -> Place:
        return Place(self.lab, next(name for name in self.lab.hosts if name != self.name))

    @property
    def inside(self) -> Namespace:
        """Its first container."""
        return self.lab.containers[f"{self.name}-c1"]

    @property
    def container_addresses(self) -> list[str]:
        """Of the first container."""
        return self.lab.container_addresses(self.name, 1)

    @property
    def link_addresses(self) -> list[str]:
        return self.lab.link_addresses(self.name)

    @property
    def parent_addresses(self) -> list[str]:
        return self.lab.parent_addresses(self.name)


Act = Callable[[Place], object]
IsCulprit = Callable[[Mapping[str, Any], Place], bool]


@dataclass(frozen=True)
class Harm:
    """One way to break something.

    what, where: the grammar's words. begin, end: break it, and repair it as its owner would; without ``end`` it only
    lasts. prepare: before it, and still works. causes: any of them names it rightly while it lasts; since: these where
    it began during the watch, if others. passing: those when it comes and goes; without any it is to be located.
    cuts: where it loses what it loses; or_cuts: or there, by protocol. also: causes that are true beside it; there: on
    the other host. suspected: a host cannot prove it. hides: nothing else that is wrong with the host shows.
    asks_aloud: the host looks for its containers on its parent then, in broadcasts that teach its neighbours its MAC
    address; taught: such broadcasts end it. fleet: it concerns all hosts. culprit: who did it, where that can be known
    of a harm during the watch; always: also of one before it.
    vague: where it is lost depends on what is known of it, as of an address that nobody has.
    chosen: what was so from the start is a container's choice, and fine as verification accepts it.
    reflected: a port that sends frames back to the host heals it.
    """

    what: str
    where: str
    begin: Act
    end: Act | None = None
    prepare: Act | None = None
    causes: frozenset[str] = frozenset()
    since: frozenset[str] = frozenset()
    passing: frozenset[str] = frozenset()
    cuts: tuple[Cut, ...] = ()
    or_cuts: tuple[Cut, ...] = ()
    also: frozenset[str] = frozenset()
    there: frozenset[str] = frozenset()
    suspected: bool = False
    hides: bool = False
    asks_aloud: bool = False
    taught: bool = False
    fleet: bool = False
    culprit: IsCulprit | None = None
    always: bool = False
    vague: bool = False
    chosen: bool = False
    reflected: bool = False
    families: tuple[str, ...] = FAMILIES
    times: tuple[str, ...] = TIMES

    @property
    def name(self) -> str:
        return f"{self.what} at {self.where}"

    def possible(self) -> tuple[str, ...]:
        return tuple(time for time in self.times if self.end is not None or time in LASTING)


@dataclass(frozen=True)
class Part:
    """A harm in a scenario. delay: seconds from the start of the watch. lasts, pause: seconds, of what passes."""

    harm: Harm
    host: str
    when: str
    delay: float
    lasts: float
    pause: float

    @property
    def chosen(self) -> bool:
        """Whether it is no fault."""
        return self.harm.chosen and self.when == START

    @property
    def text(self) -> str:
        rhythm = {BLIP: f" of {self.lasts:.1f} s", PERIODIC: f", {self.lasts:.1f} of {self.lasts + self.pause:.1f} s"}
        return f"{self.harm.name} of {self.host} {self.when}{rhythm.get(self.when, '')}"


@dataclass(frozen=True)
class Scenario:
    """What is made from a seed and an index. parts: empty for a healthy one. harmless: names of what is no fault.

    load: processes that compute meanwhile. asks: whether each host also probes the other one's container. families: of
    the network.
    """

    seed: int
    index: int
    parts: tuple[Part, ...]
    harmless: tuple[str, ...]
    families: str
    load: int
    asks: bool

    @property
    def text(self) -> str:
        """One line."""
        what = " and ".join(part.text for part in self.parts) or "healthy"
        beside = f"; beside it {', '.join(self.harmless)}" if self.harmless else ""
        load = f"; load {self.load}" if self.load else ""
        asks = "; asks the other host's container" if self.asks else ""
        return f"seed {self.seed} #{self.index}: {what}; {self.families}{beside}{load}{asks}"
