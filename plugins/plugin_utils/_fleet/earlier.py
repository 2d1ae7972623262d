# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What earlier jobs of a workflow published: the slices of a job as one, and in words. Pure.

Artifacts come from another run, and from whoever may launch one: nothing in them is taken as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypedDict

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.text import clean

#: By the playbook, what its report is published as, after a common prefix. Each has a name of its own: AWX gives a node
#: the artifacts of all nodes before it in no order that can be relied on, and of two with one name the older may stay.
PUBLISHED = {"site": "report", "verify": "verification"}

#: How many jobs and failures are named before the rest is counted.
JOBS_MAX, FAILURES_MAX = 20, 10
_LINE_MAX = 200
_UNKNOWN = "unknown"


class EarlierData(TypedDict):
    """An earlier job as a module returns it. slices: the numbers of their jobs, empty where it was not sliced."""

    playbook: str
    job: str
    slices: list[str]
    hosts: dict[str, int]
    failures: dict[str, str]
    ok: bool


@dataclass
class EarlierJob:
    """One job, of a sliced one all slices that have published. number: of the job that was sliced, where one was.

    counts: how many hosts had which result. whole: whether each of its artifacts has readable counts.
    """

    playbook: str
    number: str
    slices: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    whole: bool = True

    @property
    def ok(self) -> bool:
        """The verdict on all its slices: one failure anywhere is one of the job."""
        return self.whole and not self.failures

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    def data(self) -> EarlierData:
        return {
            "playbook": self.playbook,
            "job": self.number,
            "slices": list(self.slices),
            "hosts": dict(self.counts),
            "failures": dict(self.failures),
            "ok": self.ok,
        }


def merge(artifacts: Iterable[Mapping[str, object]]) -> list[EarlierJob]:
    """The jobs that published these artifacts, in the order of their numbers; slices of one job become one.

    A slice has only its own hosts, so counts are added. Where a host stands in several slices, as after a relaunch, the
    one with the highest number is believed.
    """
    found: dict[tuple[str, str], EarlierJob] = {}
    unsliced: list[EarlierJob] = []
    for artifact in sorted(artifacts, key=lambda item: _order(_text(item, "job"))):
        playbook, number = _text(artifact, "playbook") or _UNKNOWN, _text(artifact, "job")
        sliced = _text(artifact, "sliced")
        if sliced:
            job = found.setdefault((playbook, sliced), EarlierJob(playbook, sliced))
            job.slices.append(number)
        else:
            job = EarlierJob(playbook, number)
            unsliced.append(job)
        _add(job, artifact)
    return sorted([*found.values(), *unsliced], key=lambda job: (_order(job.number), job.playbook))


def lines(jobs: Sequence[EarlierJob], hosts: int = 0) -> Iterator[str]:
    """A line for each job, and then the failures of all of them together.

    hosts: of this run, where it has all of the inventory. A slice that was stopped has published nothing, and its hosts
    are missing in the sum.
    """
    failures: dict[str, str] = {}
    for job in jobs:
        failures.update(job.failures)
    for job in jobs[:JOBS_MAX]:
        yield _line(job)
        if job.slices and job.whole and job.total < hosts:
            yield f"  {job.total} of {hosts} hosts are in its slices; a slice that was stopped reports nothing"
    if len(jobs) > JOBS_MAX:
        yield f"and {len(jobs) - JOBS_MAX} more earlier jobs of this workflow"
    for name in sorted(failures)[:FAILURES_MAX]:
        yield f"  {name}: {failures[name]}"
    if len(failures) > FAILURES_MAX:
        yield f"  and {len(failures) - FAILURES_MAX} more"


def _add(job: EarlierJob, artifact: Mapping[str, object]) -> None:
    counts, failures = artifact.get("hosts"), artifact.get("failures")
    if isinstance(counts, Mapping):
        for name, number in counts.items():
            if isinstance(number, int) and not isinstance(number, bool) and number >= 0:
                key = _short(name)
                job.counts[key] = job.counts.get(key, 0) + number
    else:
        job.whole = False
    if isinstance(failures, Mapping):
        job.failures.update({_short(name): _short(text) for name, text in failures.items()})


def _line(job: EarlierJob) -> str:
    counted = [f"{number} {name.replace('_', ' ')}" for name, number in sorted(job.counts.items())]
    number = f" {job.number}" if job.number else ""
    slices = f", {len(job.slices)} slice{'s' if len(job.slices) > 1 else ''}" if job.slices else ""
    return f"Earlier job{number} of this workflow ({job.playbook}{slices}): {', '.join(counted) or 'no counts'}"


def _order(number: str) -> tuple[int, str]:
    return (int(number), "") if number.isascii() and number.isdigit() else (-1, number)


def _text(artifact: Mapping[str, object], key: str) -> str:
    value = artifact.get(key)
    return _short(value) if isinstance(value, (str, int)) and value else ""


def _short(text: object) -> str:
    return clean(str(text), _LINE_MAX)
