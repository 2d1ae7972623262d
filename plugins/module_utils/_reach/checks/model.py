# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A check, its observations and its result. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.clock import utc
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.route_lookup import Path
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.probes import FAIL, Attempt, Probe, Series
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.scope import Scope


@dataclass(frozen=True)
class CheckFact:
    """One fact that was read or observed."""

    what: str
    value: str


@dataclass(frozen=True)
class Check:
    """One line of the catalogue.

    source, target: the two ends; ``from`` and ``target`` in the result.
    probes: the packets that it needs.
    decided: FAIL or SKIPPED where the facts alone decide, so that no packet is needed.
    """

    network: str
    kind: str
    source: str
    target: str
    probes: tuple[Probe, ...] = ()
    decided: str = ""
    evidence: tuple[CheckFact, ...] = ()
    remedy: str = ""

    @property
    def id(self) -> str:
        return f"{self.network}/{self.kind}/{self.source}/{self.target}"


@dataclass(frozen=True)
class CheckResult:
    """The result of a check. ``series`` is the one that decided, None where nothing was sent."""

    check: Check
    status: str
    series: Series | None = None
    evidence: tuple[CheckFact, ...] = ()
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
    return {"after_seconds": round(loss.after, 1), "at": utc(started + loss.after)}


@dataclass(frozen=True)
class Findings:
    """What was observed while a network was verified.

    paths: by namespace path and target, taken at the first loss where there was one.
    after: the same network afterwards; the same object as ``before`` where nothing was lost.
    """

    before: Scope
    after: Scope
    series: Mapping[Probe, Series] = field(default_factory=dict)
    paths: Mapping[tuple[str, Address], Path] = field(default_factory=dict)
