# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a check is, what is asked for it and what comes of it. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address, within
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.declaration import MacvlanNetwork
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.read import Facts, Link, LinkAddress
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.route_lookup import Path

PASS, FAIL, SKIPPED, NOT_RUN = "PASS", "FAIL", "SKIPPED", "NOT RUN"
STATUSES = (PASS, FAIL, SKIPPED, NOT_RUN)

#: An ICMP echo by normal routing; an ARP request or a neighbour solicitation from one link.
ECHO, WHO_HAS = "echo", "who_has"

#: What stands before the parent's name in ``Probe.interface`` where a temporary macvlan child of it shall ask.
TEMPORARY_CHILD = "child of "

#: A single lost packet that is followed by answers proves nothing; a loss that comes again does.
LOSSES_THAT_FAIL = 2


@dataclass(frozen=True)
class Probe:
    """A question that is asked once in each round.

    namespace: the path of the one that asks, empty for our own. interface: the link that asks (WHO_HAS).
    """

    method: str
    target: Address
    namespace: str = ""
    interface: str = ""


@dataclass(frozen=True)
class Attempt:
    """One packet. after: when it was sent, in seconds since the start; rtt: seconds, None where it was lost;
    error: why the kernel would not send it."""

    after: float
    rtt: float | None = None
    error: str = ""


@dataclass(frozen=True)
class Series:
    """All attempts of one probe, in the order of sending. ended: why there are no more, empty where it went on."""

    attempts: tuple[Attempt, ...] = ()
    ended: str = ""

    @property
    def sent(self) -> int:
        return len(self.attempts)

    @property
    def received(self) -> int:
        return sum(1 for attempt in self.attempts if attempt.rtt is not None)

    @property
    def losses(self) -> list[Attempt]:
        return [attempt for attempt in self.attempts if attempt.rtt is None]

    @property
    def status(self) -> str:
        """FAIL where a loss came again, or where nothing was ever answered."""
        return FAIL if len(self.losses) >= LOSSES_THAT_FAIL or not self.received else PASS

    @property
    def errors(self) -> str:
        """What the kernel said when it would not send, empty when it sent all."""
        return ", ".join(sorted({attempt.error for attempt in self.attempts if attempt.error}))

    def __str__(self) -> str:
        return f"{self.received} of {self.sent}"


@dataclass(frozen=True)
class Evidence:
    """One thing that was read or seen."""

    what: str
    value: str


@dataclass(frozen=True)
class Check:
    """One line of the catalogue.

    source, target: between what; ``from`` and ``target`` in the result.
    probes: what is asked for it.
    decided: FAIL or SKIPPED where the facts alone tell, so that nothing needs to be asked.
    """

    network: str
    kind: str
    source: str
    target: str
    probes: tuple[Probe, ...] = ()
    decided: str = ""
    evidence: tuple[Evidence, ...] = ()
    remedy: str = ""

    @property
    def id(self) -> str:
        return f"{self.network}/{self.kind}/{self.source}/{self.target}"


@dataclass(frozen=True)
class Verdict:
    """What came of a check. ``series`` is the one that decided, None where nothing was asked."""

    check: Check
    status: str
    series: Series | None = None
    evidence: tuple[Evidence, ...] = ()
    remedy: str = ""

    @property
    def first_loss(self) -> Attempt | None:
        losses = self.series.losses if self.series and self.status == FAIL else []
        return losses[0] if losses else None

    def as_data(self, started: float) -> dict[str, object]:
        """Plain data; ``started`` is the time of the first round in seconds since the epoch."""
        series = self.series or Series()
        loss = self.first_loss
        return {
            "id": self.check.id,
            "network": self.check.network,
            "kind": self.check.kind,
            "from": self.check.source,
            "target": self.check.target,
            "status": self.status,
            "sent": series.sent,
            "received": series.received,
            "rtt": _milliseconds(series),
            "first_failure": _moment(loss, started) if loss else None,
            "evidence": [{"what": item.what, "value": item.value} for item in self.evidence],
            "remedy": self.remedy,
        }

    def __str__(self) -> str:
        """One line for people."""
        loss = self.first_loss
        lost = f" lost first after {loss.after:.1f} s;" if loss else ""
        proof = "; ".join(f"{item.what}: {item.value}" for item in self.evidence)
        remedy = f". Remedy: {self.remedy}." if self.remedy else ""
        return (
            f"{self.status} {self.check.network} {self.check.kind} from {self.check.source} to {self.check.target}:"
            f"{lost} {proof}{remedy}"
        )


