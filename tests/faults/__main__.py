# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m tests.faults [NAME ...]``: injects each fault, diagnoses it, and prints a table of the findings.

NAME: part of the name of a fault. Without any, all faults are injected, and healthy labs are diagnosed often enough to
measure false alarms. Exits with 1 when anything is not as expected.
"""

from __future__ import annotations

import argparse
import itertools
import operator
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from .fault import Fault, all_faults
from .generated import managers
from .generated.batch import Batch
from .healthy_managers import LABS
from .lab import NamespaceLab
from .nspawn_lab import VM, NspawnLab
from .trial import Trial, make

#: Healthy runs over which false alarms are counted.
HEALTHY_RUNS = 20


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="tests.faults", description="Inject faults, diagnose them, and print the findings."
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="only faults whose name contains one of these")
    parser.add_argument("--healthy", type=int, default=None, help="number of healthy runs (default: 20, with names 0)")
    parser.add_argument("--vm", action="store_true", help="include faults that need a virtual machine (takes minutes)")
    parser.add_argument("--remedies", action="store_true", help="carry out each remedy, and diagnose again")
    parser.add_argument("--verbose", action="store_true", help="print all verdicts of a trial that went wrong")
    generated = parser.add_argument_group("generated scenarios instead")
    generated.add_argument("--generated", type=int, metavar="N", help="compose and run as many scenarios")
    generated.add_argument(
        "--managers", type=int, metavar="N", help="compose and run as many on hosts with network managers"
    )
    generated.add_argument("--seed", type=int, default=1, help="of the first index on (default: 1)")
    generated.add_argument("--index", type=int, help="only from this one on: --generated 1 --seed 7 --index 12")
    generated.add_argument("--seeds", type=int, default=1, help="so many seeds, with as many scenarios each")
    generated.add_argument("--minutes", type=float, help="start no more after these minutes")
    generated.add_argument("--jobs", type=int, help="labs at a time (default: one for each processor, at least 2)")
    generated.add_argument("--keep", metavar="DIR", help="keep reports and output of the playbook there")
    generated.add_argument("--json", metavar="FILE", help="write the figures there")
    generated.add_argument("--list", action="store_true", help="print the scenarios, and run none")
    given = parser.parse_args()
    if given.generated:
        batch = Batch(
            given.generated, given.seed, given.index, given.seeds, given.jobs, given.minutes, given.keep, given.json
        )
        if given.list:
            print("\n".join(item.text for item in batch.scenarios))
            return 0
        return batch.run()
    if given.managers:
        if given.list:
            first = given.index or 0
            print("\n".join(managers.compose(given.seed, first + more).text for more in range(given.managers)))
            return 0
        return managers.run(given.managers, given.seed, given.index, given.minutes, given.json)
    faults = [fault for fault in all_faults() if not given.names or any(name in fault.name for name in given.names)]
    faults = [fault for fault in faults if given.vm or fault.lab != "vm"]
    healthy = given.healthy if given.healthy is not None else 0 if given.names else HEALTHY_RUNS
    print(_row("fault", "expected", "found", "seconds", "culprit"), flush=True)
    trials: list[Trial] = []
    stopped: list[Fault] = []
    for trial in _trials(faults, healthy, given.remedies):
        if isinstance(trial, Stopped):
            stopped.append(trial.fault)
            expected = ", ".join(sorted(trial.fault.expected))
            print(f"{_row(trial.fault.name, expected, '-', '-', '-')}  ERROR: {trial.reason}", flush=True)
            continue
        trials.append(trial)
        print(_line(trial), flush=True)
        if trial.wrong and given.verbose:
            print(trial.diagnosis.text(), flush=True)
    print(totals(trials, stopped))
    return 1 if stopped or any(trial.wrong for trial in trials) else 0


@dataclass(frozen=True)
class Stopped:
    """A fault that could not be injected or undone."""

    fault: Fault
    reason: str


def _trials(faults: list[Fault], healthy: int, remedies: bool = False) -> Iterator[Trial | Stopped]:
    """One lab of each kind serves all faults of that kind; after a fault that was not undone, a new lab takes over."""
    for kind in dict.fromkeys(fault.lab for fault in faults):
        waiting = [fault for fault in faults if fault.lab == kind]
        while waiting:
            lab = open_lab(kind)
            try:
                while waiting:
                    fault = waiting.pop(0)
                    try:
                        trial = make(lab, fault, remedies)
                        yield trial
                        if trial.spent:
                            break
                    except (AssertionError, subprocess.CalledProcessError) as error:
                        yield Stopped(fault, str(error))
                        break
            finally:
                lab.close()
    yield from _healthy(healthy)


def _healthy(count: int) -> Iterator[Trial]:
    """That many healthy runs, with each condition in turn."""
    every = [(number, condition) for number, (_lab, conditions) in enumerate(LABS) for condition in conditions]
    runs = sorted(itertools.islice(itertools.cycle(every), count), key=operator.itemgetter(0))
    for number, group in itertools.groupby(runs, operator.itemgetter(0)):
        lab = LABS[number][0]()
        try:
            yield from (Trial.healthy(lab, condition) for _number, condition in group)
        finally:
            lab.close()


def open_lab(kind: str) -> NamespaceLab:
    """A healthy lab of a kind."""
    return {"ns": NamespaceLab, "nspawn": NspawnLab, "vm": partial(NspawnLab, VM)}[kind]()


def _line(trial: Trial) -> str:
    culprit = {None: "-", True: "right", False: "WRONG"}[trial.culprit_right]
    expected = ", ".join(sorted(trial.expected)) or "nothing"
    found = ", ".join(sorted(trial.found)) or "nothing"
    name = trial.fault.name if trial.fault else f"healthy: {trial.condition}"
    mark = "" if not trial.wrong else f"  WRONG: {'; '.join(trial.wrong)}"
    healed = f"  healed by: {trial.healing.kinds}" if trial.healing else ""
    return _row(name, expected, found, f"{trial.seconds:.1f}", culprit) + healed + mark


def _row(name: str, expected: str, found: str, seconds: str, culprit: str) -> str:
    return f"{name:38} {expected:34} {found:34} {seconds:>8} {culprit:>8}".rstrip()


def totals(trials: list[Trial], stopped: Sequence[Fault] = ()) -> str:
    """Recall and precision over the faults, false alarms over the healthy runs."""
    faulty = [trial for trial in trials if trial.fault]
    wanted = sum(len(item.expected) for item in (*faulty, *stopped))
    right = sum(len(trial.expected & trial.found) for trial in faulty)
    confirmed = sum(len(trial.found) for trial in faulty)
    healthy = [trial for trial in trials if not trial.fault]
    alarms = sum(1 for trial in healthy if trial.wrong)
    culprits = [trial.culprit_right for trial in faulty if trial.culprit_right is not None]
    seconds = sorted(trial.beyond for trial in faulty)
    return "\n".join(
        [
            f"recall     {_share(right, wanted)}",
            f"precision  {_share(right, confirmed)}",
            f"culprits   {_share(sum(culprits), len(culprits))}",
            f"false alarms in {len(healthy)} healthy runs: {alarms}",
            f"seconds from the first loss to the verdict: median {seconds[len(seconds) // 2]:.1f},"
            f" longest {seconds[-1]:.1f}"
            if seconds
            else "",
        ]
    ).rstrip()


def _share(part: int, whole: int) -> str:
    return f"{part} of {whole}" + (f" ({100 * part / whole:.0f} %)" if whole else "")


if __name__ == "__main__":
    sys.exit(main())
