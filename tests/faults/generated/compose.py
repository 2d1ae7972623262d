# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A scenario from a seed and an index. Pure: the same two numbers make the same scenario, whatever was made before."""

from __future__ import annotations

import random

from tests.faults.lab import FLEET

from . import of_container, of_host, of_network
from .harmless import ALONE, FOUR_ONLY, HARMLESS
from .terms import BLIP, BOTH, FAMILIES, IPV4, IPV6, PERIODIC, RANDOM, Harm, Part, Scenario

#: Those from which the seeds 1 to 162 compose: what these make was measured, and stays the same.
FIRST: tuple[Harm, ...] = (*of_host.HARMS, *of_container.HARMS, *of_network.HARMS)
FIRST_SEEDS = range(1, 163)
#: All, from which the seeds after them compose, and those before: 0, -1, … are for work on the grammar itself.
HARMS: tuple[Harm, ...] = (*FIRST, *of_host.LATER, *of_network.LATER)

#: Shares of scenarios: without a fault, with two, with something harmless beside a fault, under load, and with probes
#: of the other host's container.
HEALTHY, TWO, BESIDE, LOADED, ASKING = 0.25, 0.2, 0.15, 0.06, 0.25
#: Of the families; of the hosts: both at once.
WEIGHTS = {IPV4: 5, IPV6: 3, BOTH: 2}
BOTH_HOSTS = 0.1
#: Processes that compute.
LOAD = 10


def compose(seed: int, index: int) -> Scenario:
    dice = random.Random(f"{seed}/{index}")
    families = dice.choices(FAMILIES, [WEIGHTS[item] for item in FAMILIES])[0]
    parts: tuple[Part, ...] = ()
    if dice.random() >= HEALTHY:
        parts = _parts(dice, families, FIRST if seed in FIRST_SEEDS else HARMS)
    harmless = _harmless(dice, families, bool(parts))
    load = LOAD if dice.random() < LOADED else 0
    return Scenario(seed, index, parts, harmless, families, load, dice.random() < ASKING)


def _parts(dice: random.Random, families: str, harms: tuple[Harm, ...]) -> tuple[Part, ...]:
    host = dice.choice(list(FLEET))
    first = _harm(dice, families, harms)
    found = [_part(dice, first, host)]
    if dice.random() < TWO:
        second = _harm(dice, families, harms)
        other = dice.choice(list(FLEET))
        if second is not first and not (_same(first, second) and other == host):
            found.append(_part(dice, second, other))
    elif dice.random() < BOTH_HOSTS and not first.fleet and first.where != "other host":
        found.append(_part(dice, first, next(name for name in FLEET if name != host)))
    return tuple(found)


def _harm(dice: random.Random, families: str, harms: tuple[Harm, ...]) -> Harm:
    """Each place is as likely as another, however many harms it has."""
    able = [harm for harm in harms if families in harm.families]
    where = dice.choice(list(dict.fromkeys(harm.where for harm in able)))
    return dice.choice([harm for harm in able if harm.where == where])


def _same(one: Harm, other: Harm) -> bool:
    """Whether two harms of one host meet at the same thing, so that one could undo or be the other."""
    return one.where == other.where or {one.where, other.where} <= {"link", "parent", "host"}


def _part(dice: random.Random, harm: Harm, host: str) -> Part:
    when = dice.choice(harm.possible())
    lasts = round(dice.uniform(1.5, 2.5), 1) if when in (BLIP, PERIODIC, RANDOM) else 0.0
    pause = round(dice.uniform(1.5, 3.0), 1) if when in (PERIODIC, RANDOM) else 0.0
    return Part(harm, host, when, round(dice.uniform(0.5, 1.5), 1), lasts, pause)


def _harmless(dice: random.Random, families: str, faulty: bool) -> tuple[str, ...]:
    able = [name for name in HARMLESS if families == IPV4 or name not in FOUR_ONLY]
    if faulty:
        able = [name for name in able if name not in ALONE]
        return (dice.choice(able),) if dice.random() < BESIDE else ()
    return tuple(dice.sample(able, 1)) if dice.random() < 0.85 else ()
