# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the playbooks of this checkout like an operator."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
RECAP = re.compile(r"^(\S+)\s+: (ok=\d+ .*)$", re.MULTILINE)


@dataclass(frozen=True)
class Run:
    """The result of a playbook."""

    rc: int
    output: str

    @property
    def recap(self) -> dict[str, dict[str, int]]:
        """Host -> ok, changed, unreachable, failed, skipped, rescued, ignored."""
        return {
            host: {name: int(number) for name, number in (pair.split("=") for pair in counts.split())}
            for host, counts in RECAP.findall(self.output)
        }

    @property
    def changed(self) -> dict[str, int]:
        return {host: counts["changed"] for host, counts in self.recap.items()}

    @property
    def failed(self) -> list[str]:
        return sorted(host for host, counts in self.recap.items() if counts["failed"])

    @property
    def diff(self) -> list[str]:
        """The lines of all diffs that were printed."""
        return [line for line in self.output.splitlines() if re.match(r"[-+]", line) and not re.match(r"-{5,}", line)]

    def row(self, host: str) -> list[str]:
        """The cells of a host's row in the table."""
        line = next(line for line in self.output.splitlines() if re.match(rf"{host}  ", line))
        return re.split(r"\s{2,}", line.strip())


def run(
    name: str, *inventories: Path, options: tuple[str, ...] = (), timeout: float | None = None, **variables: object
) -> Run:
    """Run ``playbooks/NAME.yml`` with extra variables. Errors: subprocess.TimeoutExpired."""
    process = start(name, *inventories, options=options, **variables)
    try:
        stdout, stderr = process.communicate(timeout=timeout)
    finally:
        process.kill()
        process.wait()
    return Run(process.returncode, stdout + stderr)


def start(name: str, *inventories: Path, options: tuple[str, ...] = (), **variables: object) -> subprocess.Popen[str]:
    """The same, for a test that does something while it runs."""
    sources = [word for path in inventories for word in ("--inventory", str(path))]
    extra = ["--extra-vars", json.dumps(variables)] if variables else []
    return subprocess.Popen(
        [Path(sys.executable).parent / "ansible-playbook", f"playbooks/{name}.yml", *sources, *extra, *options],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "ANSIBLE_NOCOLOR": "1"},
    )  # fmt: skip
