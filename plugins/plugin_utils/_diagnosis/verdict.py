# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a verdict is, and who may be named in it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, cast

from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.timeline import Attribution, ProcessData

from .remedy import APPLY, RemedyStep
from .report_data import Culprit, EvidenceItemData, VerdictData

#: ``confirmed``: proven by evidence. ``suspected``: evidence supports it, and a host alone cannot prove it.
#: ``ruled_out``: what would prove it was looked for and is not there. ``not_tested``: it could not be looked for.
#: ``explained``: it is there, as a consequence of a confirmed cause.
CONFIRMED, SUSPECTED, EXPLAINED = "confirmed", "suspected", "explained"
NOT_TESTED, RULED_OUT = "not_tested", "ruled_out"
#: In the order of reports.
STATUSES = (CONFIRMED, SUSPECTED, EXPLAINED, NOT_TESTED, RULED_OUT)
#: A verdict about the fleet names all its hosts on the first of them, and so many on each other one: a fleet that loses
#: its gateway has as many verdicts as hosts.
HOSTS_NAMED = 20


@dataclass(frozen=True)
class EvidenceItem:
    """One piece of evidence. where: host, namespace and link; at: ISO 8601, by the host's clock; empty if unknown."""

    what: str
    value: str
    where: str = ""
    at: str = ""

    def as_data(self) -> EvidenceItemData:
        return {"what": self.what, "where": self.where, "at": self.at, "value": self.value}


@dataclass(frozen=True)
class CauseVerdict:
    """What came of one cause for one network of one host.

    summary: one sentence for an operator: what broke, when, by whom. after: seconds from the start of the watch.
    remedy, steps: empty for the cause's own. explained_by: the confirmed cause that this is a consequence of.
    hosts: all hosts that the same verdict is about, where it is one about the fleet; else empty.
    targets: ids of all the broken targets of its host that it explains, also of those that its evidence does not spell
    out, and of what an experiment asked in vain. addresses: whoever asks for them may be lost as well. wide: its judge
    names none, as all that its cause breaks is lost by it.
    repair_possible: False where something else has to be done before the declaration can be re-applied.
    """

    status: str
    summary: str = ""
    evidence: tuple[EvidenceItem, ...] = ()
    after: float | None = None
    culprit: Culprit | None = None
    remedy: str = ""
    host: str = ""
    network: str = ""
    cause: str = ""
    title: str = ""
    explanation: str = ""
    explained_by: str | None = None
    hosts: tuple[str, ...] = ()
    repair_possible: bool = True
    steps: tuple[RemedyStep, ...] = ()
    targets: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    wide: bool = False

    @cached_property
    def named(self) -> frozenset[str]:
        """Its targets, to look them up."""
        return frozenset(self.targets)

    @cached_property
    def parts(self) -> frozenset[str]:
        """The addresses that it is about and those of its targets, both of who asks and of who is asked, with the other
        parts of their ids."""
        return frozenset(part for name in self.targets for part in name.split("/")).union(self.addresses)

    @property
    def repairs_itself(self) -> bool:
        """Whether re-applying the declaration is all that its remedy needs, and can succeed now."""
        return self.repair_possible and bool(self.steps) and all(step.kind == APPLY for step in self.steps)

    def consequence_of(self, other: CauseVerdict) -> CauseVerdict:
        """It is there, and no cause of its own."""
        explained = EvidenceItem("explained by", f"{other.cause}: {other.summary}")
        return replace(
            self,
            status=EXPLAINED,
            remedy="",
            steps=(),
            evidence=(explained, *self.evidence),
            explained_by=other.cause,
        )

    def as_data(self) -> VerdictData:
        hosts = list(self.hosts if self.host in self.hosts[:1] else self.hosts[:HOSTS_NAMED])
        data: VerdictData = {
            "host": self.host,
            "network": self.network,
            "cause": self.cause,
            "status": self.status,
            "title": self.title,
            "summary": self.summary,
            "explanation": self.explanation,
            "after": self.after,
            "evidence": [item.as_data() for item in self.evidence],
            "culprit": self.culprit,
            "remedy": self.remedy,
            "steps": [item.as_data() for item in self.steps],
            "explained_by": self.explained_by,
            "targets": list(self.targets),
            "hosts": hosts,
        }
        if len(hosts) < len(self.hosts):
            data["hosts_left_out"] = len(self.hosts) - len(hosts)
        return data


