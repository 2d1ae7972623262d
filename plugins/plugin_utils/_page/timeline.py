# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The layout of the timeline of one host. Pure.

Positions are percentages of the duration, so that the page can be as wide as the screen. Events get one row per group
of kinds; those of a row that would overlap become one mark with their number.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.kinds import KINDS
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.lost import broken
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.timeline import (
    CounterData,
    Event,
    TargetData,
    TimelineData,
)

from .text import after_text, clean, counted, later, moment_text, origin_text, parse_time, process_text, seconds_text

#: The rows of events, top to bottom, and the kinds of events in them.
EVENT_ROWS = (
    ("links", ("link",)),
    ("addresses", ("address",)),
    ("routes and rules", ("route", "rule")),
    ("neighbours", ("neighbour",)),
    ("ARP and ND", ("arp", "nd")),
    ("managers", ("manager", "process")),
    ("counters", ("counter",)),
)
#: Marks of one row are at least this far apart, in percent of the width: 11 px on a telephone.
MARK_DISTANCE = 3.3
#: Losses that are closer than this are drawn as one; none is drawn narrower.
LOSS_DISTANCE = 0.4
LOSS_WIDTH = 0.7
#: So many events are listed, the most important ones, and so many routine ones; the others are only in report.json.
EVENTS_LISTED, ROUTINE_LISTED = 25, 6
EVENTS_IN_MARK = 4
#: Events up to so many seconds, and an interval between two probes, before the first loss may be its reason: the probe
#: that is lost first is sent up to an interval after the path broke.
JUST_BEFORE = 1.0
JUST_AFTER = 0.5
#: Kinds of events that can break a path; of frames on the wire only another MAC address for an IP address.
_BREAKING = ("link", "address", "route", "rule", "manager", "process")

_STEPS = (1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400)


@dataclass
class LossSpan:
    x: float
    width: float
    title: str


@dataclass
class TargetLane:
    """One target. state: ok, broken, unknown."""

    name: str
    detail: str
    result: str
    state: str
    losses: list[LossSpan]
    title: str
    #: like title, with the first loss and the number of the others
    brief: str


@dataclass
class EventRow:
    number: int
    after: float
    relative: str
    absolute: str
    kind: str
    action: str
    where: str
    what: str
    process: str
    #: the command of the process, and who started it
    origin: str
    #: why the process is not known, or which it may have been
    unknown: str
    #: whether the diagnosis itself caused it
    own: bool
    #: the time between the event and the first loss, empty where it is far from it
    near: str
    #: how often the same was seen, and when last; the first one is listed
    times: int = 1
    last: str = ""
    #: the number of the event that is listed for it
    row: int = 0

    @property
    def routine(self) -> bool:
        """Whether neighbours merely resolve each other's addresses."""
        heard = self.kind in ("arp", "nd") and self.action == "seen"
        return not self.process and (heard or self.kind == "neighbour")

    @property
    def title(self) -> str:
        by = f", by {self.process}" if self.process else ""
        return f"{self.relative} {self.what}{by}"


@dataclass
class EventMark:
    x: float
    count: int
    title: str
    #: the row of the list to go to, None where none of the events is listed
    number: int | None
    named: bool
    near: bool


@dataclass
class Tick:
    x: float
    text: str
    anchor: str


@dataclass
class CounterRow:
    name: str
    where: str
    before: str
    after: str


@dataclass
class TimelineView:
    began: str
    duration: str
    ticks: list[Tick]
    lanes: list[TargetLane]
    rows: list[tuple[str, list[EventMark]]]
    listed: list[EventRow]
    not_listed: int
    counters: list[CounterRow]
    limits: list[str]
    break_x: float | None = None
    break_text: str = ""
    events: list[EventRow] = field(default_factory=list)

    @property
    def near(self) -> bool:
        return any(event.near for event in self.events)


