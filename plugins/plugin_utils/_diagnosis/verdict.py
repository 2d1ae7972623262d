# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a verdict is, and who may be named in it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

#: ``confirmed``: proven by evidence. ``suspected``: a host alone cannot prove it, and something supports it.
#: ``ruled_out``: what would prove it was looked for and is not there. ``not_tested``: it could not be looked for.
CONFIRMED, SUSPECTED, NOT_TESTED, RULED_OUT = "confirmed", "suspected", "not_tested", "ruled_out"
#: In the order of reports.
STATUSES = (CONFIRMED, SUSPECTED, NOT_TESTED, RULED_OUT)


@dataclass(frozen=True)
class EvidenceItem:
    """One piece of evidence. where: host, namespace and link; at: ISO 8601, by the host's clock; empty if unknown."""

    what: str
    value: str
    where: str = ""
    at: str = ""

    def as_data(self) -> dict[str, str]:
        return {"what": self.what, "where": self.where, "at": self.at, "value": self.value}


@dataclass(frozen=True)
class CauseVerdict:
    """What came of one cause for one network of one host.

    summary: one sentence for an operator: what broke, when, who. after: seconds from the start of the watch.
    remedy: empty for the cause's own. explained_by: the confirmed cause that this is a consequence of.
    """

    status: str
    summary: str = ""
    evidence: tuple[EvidenceItem, ...] = ()
    after: float | None = None
    culprit: Mapping[str, Any] | None = None
    remedy: str = ""
    host: str = ""
    network: str = ""
    cause: str = ""
    title: str = ""
    explanation: str = ""
    explained_by: str | None = None

    def consequence_of(self, other: CauseVerdict) -> CauseVerdict:
        """Ruled out as a cause of its own."""
        told = EvidenceItem("explained by", f"{other.cause}: {other.summary}")
        return replace(self, status=RULED_OUT, evidence=(told, *self.evidence), explained_by=other.cause)

    def as_data(self) -> dict[str, Any]:
        return {
            "host": self.host,
            "network": self.network,
            "cause": self.cause,
            "status": self.status,
            "title": self.title,
            "summary": self.summary,
            "explanation": self.explanation,
            "after": self.after,
            "evidence": [item.as_data() for item in self.evidence],
            "culprit": dict(self.culprit) if self.culprit else None,
            "remedy": self.remedy,
            "explained_by": self.explained_by,
        }


def culprit(process: Mapping[str, Any] | None, unknown: str = "") -> dict[str, Any]:
    """The process of an event as a culprit, with one line for people. unknown: why there is none."""
    if not process:
        return {"text": f"a process that is not known ({unknown})" if unknown else "a process that is not known"}
    unit = f", {process['unit']}" if process.get("unit") else ""
    text = f"{process.get('name') or 'process'} (PID {process.get('pid')}{unit})"
    return {**{key: process.get(key) for key in ("pid", "name", "unit", "command")}, "text": text}


def asker(event: Mapping[str, Any]) -> dict[str, Any] | None:
    """The culprit of a change: the process that asked for it or, where the kernel does not tell that, the one program
    for network configuration that was started just before; None where there are several, or none."""
    suspects = event.get("suspects") or []
    process = event.get("process") or (suspects[0] if len(suspects) == 1 else None)
    return culprit(process) if process else None


def holder(mac: str, host: str = "", vendor: str = "", place: str = "") -> dict[str, Any]:
    """A machine as a culprit: its MAC address, and as far as they are known its host, place there, and vendor."""
    who = ", ".join(filter(None, [host, place])) or "a machine that is not in this inventory"
    return {"mac": mac, "host": host or None, "vendor": vendor or None, "text": f"{mac} ({who})"}
