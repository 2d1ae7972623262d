# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an experiment is. A new one is one file with ``EXPERIMENT`` in it, and one line in the registry.

Every experiment is safe (nothing that anybody else relies on is changed), bounded (seconds and packets are constants),
announced (``sends`` stands in the result in words), leaves nothing behind, and is off with ``diagnose_active: false``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.network import MacvlanNetwork
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.facts import Link
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.lost import broken
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.scope import Scope

#: When an experiment runs. ASKING: after the watch, all at the same time, as they disturb neither the network nor each
#: other. REPAIRING: after those and one by one, as what is broken may work after it.
ASKING, REPAIRING = "asking", "repairing"


@dataclass(frozen=True)
class Context:
    """One declared network when the watch is over.

    scope: parent, the host's link and the containers as they are now. networks: all declared ones.
    targets: those of the timeline that belong to this network. events, counters: all of the timeline.
    before: the first snapshot. made: the results of the ASKING experiments by their ids, for REPAIRING ones.
    """

    scope: Scope
    networks: list[MacvlanNetwork] = field(default_factory=list)
    targets: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    before: dict[str, Any] = field(default_factory=dict)
    made: dict[str, Any] = field(default_factory=dict)

    @property
    def network(self) -> MacvlanNetwork:
        return self.scope.network

    @property
    def broken(self) -> list[dict[str, Any]]:
        """The targets that were lost for longer than one packet, or never answered."""
        return broken(self.targets)


def silence(parent: Link) -> str:
    """Why nobody can be asked or heard by way of a parent, empty where somebody can."""
    return "" if parent.up and parent.carrier else f"{parent.name} is down or has no carrier"


def _nothing(dummy: Context) -> str:
    """For experiments that can always be made."""
    return ""


@dataclass(frozen=True)
class Experiment:
    """id: its name in the evidence. sends: what goes out and how much of it at most, in words.

    why_not: why it cannot or need not be made here, empty where it is made. run: makes it; plain data.
    """

    id: str
    sends: str
    run: Callable[[Context], dict[str, Any]]
    why_not: Callable[[Context], str] = _nothing
    phase: str = ASKING
