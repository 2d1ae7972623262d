# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of a remedy, and by what a culprit is known, for the page. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import (
    APPLY,
    ASK,
    BY_HAND,
    COMMAND,
    CONTAINER,
    DECLARE,
)
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.report_data import Culprit, RemedyStepData
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import UNKNOWN

from .text import clean

#: So many steps of a remedy are written out.
STEPS_SHOWN = 6

#: Who does a step, by its kind; WHERE stands for the host.
_LABELS = {
    APPLY: "apply the declaration on WHERE",
    COMMAND: "run on WHERE",
    DECLARE: "change macvlan_networks of WHERE, then apply it",
    CONTAINER: "by the container engine on WHERE",
    BY_HAND: "by hand on WHERE",
    ASK: "by others: ask",
}


@dataclass(frozen=True)
class StepLine:
    """label: who does it, and where. text: what, empty where the remedy says it already. command: whether it can be
    copied as it stands. values: of ``macvlan_networks``, one ``key: value`` each."""

    label: str
    text: str
    command: bool
    values: tuple[str, ...]


def lines(steps: Sequence[RemedyStepData], remedy: str) -> list[StepLine]:
    """The first ones. remedy: as it is shown above them."""
    return [_line(step, remedy) for step in steps[:STEPS_SHOWN]]


def _line(step: RemedyStepData, remedy: str) -> StepLine:
    text, kind = clean(step.get("text")), str(step.get("kind"))
    label = _LABELS.get(kind, clean(kind)).replace("WHERE", clean(step.get("host")) or "the host")
    namespace = clean(step.get("namespace"))
    inside = f", container {namespace}" if namespace and kind == CONTAINER else ""
    values = tuple(f"{clean(key)}: {clean(value)}" for key, value in sorted((step.get("values") or {}).items()))
    return StepLine(f"{label}{inside}", "" if text == remedy else text, kind == COMMAND, values)


@dataclass(frozen=True)
class NamedCulprit:
    """rule: by what it is known, empty where it is not."""

    text: str
    rule: str


def rule(culprit: Culprit | None) -> str:
    """By what a culprit is known, empty where none is."""
    known = clean(culprit.get("rule")) if culprit else ""
    return "" if known == UNKNOWN else known


def culprits(found: Iterable[tuple[str, str]]) -> list[NamedCulprit]:
    """Each once. found: texts and rules."""
    return [NamedCulprit(text, known) for text, known in dict.fromkeys(found) if text]
