# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bars of a timeline, one for each target; equal ones are one row that counts them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.kinds import KINDS
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.lost import BROKEN, OK
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.timeline import TargetData, TimelineData
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.names import natural, of_target

from .scale import percent
from .text import after_text, clean, counted, seconds_text

#: Losses that are closer than this, in percent of the width, are drawn as one; none is drawn narrower.
LOSS_DISTANCE = 0.4
LOSS_WIDTH = 0.7
#: Bars whose losses begin and end within this share of the duration, or one interval between probes, look equal.
EQUAL = 0.01
#: So many names of a folded row are listed, and so many rows are shown; the rest is counted.
NAMES_LISTED, ROWS_SHOWN = 200, 60
#: A bar is compared with so many different ones before it.
COMPARED = 50

#: The namespaces of containers by network and address.
Places = Mapping[str, Mapping[str, str]]


@dataclass
class LossSpan:
    x: float
    width: float
    title: str


@dataclass
class TargetLane:
    """One target, or several whose bars are equal. state: ok, broken, unknown. targets: their ids."""

    name: str
    detail: str
    result: str
    state: str
    losses: list[LossSpan]
    title: str
    #: like title, with the first loss and the number of the others
    brief: str
    targets: list[str]
    #: the names of the others, where it is several, as far as they are listed
    alike: list[str] = field(default_factory=list)

    @property
    def more(self) -> int:
        """Others that are not listed."""
        return len(self.targets) - 1 - len(self.alike)


def lay_lanes(
    timeline: TimelineData, state: Mapping[str, str], places: Places, duration: float, host: str
) -> list[TargetLane]:
    """state: of the targets, by id. Network by network in their order, kind by kind, then by name."""
    targets = timeline.get("targets") or []
    networks, kinds = list(dict.fromkeys(target["network"] for target in targets)), list(KINDS)
    keyed = []
    for target in targets:
        name = clean(of_target(target, places.get(target["network"], {}), host))
        kind = kinds.index(target["kind"]) if target["kind"] in kinds else len(kinds)
        keyed.append(((networks.index(target["network"]), kind, natural(name)), name, target))
    near = max(duration * EQUAL, float(timeline.get("interval") or 0))
    groups: dict[tuple[object, ...], list[list[tuple[str, TargetData]]]] = {}
    rows: list[list[tuple[str, TargetData]]] = []
    for _key, name, target in sorted(keyed, key=lambda item: item[0]):
        look = (target["network"], target["kind"], state[target["id"]], _detail(target), len(target["losses"]))
        same = groups.setdefault(look, [])
        row = next((row for row in same[-COMPARED:] if _equal(row[0][1]["losses"], target["losses"], near)), None)
        if row is None:
            row = []
            same.append(row)
            rows.append(row)
        row.append((name, target))
    return [_lane(row, state[row[0][1]["id"]], duration) for row in rows]


def _equal(one: Sequence[Sequence[float]], other: Sequence[Sequence[float]], near: float) -> bool:
    """Whether intervals in the same number are the same ones."""
    pairs = zip(one, other, strict=True)
    return all(
        len(mine) == len(theirs) and all(abs(a - b) <= near for a, b in zip(mine, theirs, strict=True))
        for mine, theirs in pairs
    )


def _detail(target: TargetData) -> str:
    details = [clean(text) for text in (target.get("impossible"), target.get("errors"), target.get("ended"))]
    macs = target.get("answered_by") or []
    if len(macs) > 1:
        details.append(f"answered by {len(macs)} MACs: {clean(macs)}")
    return ", ".join(filter(None, details))


def _lane(row: Sequence[tuple[str, TargetData]], state: str, duration: float) -> TargetLane:
    name, target = row[0]
    losses = _losses(target.get("losses") or [], duration)
    sent, received = (sum(item[key] for _name, item in row) for key in ("sent", "received"))
    each = {(item["sent"], item["received"]) for _name, item in row}
    result = f"{received}/{sent}" if sent else "not asked"
    if len(row) > 1 and len(each) == 1 and sent:
        result = f"{target['received']}/{target['sent']}"
    answered = f"{received} of {sent} answered" if sent else result
    several = f" and {len(row) - 1} alike" if len(row) > 1 else ""
    spans = ", ".join(span.title for span in losses[:8]) + (" and more" if len(losses) > 8 else "")
    others = f", and {counted(len(losses) - 1, 'more loss', 'more losses')}" if len(losses) > 1 else ""
    return TargetLane(
        name=name,
        detail=_detail(target),
        result=result,
        state=state,
        losses=losses,
        title=". ".join(filter(None, [f"{name}{several}", answered, spans])),
        brief=f"{name}{several}: {answered}{f', {losses[0].title}' if losses else ''}{others}",
        targets=[item["id"] for _name, item in row],
        alike=[other for other, _item in row[1 : NAMES_LISTED + 1]],
    )


def shown(lanes: Sequence[TargetLane]) -> tuple[list[TargetLane], int]:
    """The rows that are drawn, lost ones before others where they are too many, and the number of those left out."""
    if len(lanes) <= ROWS_SHOWN:
        return list(lanes), 0
    order = {BROKEN: 0, OK: 2}
    chosen = sorted(range(len(lanes)), key=lambda number: (order.get(lanes[number].state, 1), number))[:ROWS_SHOWN]
    return [lanes[number] for number in sorted(chosen)], len(lanes) - ROWS_SHOWN


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
        x = min(percent(start, duration), 100 - LOSS_WIDTH)
        width = max(round(percent(end, duration) - x, 2), LOSS_WIDTH)
        many = f", {number} losses" if number > 1 else ""
        until = "the end" if end >= duration else after_text(end)
        spans.append(
            LossSpan(x, width, f"no answer from {after_text(start)} to {until} ({seconds_text(end - start)}{many})")
        )
    return spans
