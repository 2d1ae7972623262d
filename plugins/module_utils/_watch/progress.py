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
    losses: when each target was found to be lost, in that order. returned: whether one of them answered again.
    """

    after: float = 0.0
    targets: int = 0
    answering: int = 0
    broken: float | None = None
    losses: Mapping[WatchTarget, float] = field(default_factory=dict)
    returned: bool = False

    def ends(self, after_break: float | None) -> float | None:
        """When the watch is to end early; None where it is not. after_break: seconds after something broke."""
        if self.broken is None or after_break is None:
            return None
        return self.broken + after_break * (COMES_AND_GOES if self.returned else 1.0)
