# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an experiment is. A new one is one file with ``EXPERIMENT`` in it, its result in `results`, and one line in the
registry.

Every experiment is safe (nothing that anybody else relies on is changed), bounded (seconds and packets are constants),
announced (``sends`` is part of the result), leaves nothing behind, and is off with ``diagnose_active: false``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import field
from typing import Protocol

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.schema import PathData, SnapshotData
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.network import MacvlanNetwork
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.facts import Link
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.scope import Scope
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.timeline import TargetData

from .belief import Noise, measured, to_gateways
from .results import ExperimentData, Result

#: When an experiment runs. ASKING: after the watch, all at the same time, as they disturb neither the network nor each
#: other. REPAIRING: after those and one by one, as what is broken may work after it.
ASKING, REPAIRING = "asking", "repairing"


class Early(Protocol):
    """What a REPAIRING experiment has asked before it repairs."""

    def close(self) -> None: ...


@dataclass(frozen=True)
class Context:
    """One declared network when the watch is over.

    scope: parent, the host's link and the containers as they are now. targets: those of this network in the timeline.
    before: the first snapshot. interval, duration: seconds, of the watch.
    made: the ASKING experiments of this network that were made, for REPAIRING ones; early: what `Experiment.early`
    gave, likewise.
    """

    scope: Scope
    targets: list[TargetData] = field(default_factory=list)
    before: SnapshotData | None = None
    made: list[ExperimentData] = field(default_factory=list)
    interval: float = 0.0
    duration: float = 0.0
    early: Early | None = None

    @property
    def noise(self) -> Noise:
        """Of the paths to all of them."""
        return measured(self.targets, self.interval, self.duration)

    @property
    def gateway_noise(self) -> Noise:
        """Of the paths to gateways, where any has answered."""
        return measured(to_gateways(self.targets), self.interval, self.duration)

    def noise_over(self, ways: Collection[tuple[str, str]]) -> Noise:
        """Of those over these interfaces (label of the namespace, link) alone."""
        return measured(
            (
                item
                for item in self.targets
                for path in [self.paths.get((item["from"]["namespace"], item["target"]))]
                if path is not None and (item["from"]["namespace"], path["link"]) in ways
            ),
            self.interval,
            self.duration,
        )

    @property
    def network(self) -> MacvlanNetwork:
        return self.scope.network

    @property
    def paths(self) -> dict[tuple[str, str], PathData]:
        """The kernel's routes before the watch, by the label of the namespace and the target."""
        namespaces = self.before["namespaces"] if self.before else []
        return {(space["label"], path["target"]): path for space in namespaces for path in space.get("paths", [])}


def silence(parent: Link) -> str:
    """Why a parent can neither send nor receive, empty where it can."""
    return "" if parent.up and parent.carrier else f"{parent.name} is down or has no carrier"


def _nothing(dummy: Context) -> str:
    """For experiments that can always be made."""
    return ""


@dataclass(frozen=True)
class Experiment:
    """id: its name in the evidence. sends: what goes out and how much of it at most, in words.

    in_turns: whether hosts of a segment that make it at the same time would disturb each other (`turns`).
    listens: whether it only listens, so that it may be made while the watch still goes on.
    why_not: why it cannot or need not be made here, empty where it is made. run: makes it; None where it cannot be made
    after all. early: of a REPAIRING one, what it asks before it repairs, at the same time as the ASKING ones.
    """

    id: str
    sends: str
    run: Callable[[Context], Result | None]
    why_not: Callable[[Context], str] = _nothing
    phase: str = ASKING
    in_turns: bool = False
    listens: bool = False
    early: Callable[[Context], Early] | None = None