def _milliseconds(series: Series) -> dict[str, float] | None:
    times = [attempt.rtt * 1000 for attempt in series.attempts if attempt.rtt is not None]
    if not times:
        return None
    return {"min": round(min(times), 3), "avg": round(sum(times) / len(times), 3), "max": round(max(times), 3)}


def _moment(loss: Attempt, started: float) -> dict[str, object]:
    at = datetime.fromtimestamp(started + loss.after, timezone.utc).isoformat(timespec="milliseconds")
    return {"after_seconds": round(loss.after, 1), "at": at.replace("+00:00", "Z")}


@dataclass(frozen=True)
class Container:
    """One address on a macvlan link of another namespace of this host; the first fields are the namespace's.

    identity: its inode and its cookie; the inode alone is soon that of another namespace.
    """

    label: str
    path: str
    identity: tuple[int, int]
    link: Link
    found: LinkAddress

    @property
    def address(self) -> Address:
        return self.found.interface.ip


@dataclass(frozen=True)
class Scope:
    """One declared network on this host, at one moment.

    parent: None where it was not found, for the reason in ``parent_problem``.
    containers: addresses of the network found on children of the parent; strays: those that lie in its subnets but in
    no network's container range.
    """

    network: MacvlanNetwork
    facts: Facts
    parent: Link | None
    parent_problem: str = ""
    containers: tuple[Container, ...] = ()
    strays: tuple[Container, ...] = ()
    #: The identities of all namespaces of the host, as containers have them.
    namespaces: frozenset[tuple[int, int]] = frozenset()
    #: Whether a temporary child of the parent may ask where the host has no link of its own.
    temporary_child: bool = True

    @property
    def parent_name(self) -> str:
        """As far as it is known, else as it was declared."""
        if self.parent is not None:
            return self.parent.name
        selector = self.network.parent
        return ", ".join(f"{k}: {v}" for k, v in selector.items()) if isinstance(selector, dict) else str(selector)

    @property
    def shim(self) -> Link | None:
        """The host's own link into the network, None where it is not declared, or not there."""
        return self.facts.link(self.network.link) if self.network.link else None

    @property
    def settling(self) -> bool:
        """Whether duplicate address detection still holds back an address that counts (RFC 4862, 5.4)."""
        own = [item for link in (self.parent, self.shim) if link for item in self.facts.addresses_of(link)]
        return any(item.tentative and not item.dadfailed for item in (*own, *(item.found for item in self.containers)))

    @property
    def shim_problem(self) -> str:
        """What is wrong with the declared link, empty when nothing is."""
        shim, name = self.shim, self.network.link
        if name is None:
            return ""
        if shim is None:
            return f"this host has no link {name}"
        if shim.kind != "macvlan":
            return f"{name} is no macvlan link but {shim.kind or 'a hardware device'}"
        if self.parent is not None and (shim.parent != self.parent.index or shim.parent_nsid is not None):
            other = self.facts.by_index(shim.parent) if shim.parent_nsid is None else None
            return f"{name} hangs on {other.name if other else 'another namespace'} and not on {self.parent.name}"
        return "" if shim.up else f"{name} is down"

    def own(self, address: Address) -> Link | None:
        """The link of our own namespace that has the address."""
        found = next((item for item in self.facts.addresses if item.interface.ip == address), None)
        return self.facts.by_index(found.index) if found else None

    def addresses_inside(self, link: Link, outer: Address | None = None) -> list[LinkAddress]:
        """The link's addresses in the network's subnets, with ``outer`` only in those that hold it as well."""
        subnets = [subnet for subnet in self.network.subnets if outer is None or within(outer, subnet)]
        return [
            item
            for item in self.facts.addresses_of(link)
            if any(within(item.interface.ip, subnet) for subnet in subnets)
        ]

    def nd_source(self, link: Link) -> ipaddress.IPv6Address | None:
        """The address from which a neighbour solicitation of this link is sent: its link-local one where it has one."""
        found = [
            item.interface.ip
            for item in self.facts.addresses_of(link)
            if isinstance(item.interface, ipaddress.IPv6Interface) and not item.dadfailed
        ]
        return min(found, key=lambda address: not address.is_link_local, default=None)

    def holder(self, address: Address) -> Container | None:
        return next((item for item in (*self.containers, *self.strays) if item.address == address), None)


@dataclass(frozen=True)
class Findings:
    """What was seen while a network was verified.

    paths: by namespace path and target, taken at the first loss where there was one.
    after: the same network when it was over; the same object as before where nothing was lost.
    """

    before: Scope
    after: Scope
    series: Mapping[Probe, Series] = field(default_factory=dict)
    paths: Mapping[tuple[str, Address], Path] = field(default_factory=dict)
