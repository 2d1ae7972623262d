# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carries out the remedy of a diagnosis as it is written, and diagnoses again: whether it heals, and stays healed."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.lost import broken
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import (
    APPLY,
    ASK,
    BY_HAND,
    COMMAND,
    CONTAINER,
    DECLARE,
    SOON,
    RemedyStep,
)
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict

from .diagnosis import diagnose
from .lab import NamespaceLab

#: What whoever has to be asked can find: an address, a MAC address, or a name with a number in it.
_CONCRETE = re.compile(
    r"[0-9a-f]{2}(?::[0-9a-f]{2}){5}|[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+|[0-9a-f]*::?[0-9a-f:]+|[a-z]+[0-9]"
)
#: The variable of a run that a step names.
_RECREATE = re.compile(r"interfaces_recreate: ([a-z_]+)")
#: Seconds after which that is well of which a remedy says `SOON`, and some for a busy machine.
SOON_SECONDS = 75.0


@dataclass(frozen=True)
class Healing:
    """steps: those that were carried out. by_people: whether somebody had to do what no program can, which was
    done instead. wrong: in words; empty where all is well again."""

    steps: tuple[RemedyStep, ...]
    by_people: bool
    wrong: tuple[str, ...]
    #: Seconds within which the remedy says that it heals.
    patience: float = 0.0

    @property
    def changes(self) -> bool:
        """Whether it changed more than undoing the fault changes back, such as a setting."""
        return any(step.kind in (COMMAND, DECLARE) for step in self.steps)

    @property
    def kinds(self) -> str:
        return ", ".join(dict.fromkeys(step.kind for step in self.steps))


def carry_out(lab: NamespaceLab, verdict: CauseVerdict, people: Callable[[], None]) -> Healing:
    """Do what a verdict says. people: what they do who are asked."""
    asked, wrong = False, []
    for step in verdict.steps:
        if step.text not in verdict.remedy and step.kind in (COMMAND, ASK, BY_HAND):
            wrong.append(f"a step is not in the remedy: {step.text}")
        if step.kind == ASK and not _CONCRETE.search(step.text):
            wrong.append(f"it does not say what to tell whom: {step.text}")
        if step.kind in (ASK, BY_HAND) or (step.kind == DECLARE and not step.values):
            if not asked:
                people()
            asked = True
            continue
        try:
            _carry_out(lab, verdict, step)
        except (subprocess.CalledProcessError, AssertionError) as error:
            output = error.stderr if isinstance(error, subprocess.CalledProcessError) else ""
            wrong.append(f"{step.kind} failed: {step.text}: {error} {output}".strip())
    return Healing(verdict.steps, asked, tuple(wrong), SOON_SECONDS if SOON in verdict.remedy else 0.0)


def healed(lab: NamespaceLab, done: Sequence[Healing]) -> Healing:
    """All that was done together, with what is still wrong in a new diagnosis."""
    return Healing(
        tuple(step for one in done for step in one.steps),
        any(one.by_people for one in done),
        (*(text for one in done for text in one.wrong), *_sick(lab, max((one.patience for one in done), default=0.0))),
    )


def _carry_out(lab: NamespaceLab, verdict: CauseVerdict, step: RemedyStep) -> None:
    if step.kind == COMMAND:
        lab.hosts[step.host].run("sh", "-ec", step.text)
    elif step.kind == APPLY:
        lab.deploy(step.host)
    elif step.kind == DECLARE:
        for network in lab.declared[step.host]:
            if network["name"] == verdict.network:
                network.update(step.values)
        recreate = _RECREATE.search(step.text)
        lab.deploy(step.host, recreate[1] if recreate else "never")
    elif step.kind == CONTAINER:
        named = [name for name in lab.containers if step.namespace.endswith(name) and step.namespace]
        for name in named or [name for name in lab.containers if name.startswith(f"{step.host}-")]:
            lab.restart_container(name)


def _sick(lab: NamespaceLab, patience: float) -> list[str]:
    """What is still wrong in a new diagnosis. patience: seconds for what gets well by itself."""
    deadline = time.monotonic() + patience
    while True:
        wrong = _wrong(lab)
        if not wrong or time.monotonic() > deadline:
            return wrong


def _wrong(lab: NamespaceLab) -> list[str]:
    again = diagnose(lab)
    lost = [
        f"{host} still loses {item['id']}"
        for host, evidence in again.evidence.items()
        if evidence["watch"]
        for item in broken(evidence["watch"]["targets"])
    ]
    found = [f"still confirmed: {item.host} {item.cause}: {item.summary}" for item in again.confirmed]
    return [*lost, *found]
