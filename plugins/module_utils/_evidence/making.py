# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the experiments of one host: those that only listen while the watch still goes on, all others after it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import Tuple, cast

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.clock import utc

from . import system
from .experiments.model import ASKING, REPAIRING, Context, Early, Experiment
from .experiments.registry import EXPERIMENTS
from .experiments.results import ExperimentData, Result
from .experiments.turns import Turn

#: Experiments that run at the same time.
PARALLEL = 16
#: Seconds for which what was heard during the watch counts after it.
FRESH = 3.0
#: Seconds between two looks at the watch.
LOOK = 0.1
#: Why a host on which nothing is wrong does not ask what is asked in turns.
SPARED = "the watch ended early for another host, and nothing was lost here"

Task = Tuple[Experiment, Context]


class DuringWatch:
    """What is heard while the watch goes on, from the moment when something is broken: listening disturbs nobody, and
    what is listened for is the traffic of that moment."""

    def __init__(self, contexts: Sequence[Context], problems: list[str]) -> None:
        self._tasks = [
            (experiment, context) for experiment in EXPERIMENTS if experiment.listens for context in contexts
        ]
        self._problems = problems
        self._made: dict[tuple[str, str], ExperimentData] = {}
        self._ended = 0.0
        self._executor = ThreadPoolExecutor(max_workers=1)
        self._running: Future[None] | None = None

    def start(self, is_over: Callable[[float], bool], is_broken: Callable[[], bool]) -> None:
        """Listen once something is broken, as long as the watch is not over. is_over: waits for that many seconds."""
        self._running = self._executor.submit(self._run, is_over, is_broken)

    def _run(self, is_over: Callable[[float], bool], is_broken: Callable[[], bool]) -> None:
        while not is_broken():
            if is_over(LOOK):
                return
        with ThreadPoolExecutor(max_workers=max(len(self._tasks), 1)) as executor:
            made = list(executor.map(lambda task: _made(task[0], task[1], Turn(), self._problems), self._tasks))
        self._made = {(item["id"], item["network"]): item for item in made if item["ran"]}
        self._ended = time.monotonic()

    def close(self) -> None:
        self._executor.shutdown()

    def heard(self, experiment: Experiment, network: str) -> ExperimentData | None:
        """What was heard, if it was listened for and is fresh; waits for what is being listened for."""
        if not experiment.listens:
            return None
        if self._running is not None:
            self._running.result()
        return self._made.get((experiment.id, network)) if time.monotonic() - self._ended <= FRESH else None


def experiments(
    contexts: Sequence[Context],
    active: bool,
    turn: Turn | None,
    listening: DuringWatch,
    problems: list[str],
) -> list[ExperimentData]:
    """Every experiment for every network: its result, or why it was not made.

    turn: this host's; None where it makes none of those that have turns. listening: what was made already.
    """
    tasks = [(experiment, context) for experiment in EXPERIMENTS for context in contexts]
    if not active:
        return [_not_made(*task, "experiments are turned off (diagnose_active: false)") for task in tasks]
    with ThreadPoolExecutor(max_workers=PARALLEL) as executor:

        def begin(task: Task) -> Future[ExperimentData]:
            return executor.submit(_unless_heard, *task, turn, listening, problems)

        asking, repairs = _of(tasks, ASKING), _of(tasks, REPAIRING)
        begun = [begin(task) for task in asking if not task[0].in_turns]
        # What is asked long before the repair, in a turn, proves nothing.
        at_once = [] if turn != Turn() else [task for task in repairs if task[0].early is not None]
        early = {_key(task): executor.submit(_early, *task, problems) for task in at_once}
        # Those with turns take longest, and no other one needs their results.
        later = [begin(task) for task in asking if task[0].in_turns]
        made = [one.result() for one in begun]
        repairing = []
        with contextlib.ExitStack() as stack:
            asked = {key: one.result() for key, one in early.items()}
            for one in asked.values():
                if one is not None:
                    stack.callback(one.close)
            for experiment, context in repairs:
                known = asked.get(_key((experiment, context)))
                knowing = replace(context, made=_of_network(made, context), early=known)
                repairing.append(_unless_heard(experiment, knowing, turn, listening, problems))
        return [*made, *(one.result() for one in later), *repairing]


def _key(task: Task) -> tuple[str, str]:
    return task[0].id, task[1].network.name


def _early(experiment: Experiment, context: Context, problems: list[str]) -> Early | None:
    """What an experiment asks before it repairs; None where it asks then, or is not made."""
    early, name = experiment.early, f"{experiment.id} on {context.network.name}"
    reasons: list[str] = []
    why_not = system.careful(name, lambda: experiment.why_not(context), reasons)
    if early is None or why_not or reasons:
        return None
    return system.careful(name, lambda: early(context), problems)


def _of_network(made: list[ExperimentData], context: Context) -> list[ExperimentData]:
    return [item for item in made if item["ran"] and item["network"] == context.network.name]


def _of(tasks: Iterable[Task], phase: str) -> list[Task]:
    return [task for task in tasks if task[0].phase == phase]


def _unless_heard(
    experiment: Experiment,
    context: Context,
    turn: Turn | None,
    listening: DuringWatch,
    problems: list[str],
) -> ExperimentData:
    before = listening.heard(experiment, context.network.name)
    if before is not None:
        return before
    if turn is None and experiment.in_turns:
        return _not_made(experiment, context, SPARED)
    return _made(experiment, context, turn or Turn(), problems)


def _made(experiment: Experiment, context: Context, turn: Turn, problems: list[str]) -> ExperimentData:
    name = f"{experiment.id} on {context.network.name}"
    reasons: list[str] = []
    why_not = system.careful(name, lambda: experiment.why_not(context), reasons)
    if why_not or reasons:
        problems.extend(reasons)
        return _not_made(experiment, context, why_not or reasons[0])
    if experiment.in_turns:
        time.sleep(turn.wait(time.time()))
    at = utc(time.time())
    result = system.careful(name, lambda: experiment.run(context), reasons)
    problems.extend(reasons)
    if result is None:
        return _not_made(experiment, context, reasons[0] if reasons else "it gave no result")
    return _data(experiment, context, at, result=result)


def _not_made(experiment: Experiment, context: Context, reason: str) -> ExperimentData:
    return _data(experiment, context, why_not=reason)


def _data(
    experiment: Experiment,
    context: Context,
    at: str | None = None,
    why_not: str | None = None,
    result: Result | None = None,
) -> ExperimentData:
    ran = result is not None
    data = {
        "id": experiment.id,
        "network": context.network.name,
        "at": at,
        "ran": ran,
        "sent": experiment.sends if ran else "",
        "why_not": why_not,
        "result": result,
    }
    # Which of the experiments it is follows from ``id``, which is known only when this runs.
    return cast(ExperimentData, data)
