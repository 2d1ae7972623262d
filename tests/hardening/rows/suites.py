# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Attacks that are tests of `make test` already: each passed test is a case, and here they get all their points."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from functools import partial

from tests.hardening import ROOT
from tests.hardening.row import Row, Tally

COUNTS = re.compile(r"(\d+) (passed|failed|error)")


def run(path: str, environment: dict[str, str], tally: Tally) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *path.split()],
        cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    counts = {word: int(number) for number, word in COUNTS.findall(done.stdout.splitlines()[-1])}
    tally.count = tally.wanted = sum(counts.values())
    broken = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    for number in range(tally.count - counts.get("passed", 0)):
        tally.broke("failed", broken[number] if number < len(broken) else done.stdout[-1000:])
    if not tally.count:
        tally.broke("failed", f"no test ran: {done.stdout[-500:]}{done.stderr[-500:]}")
    tally.measured = f"tests in `{path.split(maxsplit=1)[0]}`"


HOSTS = "tests/integration/hosts"
SUITES = {
    "lockouts": (
        f"{HOSTS}/test_confirm_lockout.py {HOSTS}/test_confirm_backends.py {HOSTS}/test_confirm_hosts.py",
        {},
        (
            "what would cut off the controller is refused, and where it happens all the same (uplink, default"
            " route, nftables, rename, MTU, exclusion, a controller that dies) each host is as it was, byte for byte"
        ),
        8,
    ),
    "kills/hosts": (
        f"{HOSTS}/test_persistence_faults.py",
        {"KILL_STEP": "1"},
        (
            "on hosts of 5 kinds: killed before each write of each persistent form, full disks, a read-only /etc, half"
            " files: the next run repairs it, or nothing was changed"
        ),
        10,
    ),
    "restarts": (
        f"{HOSTS}/test_persistence_drift.py {HOSTS}/test_persistence_refusals.py {HOSTS}/test_nm_unmanaged.py",
        {},
        (
            "daemons that are reconfigured, restarted, stopped or broken around a run lose nothing, and their state is"
            " reported"
        ),
        10,
    ),
}
ROWS = [
    Row(name, law, partial(run, path, environment), wanted) for name, (path, environment, law, wanted) in SUITES.items()
]
