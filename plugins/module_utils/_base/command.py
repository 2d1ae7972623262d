# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs programs: the one place, so that tests and back ends see the same."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import Any

from .record import dataclass
from .text import clean

#: Seconds after which a program counts as hung; callers may pass their own.
TIMEOUT = 30.0


class CommandFailed(Exception):
    """A program was missing, hung or failed; the message names it and what it printed."""


@dataclass(frozen=True)
class Output:
    rc: int
    out: str
    err: str


def find(program: str) -> str | None:
    """Path of a program; the sbin directories count even where PATH lacks them (sudo, cron)."""
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/bin", "/sbin", "/bin"])
    return shutil.which(program, path=path)


def run(argv: list[str], *, check: bool = True, timeout: float = TIMEOUT, stdin: str | None = None) -> Output:
    """Run a program in the C locale. What it prints that is no UTF-8 survives a round trip (surrogateescape).

    Errors: CommandFailed when it is missing, hangs, or exits non-zero and `check`."""
    program = find(argv[0])
    if program is None:
        raise CommandFailed(f"{argv[0]}: not installed on this host")
    env = {**os.environ, "LC_ALL": "C", "LANGUAGE": "C"}
    try:
        # not AnsibleModule.run_command: it knows no timeout, and the guard outlives the module
        done = subprocess.run(  # pylint: disable=ansible-bad-function
            [program, *argv[1:]],
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",
            timeout=timeout,
            env=env,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise CommandFailed(clean(f"{' '.join(argv)}: no answer within {timeout:g} s")) from error
    if check and done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()
        reason = said[-1] if said else "no message"
        raise CommandFailed(clean(f"{' '.join(argv)}: exit status {done.returncode}: {reason}"))
    return Output(done.returncode, done.stdout, done.stderr)


def run_json(argv: list[str], *, timeout: float = TIMEOUT) -> Any:
    """Run a program that prints JSON and parse that."""
    return json.loads(run(argv, timeout=timeout).out or "null")