#: Rules by which a culprit is found, beside those of the watch.
UNKNOWN, COMMAND_LINE, MANAGER, MAC_ADDRESS, FILE, UNIT_LOG = (
    "unknown",
    "the only command just before that says this change",
    "what a network manager reported",
    "MAC address",
    "file that decides it",
    "log of the unit",
)
#: By the kernel's action the words of commands that do it, and by what changed of a link, and to what.
_VERBS = {
    "link delete": frozenset({"delete", "del"}),
    "delete": frozenset({"delete", "del", "flush", "down"}),
    "new": frozenset({"add", "append", "replace", "change", "up"}),
}
_CHANGES = {
    "up False": frozenset({"down", "ifdown", "disconnect"}),
    "up True": frozenset({"up", "ifup", "connect"}),
    "arp": frozenset({"arp"}),
    "mac": frozenset({"address", "ether", "hw"}),
    "mode": frozenset({"mode"}),
    "mtu": frozenset({"mtu"}),
    "master": frozenset({"master", "nomaster"}),
}
#: Units of this collection, which restore what is declared.
_OWN_UNITS = "linuxnet-macvlan-"


def culprit(process: ProcessData, rule: str) -> Culprit:
    """The process of an event. rule: by what it is known."""
    unit = f", {process['unit']}" if process["unit"] else ""
    return {
        "pid": process["pid"],
        "name": process["name"],
        "unit": process["unit"],
        "command": process["command"],
        "text": f"{process['name'] or 'process'} (PID {process['pid']}{unit})",
        "rule": rule,
    }


def unknown(reason: str) -> Culprit:
    """A process that is not known. reason: why not, empty if unknown."""
    return {"text": f"an unknown process ({reason})" if reason else "an unknown process", "rule": UNKNOWN}


def requester(event: Attribution) -> Culprit | None:
    """Who asked for a change: the process of the event or, where the kernel does not report one, the only one that is
    suspected, or whose command line says that change; None where there are several, or none, and for what the
    collection did itself."""
    actor = event["process"]
    if actor is not None:
        own = actor["self"] or _own(actor)
        return None if own else culprit(actor, actor["known_by"])
    suspects = event.get("suspects", [])
    if len(suspects) == 1:
        return None if _own(suspects[0]) else culprit(suspects[0], suspects[0].get("known_by", ""))
    saying = sorted((item for item in suspects if not _own(item) and _says(item, event)), key=_length)
    # What runs a command says it as well.
    same = [item for item in saying if item["command"].endswith(saying[0]["command"])]
    return culprit(saying[0], COMMAND_LINE) if len(saying) == len(same) > 0 else None


def _own(process: ProcessData) -> bool:
    return (process["unit"] or "").startswith(_OWN_UNITS)


def _length(process: ProcessData) -> int:
    return len(process["command"])


def _says(process: ProcessData, event: Attribution) -> bool:
    """Whether a command line names the link of an event and what became of it."""
    known = cast(Mapping[str, Any], event)
    words = set(process["command"].split())
    if not known.get("link") or known["link"] not in words:
        return False
    kind, action = str(known.get("kind")), str(known.get("action"))
    if action != "change":
        return bool(words & _VERBS.get(f"{kind} {action}", _VERBS.get(action, frozenset())))
    changed = (known.get("data") or {}).get("changed") or {}
    return any(
        words & _CHANGES.get(f"{name} {values[1]}", _CHANGES.get(name, frozenset())) for name, values in changed.items()
    )


def whoever(event: Attribution) -> Culprit:
    """The same, and otherwise why nobody is named."""
    known = requester(event)
    if known is not None:
        return known
    if event["process"] is not None:
        return unknown("this collection did it itself, to restore what is declared or to ask")
    suspects = ", ".join(culprit(item, "")["text"] for item in event.get("suspects", []))
    # Those that ran already, as a daemon does, are none of them.
    return unknown(f"one of {suspects}, or one that was running already" if suspects else event["process_unknown"])


def machine(mac: str, host: str = "", place: str = "") -> Culprit:
    """A machine: its MAC address and, as far as they are known, its host and the place there."""
    known = ", ".join(filter(None, [host, place])) or "a machine outside this inventory"
    return {"mac": mac, "host": host or None, "text": f"{mac} ({known})", "rule": MAC_ADDRESS}
