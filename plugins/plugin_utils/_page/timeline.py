# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The layout of the timeline of one host. Pure.

Positions are percentages of the duration, so that the page can be as wide as the screen. Events get one row per group
of kinds; those of a row that would overlap become one mark with their number.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.lost import BROKEN, states
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.timeline import CounterData, Event, TimelineData
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.account import JUST_BEFORE, can_break

from .lanes import Places, TargetLane, lay_lanes, shown
from .scale import Tick, percent, ticks
from .text import after_text, clean, later, moment_text, origin_text, parse_time, process_text, seconds_text

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
#: So many events are listed, the most important ones, and so many routine ones; the others are only in report.json.
EVENTS_LISTED, ROUTINE_LISTED = 25, 6
EVENTS_IN_MARK = 4
#: Events up to so many seconds after the first loss may belong to its reason: they were noticed a little later.
JUST_AFTER = 0.5
#: An event so close to the moment of a verdict is what the verdict is about.
SAME_MOMENT = 0.002


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
    #: whether a link went down, lost its carrier or was removed
    ended: bool = False
    #: whether it is the most likely reason of the first loss
    likely: bool = False

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
    #: rows of targets that are not shown
    lanes_left_out: int = 0
    break_x: float | None = None
    break_text: str = ""
    events: list[EventRow] = field(default_factory=list)

    @property
    def near(self) -> bool:
        return any(event.near for event in self.events)


def lay_out(
    timeline: TimelineData,
    correction: float = 0.0,
    places: Places | None = None,
    host: str = "host",
    causes: Sequence[float] = (),
) -> TimelineView:
    """correction: seconds to add to the host's clock to get the controller's. places: of its containers.

    causes: when what is confirmed happened, in seconds after the start.
    """
    duration = max(float(timeline.get("duration") or 0), 0.001)
    began = later(parse_time(timeline.get("started")), correction)
    state = states(timeline.get("targets") or [])
    lanes = lay_lanes(timeline, state, places or {}, duration, host)
    broke, text = _first_loss(timeline, state, lanes)
    before = JUST_BEFORE + float(timeline.get("interval") or 0)
    events = _events(timeline.get("events") or [], began, broke, before)
    listed = _listed(_different(events), broke, causes)
    drawn, left_out = shown(lanes)
    return TimelineView(
        began=moment_text(began),
        duration=seconds_text(duration),
        ticks=ticks(duration),
        lanes=drawn,
        lanes_left_out=left_out,
        rows=_rows(events, {event.number for event in listed}, duration),
        listed=listed,
        not_listed=len(events) - sum(event.times for event in listed),
        counters=[_counter(item) for item in timeline.get("counters") or [] if item.get("before") != item.get("after")],
        limits=[clean(item) for item in timeline.get("limits") or []],
        break_x=None if broke is None else percent(broke, duration),
        break_text=text,
        events=events,
    )


def _first_loss(
    timeline: TimelineData, state: Mapping[str, str], lanes: Sequence[TargetLane]
) -> tuple[float | None, str]:
    """When the first of the lost targets was lost, and in words which; without a moment where none ever answered."""
    lost = [target for target in timeline.get("targets") or [] if state[target["id"]] == BROKEN]
    if not lost:
        return None, ""
    answered = [item for item in lost if item["received"]]
    timed = [(loss, item["id"]) for item in answered for loss in [item["first_loss"]] if loss is not None]
    first = timeline.get("first_break")
    if first and state.get(first["target"]) == BROKEN:
        timed = [(first["after"], first["target"])]
    after, target = min(timed) if timed else (None, lost[0]["id"])
    name = next(lane.name for lane in lanes if target in lane.targets)
    return after, f"first loss {after_text(after)}: {name}" if after is not None else f"lost from the start: {name}"


def _counter(counter: CounterData) -> CounterRow:
    place = [clean(part) for part in (counter["namespace"], counter["link"]) if part]
    return CounterRow(
        name=clean(counter["name"]),
        where=": ".join(place) or "host",
        before=clean(counter["before"]),
        after=clean(counter["after"]),
    )


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
                near=_near(after, broke, before) if can_break(event) else "",
                ended=_ended(event),
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


def _ended(event: Event) -> bool:
    """Whether a link went down, lost its carrier or was removed."""
    if event["kind"] != "link":
        return False
    changes = event["data"].get("changed", {})
    return event["action"] == "delete" or any(changes.get(name) == [True, False] for name in ("up", "carrier"))


def _near(after: float, broke: float | None, before: float) -> str:
    if broke is None or not broke - before <= after <= broke + JUST_AFTER:
        return ""
    distance = seconds_text(broke - after)
    return f"{distance} {'before' if after <= broke else 'after'} the first loss"


def _listed(events: Sequence[EventRow], broke: float | None, causes: Sequence[float]) -> list[EventRow]:
    """The ones that matter most: what may be the reason of the first loss before the rest, which is by time."""
    important = sorted((event for event in events if not event.routine), key=_importance)[:EVENTS_LISTED]
    routine = sorted((event for event in events if event.routine), key=lambda event: abs(event.after - (broke or 0)))
    room = min(EVENTS_LISTED - len(important), ROUTINE_LISTED)
    chosen = sorted([*important, *routine[:room]], key=lambda event: event.number)
    likely = _likely(chosen, broke, causes)
    if likely is not None:
        likely.likely = True
    return sorted(chosen, key=lambda event: (not event.likely, event.own or not event.near, event.number))


def _likely(events: Sequence[EventRow], broke: float | None, causes: Sequence[float]) -> EventRow | None:
    """What a confirmed cause is about; without one, of what can break a path, the last before the first loss: a link
    that ended before others, and what somebody did before what just happened."""
    others = [event for event in events if not event.own and not event.routine]
    named = [event for event in others if any(abs(event.after - moment) < SAME_MOMENT for moment in causes)]
    near = [event for event in others if event.near and broke is not None and event.after <= broke]
    return min(
        named or near,
        key=lambda event: (not event.ended, _WEIGHT.get(event.kind, 2), not event.process, -event.after),
        default=None,
    )


#: The kinds of events by how directly they break a path.
_WEIGHT = {"address": 0, "route": 0, "link": 0, "manager": 1, "rule": 1, "process": 1, "counter": 2, "neighbour": 3}


def _importance(event: EventRow) -> tuple[bool, bool, int, int]:
    """First those near the first loss, then those of known processes, then by kind."""
    return event.own or not event.near, event.own or not event.process, _WEIGHT.get(event.kind, 2), event.number


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
        x = percent(group[0].after, duration)
        marks.append(
            EventMark(
                x, len(group), title, number, any(e.process and not e.own for e in group), any(e.near for e in group)
            )
        )
    return marks
