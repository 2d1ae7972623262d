# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cases of a row in some processes at once: each has its share, and random numbers of its own."""

from __future__ import annotations

import os
import pickle
import random
import sys
import tempfile
import traceback
from collections.abc import Callable

from .row import TOLD, Tally

#: Cases mostly wait, for daemons and pauses.
JOBS = (os.cpu_count() or 1) + 1


def share(tally: Tally, loop: Callable[[Tally], None], jobs: int = JOBS) -> None:
    """Run a loop over cases in each process, and add what they counted. Figures are added too, by name."""
    jobs = max(1, min(jobs, tally.wanted))
    sys.stdout.flush()
    sys.stderr.flush()
    started = []
    for number in range(jobs):
        wanted = tally.wanted // jobs + (number < tally.wanted % jobs)
        part = Tally(tally.seed, wanted, tally.minutes)
        part.random = random.Random(f"{tally.seed} {number}")
        output = tempfile.TemporaryFile()  # noqa: SIM115  (read after the process has ended)
        pid = os.fork()
        if pid == 0:
            _work(part, loop, output.fileno())
        started.append((pid, output))
    for pid, output in started:
        os.waitpid(pid, 0)
        output.seek(0)
        data = output.read()
        if data:
            add(tally, pickle.loads(data))
        else:
            tally.broke("failed", "a process of the row was killed")
        output.close()


def _work(part: Tally, loop: Callable[[Tally], None], output: int) -> None:
    try:
        loop(part)
    except BaseException:  # noqa: BLE001  (counted)
        part.broke("failed", traceback.format_exc(limit=-3))
    with os.fdopen(output, "wb", closefd=False) as stream:
        stream.write(pickle.dumps(part))
    os._exit(0)


def add(tally: Tally, part: Tally) -> None:
    for name in ("count", "lost", "let_in", "failed"):
        setattr(tally, name, getattr(tally, name) + getattr(part, name))
    tally.wrong = [*tally.wrong, *part.wrong][:TOLD]
    for name, number in part.figures.items():
        tally.figures[name] = tally.figures.get(name, 0) + number
