# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Alternatives that come from the distribution: installed, or why they cannot be."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path


def unable(program: str, package: str) -> str:
    """Installs a package that has a program; why that cannot be done, empty where the program is there."""
    if shutil.which(program):
        return ""
    if not shutil.which("apt-get"):
        return f"{program} is not installed"
    command = ["apt-get", "--quiet", "--yes", "--no-install-recommends", "install", package]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    return "" if shutil.which(program) else f"{package} cannot be installed: {_last(done)}"


def extracted(package: str, program: str, folder: Path) -> Path:
    """A program out of a package that is not installed, as it conflicts with another one. Errors: RuntimeError."""
    for command in (["apt-get", "--quiet", "download", package], ["sh", "-c", "dpkg-deb --extract ./*.deb files"]):
        done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=folder)
        if done.returncode:
            raise RuntimeError(f"{package}: {_last(done)}")
    return next((folder / "files").rglob(f"bin/{program}"))


def _last(done: subprocess.CompletedProcess[str]) -> str:
    lines = (done.stderr or done.stdout).strip().splitlines()
    return lines[-1] if lines else f"exit status {done.returncode}"
