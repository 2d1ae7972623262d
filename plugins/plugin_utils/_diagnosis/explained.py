# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which losses a verdict explains, and so which other verdicts are its consequences. Pure.

The account of a target and the law of consequences ask the same here: what a verdict explained stays explained when
that verdict is a consequence.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import replace

from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.kinds import GATEWAY_FROM_PARENT
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.lost import broken
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.timeline import TargetData, TimelineData

from .case import Case
from .cause import Cause
from .names import ENDS
from .registry import BY_ID
from .verdict import CauseVerdict

#: Seconds by which a loss may be noted before the moment that a verdict names, beside one round of probes.
BEFORE_CAUSE = 1.0


# ---- what a verdict explains -----------------------------------------------------------------------------------------


def naming(verdict: CauseVerdict, cause: Cause, case: Case) -> CauseVerdict:
    """A verdict with all that it explains: what its judge named or, where it named none, all that its cause breaks.

    case: the one that it was judged on.
    """
    lost = case.broken()
    named = case.named or {}
    wide = not case.alone and (case.named is None or not (named or lost))
    if wide:
        named = dict.fromkeys(item["id"] for item in lost)
    return replace(
        verdict,
        targets=tuple(name for name in named if _breaks(cause, kind_of(name))),
        addresses=tuple(case.addresses),
        wide=wide,
    )


def kind_of(target: str) -> str:
    """The kind of a target by its id."""
    return target.split("/", maxsplit=2)[1] if "/" in target else ""


def _breaks(cause: Cause, kind: str) -> bool:
    """Whether a cause can break targets of a kind; of those that the drawing has no line for, nothing is known."""
    return kind not in ENDS or kind in cause.breaks


def explains(verdict: CauseVerdict, target: TargetData, interval: float) -> bool:
    """Whether the loss of a target is what a verdict is about, and not from before the cause. interval: seconds."""
    if not is_about(verdict, target):
        return False
    if verdict.after is None:
        return True
    began = target["first_loss"] if target["received"] else 0.0
    return began is None or began >= verdict.after - BEFORE_CAUSE - interval


def is_about(verdict: CauseVerdict, target: TargetData) -> bool:
    """Whether a verdict is about a target: of its network, or one that was requested beside the networks and shares
    the way of what it is about, its address or all that is behind the parent."""
    if not target["network"]:
        return target["target"] in verdict.parts or of_all(verdict)
    if verdict.network != target["network"]:
        return False
    return _breaks(BY_ID[verdict.cause], target["kind"]) if verdict.wide else target["id"] in verdict.named


def of_all(verdict: CauseVerdict) -> bool:
    """Whether a verdict is about all that passes the parent."""
    cause = BY_ID[verdict.cause]
    return cause.closes_parent or (
        GATEWAY_FROM_PARENT in cause.breaks and (verdict.wide or GATEWAY_FROM_PARENT in verdict.parts)
    )


# ---- consequences ----------------------------------------------------------------------------------------------------


class Consequences:
    """By the timeline of a host, which verdicts are consequences of others there.

    watch: None where nothing was watched: then nothing is known to be lost.
    """

    def __init__(self, watch: TimelineData | None) -> None:
        self._lost = {item["id"]: item for item in broken(watch["targets"])} if watch else {}
        self._interval = watch["interval"] if watch else 0.0

    def is_one(self, verdict: CauseVerdict, root: CauseVerdict, confirmed: Iterable[CauseVerdict]) -> bool:
        """Whether a verdict is a consequence of a confirmed one: its cause may be, and all that it lost is what the
        other one explains, or at least a part of it, and independent ones of the same network explain the rest."""
        if verdict.cause not in consequences(root.cause):
            return False
        rest = [name for name in verdict.targets if not self._covers(root, name)]
        if not rest:
            return True
        if len(rest) == len(verdict.targets):
            return False
        others = independent(confirmed)
        return all(any(self._covers(other, name) for other in others) for name in rest)

    def _covers(self, root: CauseVerdict, name: str) -> bool:
        target = self._lost.get(name)
        if target is not None:
            return explains(root, target, self._interval)
        # An experiment asked it in vain, or it does not count as broken: pings that a gateway drops.
        cause = BY_ID[root.cause]
        return name in root.named or ((root.wide or cause.closes_parent) and _breaks(cause, kind_of(name)))


def independent(confirmed: Iterable[CauseVerdict]) -> list[CauseVerdict]:
    """Those of which no other may be the root: they stay confirmed, whatever becomes of the others."""
    listed = list(confirmed)
    dependent = {name for item in listed for name in consequences(item.cause)}
    return [item for item in listed if item.cause not in dependent]


@functools.cache
def consequences(name: str) -> frozenset[str]:
    """The ids of the consequences of a cause, and theirs; a cause is never its own."""
    found: set[str] = set()
    waiting = [*BY_ID[name].explains]
    while waiting:
        other = waiting.pop()
        if other not in found and other != name:
            found.add(other)
            waiting.extend(BY_ID[other].explains if other in BY_ID else ())
    return frozenset(found)
