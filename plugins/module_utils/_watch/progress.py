# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a watch knows while it goes on. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .targets import WatchTarget


@dataclass(frozen=True)
class Progress:
    """All times in seconds after the start.

    targets: how many are asked. answering: how many answered the last question that was decided.
    broken: when something was found to be broken, for which a watch ends early; None where nothing is.
    losses: when each target was found to be lost, in that order.
    """

    after: float = 0.0
    targets: int = 0
    answering: int = 0
    broken: float | None = None
    losses: Mapping[WatchTarget, float] = field(default_factory=dict)
