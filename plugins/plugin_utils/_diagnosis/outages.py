# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a link was down or without carrier during the watch, and what was lost meanwhile. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Literal

from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.timeline import LinkEvent, TargetData, Value

from . import rhythm
from .case import Case, changed

#: Seconds by which a loss may begin before the event of its outage, or end after it, beside one round of probes: the
#: answer to the last probe was still on its way, and neighbours are resolved again after an outage.
SLACK = 1.0
#: Seconds after a link came up within which an IPv6 address may not be used yet: duplicate address detection waits for
#: up to 1 s, asks and waits for 1 s more (RFC 4862, 5.4.2; RFC 4861, 10); then neighbours are resolved.
RECOVERY = 4.0


OutField = Literal["up", "carrier", "mode"]


@dataclass(frozen=True)
class Outage:
    """start, end: seconds after the start of the watch. end, ended_by: None where it lasted to the end of the watch."""

    begun_by: LinkEvent
    ended_by: LinkEvent | None = None

    @property
    def start(self) -> float:
        return self.begun_by["after"]

    @property
    def end(self) -> float | None:
        return self.ended_by["after"] if self.ended_by else None

    def covers(self, loss: list[float], slack: float) -> bool:
        """Whether an interval of lost probes began while this lasted."""
        return self.start - slack <= loss[0] <= (self.end if self.end is not None else loss[0]) + slack


def outages(case: Case, field: OutField, link: str | None, namespace: str = "", good: Value = True) -> list[Outage]:
    """In their order. A carrier that went because the link was set down is no outage of the carrier. good: the value of
    the field while it works."""
    return of_events(case.link_events("change", link, namespace), field, good)


def of_events(events: Iterable[LinkEvent], field: OutField, good: Value = True) -> list[Outage]:
    """The outages that changes of one link show."""
    found: list[Outage] = []
    for event in events:
        values = changed(event, field)
        if values is None:
            continue
        if values[0] == good and (field != "carrier" or event["data"]["up"]):
            found.append(Outage(event))
        elif values[1] == good and found and found[-1].ended_by is None:
            found[-1] = Outage(found[-1].begun_by, event)
    return found


def events_of(found: Iterable[Outage]) -> list[LinkEvent]:
    """What began and ended them, in their order."""
    return [event for one in found for event in (one.begun_by, one.ended_by) if event]


def lasting(found: Sequence[Outage]) -> float | None:
    """When the outage began that lasts to the end of the watch; None where none does, or it was there before."""
    return found[-1].start if found and found[-1].end is None else None


def again(found: Sequence[Outage]) -> str:
    """How often it was out before the outage that lasts, in words; empty where that is the first."""
    often = len(found) - 1
    return f", after {often} time{'s' if often > 1 else ''} for a while since +{found[0].start:.1f} s" if often else ""


def lost_during(case: Case, found: Iterable[Outage], targets: Iterable[TargetData]) -> list[TargetData]:
    """The targets of which probes were lost in one of the outages."""
    known, slack = list(found), SLACK + case.watch["interval"]
    return [item for item in targets if any(one.covers(loss, slack) for one in known for loss in item["losses"])]


def recovers(case: Case, target: TargetData, last: Outage) -> bool:
    """Whether a target answers again once the link is up: the last time, or the times before where that is too recent
    to be known."""
    if target["losses"][-1][1] < case.watch["duration"] or last.end is None:
        return True
    return case.watch["duration"] - last.end < RECOVERY and len(target["losses"]) > 1


def over(case: Case, loss: list[float], end: float) -> bool:
    """Whether an interval of lost probes ended, or cannot have been seen to: what was missing came back at ``end``, too
    shortly before the watch was over."""
    return loss[1] < case.watch["duration"] or case.watch["duration"] - end < RECOVERY


def described(found: Sequence[Outage]) -> str:
    """How often, how long and how regularly, in words: ``4 times, every 3.0 s, for 1.5 s each``."""
    lengths = [one.end - one.start for one in found if one.end is not None]
    lasting = f", for {fmean(lengths):.1f} s{' each' if len(lengths) > 1 else ''}" if lengths else ""
    period = rhythm.period([one.start for one in found])
    return f"{rhythm.often(len(found))}{'' if period is None else f', every {period:.1f} s'}{lasting}"
