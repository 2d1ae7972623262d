# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a watch knows while it goes on. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.asking import Steady

from .targets import WatchTarget

#: A loss that comes and goes is watched for so many times as long as one that stays: its pattern shows in its periods.
COMES_AND_GOES = 4.0

#: Of a calm watch: seconds that the slowest answer took at most, answers of all targets together at least, and seconds
#: at least for which it goes on after something was found to be broken.
QUICK, ANSWERS, AFTER_LEAST = 0.1, 12, 1.0


@dataclass(frozen=True)
class Progress:
    """All times in seconds after the start.

    targets: how many are asked. answering: how many answered the last question that was decided.
    broken: when something was found to be broken, for which a watch ends early; None where nothing is.
    since: when the first question was sent that it did not answer, where no answer can come late; None otherwise.
    losses: when each target was found to be lost, in that order. returned: whether one of them answered again.
    """

    after: float = 0.0
    targets: int = 0
    answering: int = 0
    broken: float | None = None
    since: float | None = None
    losses: Mapping[WatchTarget, float] = field(default_factory=dict)
    returned: bool = False

    @property
    def counts_from(self) -> float | None:
        """From when the seconds count for which a watch goes on; None where nothing is broken."""
        return self.broken if self.since is None or self.returned else self.since

    def ends(self, after_break: float | None) -> float | None:
        """When the watch is to end early; None where it is not. after_break: seconds after something broke."""
        begin = self.counts_from
        if begin is None or after_break is None:
            return None
        return begin + after_break * (COMES_AND_GOES if self.returned else 1.0)


def calm_since(targets: Sequence[Steady], broken: float, after_break: float | None) -> float | None:
    """When the first question was sent that was lost, of several targets the last of these moments; None where a watch
    is not calm.

    Where all targets have answered quickly, and had lost nothing before, a silence is neither a slow path nor a
    coincidence. broken: when it was found, by which this is no later. after_break: seconds for which the watch goes on.
    """
    lost = [one.since for one in targets if one.since is not None]
    if after_break is None or not lost or sum(one.answers for one in targets) < ANSWERS:
        return None
    if max(one.slowest for one in targets) > QUICK:
        return None
    earliest = broken - max(after_break - AFTER_LEAST, 0.0)
    return min(max(*lost, earliest), broken)
