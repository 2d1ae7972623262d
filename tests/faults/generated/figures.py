# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The figures of a batch of scenarios: for people, and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Any

from .answer import derive
from .run import Outcome


def line(outcome: Outcome) -> str:
    """A scenario with what is not as wanted below it."""
    state = "lab failed" if outcome.failed else "good" if outcome.good else "WRONG"
    first = f"{state:10} {outcome.seconds:5.1f} s  {outcome.scenario.text}"
    return "\n".join(
        [first, *(f"           {note}" for note in [*filter(None, [outcome.failed]), *outcome.found.notes])]
    )


def figures(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    made = [item for item in outcomes if not item.failed]
    faulty, healthy = [[item for item in made if derive(item.scenario).quiet is kind] for kind in (False, True)]

    def total(name: str) -> int:
        return sum(getattr(item.found, name) for item in made)

    edges = [right for item in made for right in item.found.edges]
    directions = [right for item in made for right in item.found.directions]
    culprits = [right for item in made for right in item.found.culprits]
    seconds = sorted(item.to_verdict for item in faulty)
    return {
        "scenarios": len(outcomes),
        "lab_failed": len(outcomes) - len(made),
        "faulty": len(faulty),
        "healthy": len(healthy),
        "all_right": sum(item.good for item in made),
        "causes_named": total("named"),
        "causes_wanted": total("named") + total("missed"),
        "confirmed_right": total("right"),
        "confirmed": total("right") + total("wrong"),
        "losses_explained": total("explained"),
        "losses_located": total("located"),
        "losses": total("explained") + total("located") + total("misplaced"),
        "edges_right": sum(edges),
        "directions_right": sum(directions),
        "edges": len(edges),
        "culprits_right": sum(culprits),
        "culprits": len(culprits),
        "false_alarms": sum(item.found.alarms for item in healthy),
        "seconds_to_verdict_median": round(median(seconds), 1) if seconds else None,
        "seconds_to_verdict_longest": round(seconds[-1], 1) if seconds else None,
        "wrong": [line(item) for item in outcomes if not item.good],
    }


def text(found: dict[str, Any]) -> str:
    losses = f"{found['losses_explained']} explained, {found['losses_located']} located"
    seconds = f"median {found['seconds_to_verdict_median']}, longest {found['seconds_to_verdict_longest']}"
    known = _share(found["losses_explained"] + found["losses_located"], found["losses"])
    both = _share(found["directions_right"], found["edges"])
    lines = [
        f"{found['scenarios']} scenarios: {found['all_right']} all right; {found['lab_failed']} whose lab failed",
        f"recall              {_share(found['causes_named'], found['causes_wanted'])} causes named",
        f"precision           {_share(found['confirmed_right'], found['confirmed'])} confirmed causes are there",
        f"explained, located  {known} broken targets ({losses})",
        f"edges               {_share(found['edges_right'], found['edges'])}, {both} with the direction",
        f"culprits            {_share(found['culprits_right'], found['culprits'])}",
        f"false alarms        {found['false_alarms']} in {found['healthy']} healthy or harmless scenarios",
        f"seconds             {seconds} from the first harm to the report",
    ]
    return "\n".join(lines)


def _share(part: int, whole: int) -> str:
    return f"{part} of {whole}" + (f" ({100 * part / whole:.1f} %)" if whole else "")