def lay_out(timeline: TimelineData, correction: float = 0.0) -> TimelineView:
    """correction: seconds to add to the host's clock to get the controller's."""
    duration = max(float(timeline.get("duration") or 0), 0.001)
    began = later(parse_time(timeline.get("started")), correction)
    first, targets = timeline.get("first_break"), timeline.get("targets") or []
    broke = first["after"] if first else None
    lost = {target["id"] for target in broken(targets)}
    before = JUST_BEFORE + float(timeline.get("interval") or 0)
    events = _events(timeline.get("events") or [], began, broke, before)
    listed = _listed(_different(events), broke)
    return TimelineView(
        began=moment_text(began),
        duration=seconds_text(duration),
        ticks=_ticks(duration),
        lanes=[_lane(target, target["id"] in lost, duration) for target in targets],
        rows=_rows(events, {event.number for event in listed}, duration),
        listed=listed,
        not_listed=len(events) - sum(event.times for event in listed),
        counters=[_counter(item) for item in timeline.get("counters") or [] if item.get("before") != item.get("after")],
        limits=[clean(item) for item in timeline.get("limits") or []],
        break_x=None if broke is None else _percent(broke, duration),
        break_text=f"first loss {after_text(broke)}{_routes(first['target'], targets)}" if first else "",
        events=events,
    )


def _counter(counter: CounterData) -> CounterRow:
    place = [clean(part) for part in (counter["namespace"], counter["link"]) if part]
    return CounterRow(
        name=clean(counter["name"]),
        where=": ".join(place) or "host",
        before=clean(counter["before"]),
        after=clean(counter["after"]),
    )


def _routes(target_id: str, targets: Sequence[TargetData]) -> str:
    return next((f": {_route(target)}" for target in targets if target["id"] == target_id), "")


def _route(target: TargetData) -> str:
    """``lan0 → 192.168.100.130``"""
    origin = target["from"]
    source = ":".join(clean(part) for part in (origin["namespace"], origin["link"]) if part) or "host"
    return f"{source} → {clean(target['target'])}"


def _percent(seconds: float, duration: float) -> float:
    return round(min(max(100 * float(seconds) / duration, 0), 100), 2)


def _ticks(duration: float) -> list[Tick]:
    step = next((step for step in _STEPS if duration / step <= 6), duration / 6)
    seconds = [step * number for number in range(int(duration / step) + 1)]
    ticks = []
    for second in seconds:
        x = _percent(second, duration)
        anchor = "start" if x < 4 else "end" if x > 94 else "middle"
        ticks.append(Tick(x, f"{second:g} s" if step < 120 else f"{second / 60:g} min", anchor))
    return ticks


def _lane(target: TargetData, lost: bool, duration: float) -> TargetLane:
    sent, received = target["sent"], target["received"]
    losses = _losses(target.get("losses") or [], duration)
    result = f"{received}/{sent}" if sent else "not asked"
    # a target that never answers and is not broken is a router that drops pings
    state = "broken" if lost else "ok" if received else "unknown"
    details = [KINDS.get(target["kind"]) or clean(target["kind"]).replace("_", " ")]
    details.append(clean(target["method"]).replace("_", "-"))
    details += [clean(text) for text in (target.get("impossible"), target.get("errors"), target.get("ended"))]
    macs = target.get("answered_by") or []
    if len(macs) > 1:
        details.append(f"answered by {len(macs)} MACs: {clean(macs)}")
    spans = ", ".join(span.title for span in losses[:8]) + (" and more" if len(losses) > 8 else "")
    name, answered = _route(target), f"{received} of {sent} answered" if sent else result
    title = ". ".join(filter(None, [name, answered, spans]))
    others = f", and {counted(len(losses) - 1, 'more loss', 'more losses')}" if len(losses) > 1 else ""
    brief = f"{name}: {answered}{f', {losses[0].title}' if losses else ''}{others}"
    return TargetLane(name, ", ".join(filter(None, details)), result, state, losses, title, brief)


def _losses(losses: Sequence[Sequence[float]], duration: float) -> list[LossSpan]:
    """Intervals as spans; those that would touch each other are one."""
    merged: list[tuple[float, float, int]] = []
    for start, end in sorted((loss[0], loss[1]) for loss in losses if len(loss) == 2):
        if merged and start - merged[-1][1] < duration * LOSS_DISTANCE / 100:
            begin, last, number = merged.pop()
            merged.append((begin, max(last, end), number + 1))
        else:
            merged.append((start, end, 1))
    spans = []
    for start, end, number in merged:
        x = min(_percent(start, duration), 100 - LOSS_WIDTH)
        width = max(round(_percent(end, duration) - x, 2), LOSS_WIDTH)
        many = f", {number} losses" if number > 1 else ""
        until = "the end" if end >= duration else after_text(end)
        spans.append(
            LossSpan(x, width, f"no answer from {after_text(start)} to {until} ({seconds_text(end - start)}{many})")
        )
    return spans


