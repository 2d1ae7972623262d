# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a watch knows while it goes on. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .targets import WatchTarget

#: A loss that comes and goes is watched for so many times as long as one that stays: its pattern shows in its periods.
COMES_AND_GOES = 4.0


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
