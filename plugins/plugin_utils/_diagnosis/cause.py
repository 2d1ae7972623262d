# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a cause is. Pure.

A cause is one file of `causes`: ``CAUSE = Cause(id=…, …, judge=judge)`` and a pure function
``judge(case) -> CauseVerdict``.
Nothing else names it: `registry` finds it. A judge never raises for missing evidence: it says
``case.not_tested("why")``, or asks the case for a part, which then raises `Lacking`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.kinds import (
    CONTAINER_TO_GATEWAY,
    GATEWAY_FROM_PARENT,
    KINDS,
)

from .case import Case
from .remedy import APPLY, RemedyStep, apply
from .verdict import CauseVerdict

BEYOND_PARENT = tuple(kind for kind in KINDS if kind != GATEWAY_FROM_PARENT)
#: What passes the host itself, and what passes its link: containers reach the gateway without either.
OF_HOST = tuple(kind for kind in KINDS if kind != CONTAINER_TO_GATEWAY)
OF_LINK = tuple(kind for kind in BEYOND_PARENT if kind != CONTAINER_TO_GATEWAY)


@dataclass(frozen=True)
class Cause:
    """One way in which a macvlan link breaks.

    title: a few words. explanation: why this breaks the link, two or three sentences. remedy: a command, or the
    variable to set. signature: when it shows (at once, after 30 s, …). proof: what proves it. must: letters of what the
    collection does about it: P prevents, R refuses, D diagnoses (``confirmed``), H hints (``suspected``).
    rank: precedence among confirmed causes of one network: where several explain a consequence, the lowest has it.
    needs: evidence without which nothing can be said; keys of `Case.lacks`.
    explains: ids of causes that are consequences of this one, where it is confirmed and explains all that they lost
    (`explained`).
    breaks: kinds of target that it can break; `BEYOND_PARENT` where the parent's own traffic is not touched, `OF_HOST`
    where what containers and the gateway send each other is not, `OF_LINK` where neither is. A verdict explains the
    losses that it names as far as they are of these kinds, and where it names none all that are.
    silences: kinds of target that cannot answer while the cause is there: answers to them contradict it.
    closes_parent: whether it is a state of the parent in which nothing passes it, whatever was asked.
    everywhere: whether other machines lose the addresses of the targets that a verdict cites as well.
    by: what carries its remedy out (a kind of step of `remedy`), unless a verdict has steps of its own.
    """

    id: str
    rank: int
    title: str
    explanation: str
    remedy: str
    signature: str
    proof: str
    must: str
    by: str
    judge: Callable[[Case], CauseVerdict]
    needs: tuple[str, ...] = ("after",)
    explains: tuple[str, ...] = ()
    breaks: tuple[str, ...] = tuple(KINDS)
    silences: tuple[str, ...] = ()
    closes_parent: bool = False
    everywhere: bool = False

    def step(self, remedy: str) -> RemedyStep:
        """The whole remedy as one step."""
        return apply() if self.by == APPLY else RemedyStep(self.by, remedy)
