# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a scenario: a lab of its own, its harms, the playbook as an operator runs it, and the comparison."""

from __future__ import annotations

import contextlib
import json
import subprocess
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.integration.hosts import playbooks

from . import harmless
from .answer import derive
from .compare import Found, compare
from .lab import GeneratedLab
from .terms import IPV4, IPV6, PASSING, START, Place, Scenario
from .times import Doing

#: Seconds of the watch, and how long it goes on after a loss, for what lasts and for what passes.
LASTING, PASSES = (12, 3), (14, 10)
#: Seconds within which the watch has to start and the playbook has to end.
STARTS, ENDS = 90.0, 300.0
#: Seconds by which the moments of watch and harm may differ: that of the watch is read after its first probes.
EARLY = 0.5
#: Marked probes that prove that a watch runs.
PROBES = 3


@dataclass
class Outcome:
    """failed: why the scenario could not be made or run, which is no error of the diagnosis. seconds: of the playbook;
    to_verdict: from the first injection, or the start of the playbook, to its end."""

    scenario: Scenario
    failed: str = ""
    seconds: float = 0.0
    to_verdict: float = 0.0
    found: Found = field(default_factory=Found)

    @property
    def good(self) -> bool:
        one = self.found
        return not (self.failed or one.missed or one.wrong or one.misplaced or one.alarms or not all(one.culprits))


def run(scenario: Scenario, keep: Path | None = None) -> Outcome:
    """Errors of the lab are in the outcome. keep: a directory for the report and what the playbook printed."""
    outcome = Outcome(scenario)
    try:
        with tempfile.TemporaryDirectory() as folder:
            _run(outcome, Path(folder), keep)
    except (AssertionError, OSError, subprocess.SubprocessError) as error:
        outcome.failed = f"{type(error).__name__}: {error} {getattr(error, 'stderr', '') or ''}".strip()
    return outcome


def _run(outcome: Outcome, folder: Path, keep: Path | None) -> None:
    scenario = outcome.scenario
    lab = GeneratedLab(folder, scenario.families != IPV6, scenario.families != IPV4)
    try:
        lab.rest()
        places = {name: Place(lab, name) for name in lab.hosts}
        doings = [Doing(part, places[part.host]) for part in scenario.parts]
        with contextlib.ExitStack() as stack:
            for name in scenario.harmless:
                stack.enter_context(harmless.HARMLESS[name](lab))
            stack.enter_context(harmless.load(scenario.load))
            for doing in doings:
                doing.prepare()
            for doing in doings:
                doing.before()
            done = _diagnose(outcome, lab, doings, folder)
            report = json.loads((folder / "report" / "report.json").read_text(encoding="utf-8"))
            if keep is not None:
                _keep(keep, scenario, report, done.output)
            _check(doings, report)
            outcome.found = compare(report, derive(scenario), places)
    finally:
        lab.close()


def _diagnose(outcome: Outcome, lab: GeneratedLab, doings: list[Doing], folder: Path) -> playbooks.Run:
    """Run the playbook, and do the harms once it watches."""
    scenario, over = outcome.scenario, threading.Event()
    seconds, after = PASSES if any(part.when in PASSING for part in scenario.parts) else LASTING
    variables: dict[str, Any] = {
        "diagnose_seconds": seconds,
        "diagnose_after_break": after,
        "diagnose_report_dir": str(folder / "report"),
    }
    if scenario.asks:
        variables["diagnose_targets"] = [address for name in lab.hosts for address in lab.container_addresses(name, 1)]
    inventory, seen, started = lab.inventory(), lab.watching(), time.time()
    with ThreadPoolExecutor() as pool:
        running = pool.submit(playbooks.run, "diagnose", inventory, timeout=ENDS, **variables)
        try:
            if any(part.when != START for part in scenario.parts):
                _wait(lab, seen, scenario, running.done)
            acting = [pool.submit(doing.during, over) for doing in doings]
            done = running.result()
        finally:
            over.set()
        for act in acting:
            act.result()
    outcome.seconds = time.time() - started
    first = min((doing.began[0] for doing in doings if doing.began), default=started)
    outcome.to_verdict = time.time() - max(first, started)
    assert (folder / "report" / "report.json").exists(), done.output[-2000:]
    return done


def _wait(lab: GeneratedLab, seen: dict[str, int], scenario: Scenario, ended: Any) -> None:
    """Until all hosts watch; until one does where another may be unable to send."""
    able = all(part.when != START for part in scenario.parts)
    wanted = set(seen) if able else set()
    deadline = time.monotonic() + STARTS
    while not ended():
        watching = {name for name, count in lab.watching().items() if count >= seen[name] + PROBES}
        if watching and wanted <= watching:
            return
        assert time.monotonic() < deadline, "the watch did not start"
        time.sleep(0.1)


def _check(doings: list[Doing], report: dict[str, Any]) -> None:
    """Whether the lab did what the scenario says. Errors: AssertionError."""
    for host in report["hosts"]:
        assert host["state"] not in ("unreachable", "failed"), f"{host['host']}: {host['message']}"
    for doing in doings:
        assert not doing.errors, doing.errors
        assert doing.began, f"{doing.part.text} was never done"
        if doing.part.when == START:
            continue
        timeline = next(item["timeline"] for item in report["hosts"] if item["host"] == doing.part.host)
        assert timeline is not None, "nothing was watched"
        began = datetime.strptime(timeline["started"], "%Y-%m-%dT%H:%M:%S.%f%z").timestamp()
        late = doing.began[0] - began - timeline["duration"]
        assert doing.began[0] > began - EARLY, f"{doing.part.text} was done before the watch"
        assert late < -1.0, f"{doing.part.text} was done {late:+.1f} s from the end of the watch"


def _keep(folder: Path, scenario: Scenario, report: dict[str, Any], output: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{scenario.seed}-{scenario.index}"
    (folder / f"{name}.json").write_text(json.dumps(report), encoding="utf-8")
    (folder / f"{name}.txt").write_text(f"{scenario.text}\n\n{output}", encoding="utf-8")
