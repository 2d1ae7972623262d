# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults: how to inject each into a healthy lab and undo it, and what a diagnosis has to find. One file per cause."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CONFIRMED

from . import inject as _inject


@dataclass(frozen=True)
class Fault:
    """One fault of the lab.

    name: unique; that of the cause, with ``/variant`` where it has several. cause: expected with ``status``.
    inject, undo: take the lab. prepare: what is wrong already before the watch, and still works.
    during: inject while the watch runs, so that the diagnosis has to find the moment.
    signature: seconds from the injection to the first loss. host: where the cause is expected.
    culprit: whether the verdict's culprit is the right one (takes it and the lab); None where there is none.
    also: further causes that have to be confirmed, where the fault has two.
    lab: ``ns``, ``nspawn`` or ``vm``. quick: part of `make test`.
    """

    name: str
    inject: Callable[[Any], None]
    undo: Callable[[Any], None]
    prepare: Callable[[Any], None] | None = None
    during: bool = False
    signature: float = 0.0
    host: str = "web1"
    culprit: Callable[[Mapping[str, Any], Any], bool] | None = None
    also: tuple[str, ...] = ()
    lab: str = "ns"
    quick: bool = False
    #: What people do whom a remedy asks, where that is less than ``undo``: the remedy's own steps do the rest.
    asked: Callable[[Any], None] | None = None
    #: Whether the remedy restored what no diagnosis asks for.
    restored: Callable[[Any], bool] | None = None
    #: ``suspected`` for a cause that a host alone cannot prove.
    status: str = CONFIRMED
    #: At most how many seconds the watch lasts, if not 3, or 6 for a fault during it; it ends soon after a loss.
    lasts: float | None = None
    #: Of two faults at once: both.
    parts: tuple[Fault, ...] = ()

    @property
    def duration(self) -> float:
        return self.lasts or (6.0 if self.during else 3.0)

    @property
    def cause(self) -> str:
        return self.name.split("/", maxsplit=1)[0]

    @property
    def expected(self) -> set[str]:
        return {self.cause, *self.also}


def both(one: Fault, other: Fault) -> Fault:
    """Two faults at the same time. What one needs before the watch is injected before, the other during the watch."""
    first, second = (other, one) if one.during and not other.during else (one, other)

    def prepare(lab: Any) -> None:
        for fault in (first, second):
            if fault.prepare is not None:
                fault.prepare(lab)
        if second.during and not first.during:
            first.inject(lab)

    def inject(lab: Any) -> None:
        if not second.during or first.during:
            first.inject(lab)
        second.inject(lab)

    def undo(lab: Any) -> None:
        second.undo(lab)
        first.undo(lab)

    return Fault(
        f"{one.cause}/and {other.cause}",
        inject,
        undo,
        prepare=prepare,
        during=second.during,
        host=one.host,
        culprit=one.culprit,
        also=(other.cause,),
        lab=one.lab,
        lasts=max(one.duration, other.duration),
        parts=(one, other),
    )


def all_faults() -> list[Fault]:
    """The FAULTS of every file in ``inject/``."""
    modules = [
        importlib.import_module(f"{_inject.__name__}.{found.name}") for found in pkgutil.iter_modules(_inject.__path__)
    ]
    return [fault for module in modules for fault in module.FAULTS]
