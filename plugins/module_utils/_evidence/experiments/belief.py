# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How often an experiment asks, and for how long it waits, so that its silence is no coincidence. Pure.

The watch has measured what the paths lose and how slow they are while they answer. From that follow the number of
questions and the patience; where these would take too long, the experiment proves nothing and is not made.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.kinds import GATEWAYS
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.timeline import TargetData

#: The chance at most that a target that can answer stays silent for all questions of an experiment.
CHANCE = 0.001
#: Questions of one experiment at most, and the seconds over which they are spread at most.
NUMBER_MAX, SPAN_MAX = 24, 8.0
#: Seconds: for how long answers are waited for at least and at most. The second is the longest round trip of a host
#: that counts as answering (RFC 6298, 2.4 and 2.5 have 1 s and 60 s for a protocol that has the time).
PATIENCE_MIN, PATIENCE_MAX = 0.5, 5.0
#: A retransmission timer waits for the mean and four times the deviation (RFC 6298, 2.3).
_DEVIATIONS = 4.0
#: Of the normal distribution, for 95 % on one side.
_QUANTILE = 1.645
#: No measurement of this length excludes a rarer loss.
_LOSS_MIN = 0.001


@dataclass(frozen=True)
class Noise:
    """What paths do that are not broken. loss: the share of questions that stay without answer, from above; burst: for
    how many seconds they stayed so at most before answers came again; rtt, spread: seconds, the longest round trip and
    how far above the mean that is."""

    loss: float = _LOSS_MIN
    burst: float = 0.0
    rtt: float = 0.0
    spread: float = 0.0

    @property
    def patience(self) -> float:
        """Seconds for which an answer is waited for."""
        return min(max(PATIENCE_MIN, 2 * self.rtt, self.rtt + _DEVIATIONS * self.spread), PATIENCE_MAX)


#: Of paths of which nothing is known.
QUIET = Noise()


def measured(targets: Iterable[TargetData], interval: float, duration: float) -> Noise:
    """The noise of the worst of these targets; those that never answered, and losses that have not ended, are the fault
    and not the noise. interval: seconds between two questions; duration: of the watch."""
    worst = QUIET
    for target in targets:
        if not target["received"]:
            continue
        lost = target["sent"] - target["received"]
        ended = [item for item in target["losses"] if item[1] < duration]
        going_on = [item for item in target["losses"] if item[1] >= duration]
        last = min(lost, target["sent"] - round(going_on[-1][0] / interval)) if going_on else 0
        loss = _from_above(lost - last, target["sent"] - last) if lost > last else _LOSS_MIN
        burst = max((end - begin for begin, end in ended if end - begin > 1.5 * interval), default=0.0)
        times = target["rtt_ms"]
        rtt = times["max"] / 1000 if times else 0.0
        spread = (times["max"] - times["avg"]) / 1000 if times else 0.0
        worst = Noise(
            max(worst.loss, loss), max(worst.burst, burst), max(worst.rtt, rtt), max(worst.spread, spread)
        )  # fmt: skip
    return worst


def to_gateways(targets: Sequence[TargetData]) -> Sequence[TargetData]:
    """The targets that measure the path to the gateways. What comes and goes between the host and its containers says
    nothing of it. Where no gateway ever answered, all targets, as each may say something of the network."""
    return [item for item in targets if item["kind"] in GATEWAYS and item["received"]] or targets


def _from_above(lost: int, sent: int) -> float:
    """The share of losses that is exceeded in one of twenty measurements like this: the watch has asked a few dozen
    times only, and by chance it loses fewer than the path does (Wilson, J. Am. Stat. Assoc. 22, 1927)."""
    share, room = lost / sent, _QUANTILE**2 / sent
    wide = _QUANTILE * math.sqrt(share * (1 - share) / sent + room / (4 * sent))
    return (share + room / 2 + wide) / (1 + room)


@dataclass(frozen=True)
class Repetition:
    """number: questions each; gap: seconds between two; patience: seconds that answers to the last are waited for."""

    number: int
    gap: float
    patience: float

    @property
    def seconds(self) -> float:
        """From the first question to the end."""
        return (self.number - 1) * self.gap + self.patience


def repetition(noise: Noise, least: int, gap: float, of: int = 1) -> Repetition:
    """How to ask. least: questions that are asked at least; gap: seconds between two at least; of: how many answers are
    looked at together, as one of many is silent by chance more easily than a single one."""
    loss = min(max(noise.loss, _LOSS_MIN), 0.999)
    number = max(least, math.ceil(math.log(CHANCE / max(of, 1)) / math.log(loss)))
    # A path that is silent for a while now and then has to be asked outside of that while as well.
    spread = 2 * noise.burst / max(number - 1, 1)
    return Repetition(number, max(gap, spread), noise.patience)


def doubt(noise: Noise, least: int, gap: float, of: int = 1) -> str:
    """Why so many questions prove nothing, empty where they do."""
    wanted = repetition(noise, least, gap, of)
    if noise.burst and 2 * noise.burst > SPAN_MAX:
        return (
            f"targets fell silent for up to {noise.burst:.1f} s and answered again by themselves, so that silence"
            f" during an experiment of at most {SPAN_MAX:g} s proves nothing"
        )
    if wanted.number > NUMBER_MAX or wanted.number * wanted.gap > 2 * SPAN_MAX:
        return (
            f"{noise.loss:.0%} of the questions were lost while targets answered: {wanted.number} questions would be"
            f" needed to exclude coincidence, and {NUMBER_MAX} are asked at most"
        )
    return ""
