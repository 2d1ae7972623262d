# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a host makes the experiments by which hosts of a segment would disturb each other. Pure.

Hosts that lost the same thing end their watches in the same second, and know nothing of each other. Each has a turn by
its place among them, and turns go round by the clock, which time services keep together; where none does, hosts meet by
chance, as they would without turns. There are a few turns only, so that many hosts wait no longer than a few: then some
of them share one.
"""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass

#: Seconds from one host's beginning to the next one's, which is what a DHCP discovery takes; and turns at most.
WIDTH, TURNS_MAX = 1.5, 4
#: An experiment is not begun in the rest of a turn.
_LATEST = 0.3


@dataclass(frozen=True)
class Turn:
    """number: from 0 on; of: how many there are, 1 for a host that is alone."""

    number: int = 0
    of: int = 1

    def wait(self, now: float) -> float:
        """Seconds until it may begin. now: seconds since the epoch."""
        if self.of < 2:
            return 0.0
        round_trip = self.of * WIDTH
        since = (now - self.number * WIDTH) % round_trip
        return 0.0 if since <= _LATEST else round_trip - since


def of_place(place: int, hosts: int) -> Turn:
    """The turn of a host. place: among the hosts that are diagnosed at the same time, from 0 on."""
    turns = max(min(hosts, TURNS_MAX), 1)
    return Turn(place % turns, turns)
