# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a diagnosis in a lab, as `diagnose.yml` does it, without Ansible around it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.judge import judge
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.shape import understood
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import (
    CONFIRMED,
    SUSPECTED,
    CauseVerdict,
)

from .lab import NamespaceLab

#: Seconds between two rounds, and how long the watch continues after a loss.
INTERVAL, AFTER_BREAK = 0.25, 1.5
#: Seconds within which the watch has to start, and how many echo requests prove it.
START, ECHOES = 300.0, 2
#: Seconds by which the watch is longer where something is injected during it, for each of the machine's load, and at
#: most: on a busy one the injection is late. What loses nothing is watched to the end.
LATE, LATE_MAX = 3.0, 60.0


@dataclass(frozen=True)
class Diagnosis:
    """The result. started, ended: time.time(). injected: when the injection began and ended, None where the fault was
    there before the watch."""

    verdicts: list[CauseVerdict]
    evidence: dict[str, Any]
    started: float
    ended: float
    injected: tuple[float, float] | None = None

    def with_status(self, status: str) -> list[CauseVerdict]:
        return [item for item in self.verdicts if item.status == status]

    @property
    def confirmed(self) -> list[CauseVerdict]:
        return self.with_status(CONFIRMED)

    @property
    def suspected(self) -> list[CauseVerdict]:
        return self.with_status(SUSPECTED)

    @property
    def causes(self) -> set[str]:
        return {item.cause for item in self.confirmed}

    def verdict(self, cause: str, host: str) -> CauseVerdict:
        return next(item for item in self.verdicts if (item.cause, item.host) == (cause, host))

    def moment(self, found: CauseVerdict) -> float | None:
        """The moment that a verdict names (time.time()), None where it names none."""
        started = (self.evidence[found.host].get("watch") or {}).get("started")
        if found.after is None or started is None:
            return None
        return datetime.strptime(started, "%Y-%m-%dT%H:%M:%S.%f%z").timestamp() + found.after

    def text(self) -> str:
        """All verdicts and problems, for messages of failed tests."""
        lines = [f"{item.status} {item.host} {item.cause}: {item.summary}" for item in self.verdicts]
        problems = [f"{host}: {text}" for host, found in self.evidence.items() for text in found["problems"]]
        return "\n".join([*lines, *problems])


def diagnose(lab: NamespaceLab, duration: float = 3.0, during: Callable[[], None] | None = None) -> Diagnosis:
    """Collect on all hosts of a lab at the same time, and judge. during: called once the watch runs."""
    started, injected = time.time(), None
    seen = lab.watched()
    with ThreadPoolExecutor() as pool:
        most = duration + (min(LATE * os.getloadavg()[0], LATE_MAX) if during is not None else 0.0)
        running = {host: pool.submit(_collect, lab, host, most) for host in lab.hosts}
        if during is not None:
            _wait(lambda: lab.watched() >= seen + ECHOES)
            begin = time.time()
            during()
            injected = begin, time.time()
        evidence = {host: result.result() for host, result in running.items()}
    return Diagnosis(judge(evidence), evidence, started, time.time(), injected)


def _collect(lab: NamespaceLab, host: str, duration: float) -> dict[str, Any]:
    intent = lab.intent(host)
    options = {
        "networks": intent["networks"],
        "links": intent["links"],
        "duration": duration,
        "interval": INTERVAL,
        "after_break": AFTER_BREAK,
        "host_id": host,
    }
    result = lab.module(host, "macvlan_diagnose", options)
    assert "evidence" in result, result
    # however broken the host is
    understood(result["evidence"])
    return result["evidence"]


def _wait(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + START
    while not condition():
        assert time.monotonic() < deadline, "the watch did not start"
        time.sleep(0.05)
