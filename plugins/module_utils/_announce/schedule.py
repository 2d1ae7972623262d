# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When which address is probed and announced. Pure: time, chance and what was seen are given.

A start is probed first, so that no address is announced that somebody else holds. RFC 5227 takes 4 to 7 s for that,
as its probes decide whether an address is used. Here the container uses it in any case, and only the announcement
waits: two probes, and 0.4 s for an answer. Who answers later is heard until the last announcement, and ends them.
Probes leave by the parent, which the containers of this host do not hear: of them it is known what they have.
"""

from __future__ import annotations

import ipaddress
import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address

PROBING, ANNOUNCING = "probe", "announce"
#: What is sent, and the seconds since the step before. The announcements are as RFC 5227, 1.1 has them (ANNOUNCE_NUM,
#: ANNOUNCE_INTERVAL), and RFC 4861, 10 (MAX_NEIGHBOR_ADVERTISEMENT, RETRANS_TIMER).
STEPS = {
    4: ((PROBING, 0.0), (PROBING, 0.2), (ANNOUNCING, 0.2), (ANNOUNCING, 2.0)),
    6: ((PROBING, 0.0), (PROBING, 0.2), (ANNOUNCING, 0.2), (ANNOUNCING, 1.0), (ANNOUNCING, 1.0)),
}
#: Seconds until an address that another station holds is probed again, after each time that it answered; the last is
#: RATE_LIMIT_INTERVAL (RFC 5227, 1.1). Up to as much again is added, so that two hosts do not meet again.
RETRY = (2.0, 10.0, 60.0)
#: Starts of one address within a time in seconds, at most: a container that restarts in a loop is announced less often.
STARTS, PERIOD = 3, 30.0
#: Frames in a second, and at once. 60 containers with two addresses each send 240 probes in 0.2 s.
RATE, BURST = 500.0, 250.0
#: Addresses that are followed at the same time.
MOST = 4096
#: Octets of a state file that are read.
STATE_MAX = 1 << 20


class ContainerClaim(NamedTuple):
    """An address of a container. namespace: the number of its namespace; link: the index of its link."""

    namespace: int
    link: int
    mac: str
    address: Address


class Send(NamedTuple):
    claim: ContainerClaim
    what: str


@dataclass
class _Job:
    due: float
    step: int = 0
    #: How often another station was found to hold the address.
    conflicts: int = 0


class Announcements:
    """All claims, those that are announced already, and what is to be sent when.

    chance: a number from 0 to 1, random.
    """

    def __init__(self, chance: Callable[[], float], announced: Iterable[ContainerClaim] = ()) -> None:
        self._chance = chance
        self._jobs: dict[ContainerClaim, _Job] = {}
        self._announced = set(announced)
        self._starts: dict[Address, list[float]] = {}
        self._double: set[ContainerClaim] = set()
        self._tokens, self._counted = BURST, 0.0

    @property
    def announced(self) -> set[ContainerClaim]:
        """Those of which at least one announcement was sent."""
        return set(self._announced)

    def busy(self, now: float) -> bool:
        """Whether something is to be sent, or was, so that answers count."""
        return any(job.step or job.due <= now for job in self._jobs.values())

    def update(
        self, now: float, present: Iterable[ContainerClaim], ready: Iterable[ContainerClaim], complete: bool = True
    ) -> list[ContainerClaim]:
        """What a look found: claims that are there, and those of them whose link and address are in use.

        complete: whether the look has come to its end, so that what is not there is over.

        Which of two containers here shall have an address nobody knows, so one that is announced already remains and
        no other is. Those that are not announced because of that, for the first time, are returned.
        """
        kept, ready = {*present}, {*ready}
        if complete:
            self._announced &= kept
        self._jobs = {claim: job for claim, job in self._jobs.items() if claim in kept}
        holders = Counter(claim.address for claim in ready)
        new = sorted(ready - self._announced - self._jobs.keys(), key=str)
        double = {claim for claim in new if holders[claim.address] > 1}
        for claim in [claim for claim in new if claim not in double][: max(MOST - len(self._jobs), 0)]:
            self._jobs[claim] = _Job(self._earliest(now, claim.address))
        found, self._double = double - self._double, double
        return sorted(found, key=str)

    def _earliest(self, now: float, address: Address) -> float:
        """When the next start of an address may be probed."""
        times = self._starts.get(address, [])
        return max(now, times[-STARTS] + PERIOD) if len(times) >= STARTS else now

    def _count(self, now: float, address: Address) -> None:
        """Note that a start is probed. What is over is forgotten."""
        self._starts = {item: times for item, times in self._starts.items() if times[-1] > now - PERIOD}
        self._starts[address] = [*self._starts.get(address, [])[1 - STARTS :], now]

    def due(self, now: float) -> list[Send]:
        """What is to be sent now, as far as the rate allows; each of them has to be `sent` or `lost`."""
        self._tokens = min(BURST, self._tokens + max(now - self._counted, 0.0) * RATE)
        self._counted = now
        found = sorted((job.due, str(claim), claim) for claim, job in self._jobs.items() if job.due <= now)
        allowed = found[: int(self._tokens)]
        self._tokens -= len(allowed)
        return [Send(claim, _step(claim, self._jobs[claim])) for _due, _key, claim in allowed]

    def sent(self, now: float, claim: ContainerClaim) -> bool:
        """Note that a step is done; whether it was the first announcement."""
        job = self._jobs[claim]
        if not job.step:
            self._count(now, claim.address)
        first = _step(claim, job) == ANNOUNCING and claim not in self._announced
        if first:
            self._announced.add(claim)
        job.step += 1
        if job.step == len(STEPS[claim.address.version]):
            del self._jobs[claim]
        else:
            job.due = now + STEPS[claim.address.version][job.step][1]
        return first

    def lost(self, claim: ContainerClaim) -> None:
        """It is not there any more, or not in use. A look that finds it again starts anew."""
        self._jobs.pop(claim, None)
        self._announced.discard(claim)

    def heard(self, now: float, address: Address, mac: str) -> list[ContainerClaim]:
        """Somebody claims or wants an address: the claims that are not announced (further) because of that."""
        rivals = [claim for claim, job in self._jobs.items() if claim.address == address and claim.mac != mac]
        hit = [claim for claim in rivals if self._jobs[claim].step]
        for claim in hit:
            conflicts = self._jobs[claim].conflicts
            wait = RETRY[min(conflicts, len(RETRY) - 1)] * (1 + self._chance())
            self._jobs[claim] = _Job(now + wait, conflicts=conflicts + 1)
            self._announced.discard(claim)
        return hit

    def wake(self, now: float, longest: float) -> float:
        """Seconds until something is due, at most a number."""
        if self._tokens < 1:
            return min(longest, 1 / RATE)
        return max(0.0, min([longest, *(job.due - now for job in self._jobs.values())]))


def _step(claim: ContainerClaim, job: _Job) -> str:
    return STEPS[claim.address.version][job.step][0]


def write_state(announced: Iterable[ContainerClaim]) -> str:
    rows = sorted([item.namespace, item.link, item.mac, str(item.address)] for item in announced)
    return json.dumps(rows)


def read_state(text: str) -> set[ContainerClaim]:
    """What `write_state` wrote; nothing where it is anything else."""
    try:
        rows = json.loads(text[:STATE_MAX])
        return {
            ContainerClaim(int(namespace), int(index), str(mac), ipaddress.ip_address(str(address)))
            for namespace, index, mac, address in rows[:MOST]
        }
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError, OverflowError):
        return set()