def _events(events: Sequence[Event], began: datetime | None, broke: float | None, before: float) -> list[EventRow]:
    found = []
    for number, event in enumerate(sorted(events, key=lambda event: event["after"]), 1):
        after, process = event["after"], event["process"]
        place = [clean(part) for part in (event["namespace"], event["link"]) if part]
        found.append(
            EventRow(
                number=number,
                after=after,
                relative=f"{after:+.3f} s",
                absolute=moment_text(later(began, after)),
                kind=clean(event["kind"]),
                action=clean(event["action"]),
                where=": ".join(place),
                what=clean(event["what"]) or f"{clean(event['kind'])} {clean(event['action'])}",
                process=process_text(process),
                origin=origin_text(process),
                unknown=_unknown(event),
                own=bool(process and process.get("self")),
                near=_near(after, broke, before) if _can_break(event) else "",
            )
        )
    return found


def _different(events: Sequence[EventRow]) -> list[EventRow]:
    """Events that repeat are one, which counts them; near the first loss where one of them is."""
    found: dict[tuple[str, ...], EventRow] = {}
    for event in events:
        first = found.setdefault((event.kind, event.action, event.where, event.what, event.process), event)
        event.row = first.number
        if first is not event:
            first.times += 1
            first.last = event.relative
            first.near = first.near or event.near
    return list(found.values())


def _unknown(event: Event) -> str:
    suspects = [process_text(item) for item in event.get("suspects") or []]
    return f"perhaps {', '.join(suspects)}" if suspects else clean(event["process_unknown"])


def _can_break(event: Event) -> bool:
    claimed = event["kind"] in ("arp", "nd") and event["action"] == "change"
    return claimed or event["kind"] in _BREAKING


def _near(after: float, broke: float | None, before: float) -> str:
    if broke is None or not broke - before <= after <= broke + JUST_AFTER:
        return ""
    distance = seconds_text(broke - after)
    return f"{distance} {'before' if after <= broke else 'after'} the first loss"


def _listed(events: Sequence[EventRow], broke: float | None) -> list[EventRow]:
    important = sorted((event for event in events if not event.routine), key=_importance)[:EVENTS_LISTED]
    routine = sorted((event for event in events if event.routine), key=lambda event: abs(event.after - (broke or 0)))
    room = min(EVENTS_LISTED - len(important), ROUTINE_LISTED)
    return sorted([*important, *routine[:room]], key=lambda event: event.number)


def _importance(event: EventRow) -> tuple[bool, bool, int, int]:
    """First those near the first loss, then those of known processes, then by kind."""
    weight = {"address": 0, "route": 0, "link": 0, "manager": 1, "rule": 1, "process": 1, "counter": 2, "neighbour": 3}
    return event.own or not event.near, event.own or not event.process, weight.get(event.kind, 2), event.number


def _rows(events: Sequence[EventRow], listed: Collection[int], duration: float) -> list[tuple[str, list[EventMark]]]:
    rows = []
    known = {kind for _name, kinds in EVENT_ROWS for kind in kinds}
    for name, kinds in (*EVENT_ROWS, ("other", ())):
        own = [event for event in events if (event.kind in kinds if kinds else event.kind not in known)]
        if own:
            rows.append((name, _marks(own, listed, duration)))
    return rows


def _marks(events: Sequence[EventRow], listed: Collection[int], duration: float) -> list[EventMark]:
    groups: list[list[EventRow]] = []
    for event in events:
        if groups and 100 * (event.after - groups[-1][0].after) / duration < MARK_DISTANCE:
            groups[-1].append(event)
        else:
            groups.append([event])
    marks = []
    for group in groups:
        named = sorted(sorted(group, key=_importance)[:EVENTS_IN_MARK], key=lambda event: event.number)
        more = len(group) - len(named)
        title = "\n".join([event.title for event in named] + ([f"and {more} more"] if more else []))
        number = next((event.row for event in sorted(group, key=_importance) if event.row in listed), None)
        x = _percent(group[0].after, duration)
        marks.append(
            EventMark(
                x, len(group), title, number, any(e.process and not e.own for e in group), any(e.near for e in group)
            )
        )
    return marks
