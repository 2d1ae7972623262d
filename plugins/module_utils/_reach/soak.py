# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asking many questions again and again for a time, all in one loop, and noting which were answered."""

from __future__ import annotations

import math
import selectors
import time
from collections.abc import Callable, Mapping

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass

from .asking import Asking, Transport
from .lost import LOSSES
from .probes import Probe, Series

#: Sequence numbers have 16 bits (RFC 792), and one more round may follow to confirm losses.
ROUNDS_MAX = 0xFFFF

#: Seconds for which an ended namespace may be kept alive at most.
LINGER = 1.0


@dataclass(frozen=True)
class Times:
    """All in seconds. soak: from the first round to the last; interval: from one round to the next; timeout: after
    which a probe is lost."""

    soak: float = 10.0
    interval: float = 1.0
    timeout: float = 1.0

    @property
    def rounds(self) -> int:
        # A soak of 1 s in steps of 0.1 s has 11 rounds, whatever binary fractions make of that.
        return int(self.soak / self.interval + 1e-6) + 1


class Soak:
    """One run. lost: called with the probes that were lost for the first time, while the run goes on."""

    def __init__(
        self, transports: Mapping[Probe, Transport], times: Times, lost: Callable[[list[Probe]], None]
    ) -> None:
        self._transports = transports
        self._times = times
        self._lost = lost

    def run(self) -> dict[Probe, Series]:
        """Takes the soak's time; when the last round is not answered, the timeout longer, and that again to confirm a
        loss that came last."""
        with selectors.DefaultSelector() as selector:
            asking = Asking(self._transports, self._times.timeout, self._lost, selector)
            for number in range(self._times.rounds):
                _rest(asking, selector, asking.begin + number * self._times.interval)
                asking.send(asking.live)
            _listen(asking, selector, None)
            asking.drop_ended()
            asking.send([probe for probe in asking.live if asking.doubtful(probe, LOSSES)])
            _listen(asking, selector, None)
        return asking.series


def _rest(asking: Asking, selector: selectors.BaseSelector, until: float) -> None:
    """Until the next round."""
    while True:
        step = min(until, time.monotonic() + LINGER)
        _listen(asking, selector, step)
        asking.drop_ended()
        if step >= until:
            return


def _listen(asking: Asking, selector: selectors.BaseSelector, until: float | None) -> None:
    """Receive answers until then; without a time until no attempt waits any more."""
    while True:
        now = time.monotonic()
        # An answer that came in time counts, however late this process reads it.
        _receive(selector, 0)
        asking.expire(now)
        if (not asking.waiting) if until is None else now >= until:
            return
        wakes = [moment for moment in (until, asking.next_deadline) if moment]
        _receive(selector, max(min(wakes) - now, 0))


def _receive(selector: selectors.BaseSelector, timeout: float) -> None:
    for key, dummy in selector.select(timeout):
        key.data()


#: Seconds. Each round sends a packet per check, so this bounds the rate.
INTERVAL_MIN = 0.1


TIMEOUT_MIN = 0.01


LONGEST = 86400.0


def times(soak: float, interval: float, timeout: float, problems: Problems) -> Times:
    """Only good without problems."""
    bounds = (
        ("soak_seconds", soak, 0.0, LONGEST),
        ("interval", interval, INTERVAL_MIN, LONGEST),
        ("timeout", timeout, TIMEOUT_MIN, LONGEST),
    )
    wrong = [(key, value, low, high) for key, value, low, high in bounds if not _between(value, low, high)]
    for key, value, low, high in wrong:
        problems.add(
            key, value, f"this is not a number of seconds from {low:g} to {high:g}", f"write one, such as {high:g}"
        )
    made = Times(soak, interval, timeout)
    if not wrong and made.rounds >= ROUNDS_MAX:
        remedy = "raise interval, or lower soak_seconds"
        problems.add(
            "interval", interval, f"these are {made.rounds} rounds, at most {ROUNDS_MAX - 1} are possible", remedy
        )
    return made


def _between(value: float, low: float, high: float) -> bool:
    return math.isfinite(value) and low <= value <= high
