# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decoders and parsers get octets that atheris finds by coverage, beginning with a kept corpus."""

from __future__ import annotations

import functools
import hashlib
import os
import re
import subprocess
import sys
import tempfile
import time
import traceback
from functools import partial
from pathlib import Path

from tests.hardening import ROOT
from tests.hardening.fuzz.entries import ENTRIES, examples
from tests.hardening.fuzz.mutations import mutated
from tests.hardening.row import Row, Tally

LAW = "whatever octets {name} reads, there is a value or a refusal, no exception, in at most a second"
CORPUS = Path(__file__).resolve().parents[1] / "corpus"
#: Of inputs that atheris found and that are worth keeping.
KEPT_SIZE, KEPT = 512, 6
ATHERIS = "atheris==3.0.0"
#: Where atheris is installed, once: its wheels are for some versions of Python only.
ENVIRONMENT = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "linuxnet-macvlan" / "atheris"
SLOW = 1.0


@functools.cache
def interpreter() -> str:
    """A Python that has atheris and all that this one has; empty where it cannot be installed."""
    python = ENVIRONMENT / "bin" / "python"
    has = [str(python), "-c", "import atheris, ansible"]
    if python.exists() and subprocess.run(has, capture_output=True, check=False).returncode == 0:
        return str(python)
    packages = Path(os.__file__).parent if sys.prefix == sys.base_prefix else Path(sys.prefix)
    made = subprocess.run([sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT)], capture_output=True, check=False)
    if made.returncode:
        return ""
    for site in ENVIRONMENT.glob("lib/python*/site-packages"):
        for own in packages.glob("lib/python*/site-packages"):
            (site / "beside.pth").write_text(f"{own}\n", encoding="utf-8")
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", ATHERIS]
    subprocess.run(install, capture_output=True, check=False)
    return str(python) if subprocess.run(has, capture_output=True, check=False).returncode == 0 else ""


def kept(name: str) -> list[bytes]:
    return examples()[name] + [path.read_bytes() for path in sorted((CORPUS / name).glob("*"))]


def run(name: str, tally: Tally) -> None:
    inputs = kept(name)
    for data in inputs:
        attack(name, data, tally)
    python = interpreter() if tally.wanted > len(inputs) + 10_000 else ""
    if python:
        with_atheris(python, name, inputs, tally)
        return
    while tally.more():
        attack(name, mutated(inputs, tally.random), tally)
    tally.measured = "by mutation of kept inputs"


def attack(name: str, data: bytes, tally: Tally) -> None:
    tally.count += 1
    began = time.perf_counter()
    try:
        ENTRIES[name](data)
    except Exception:  # noqa: BLE001  (counted: none of them may leave a parser)
        tally.broke("failed", f"{data[:200]!r}: {traceback.format_exc(limit=-2)}")
    if time.perf_counter() - began > SLOW:
        tally.broke("failed", f"{data[:200]!r} took {time.perf_counter() - began:.1f} s")


def with_atheris(python: str, name: str, inputs: list[bytes], tally: Tally) -> None:
    runs, seconds = tally.wanted - tally.count, int(60 * tally.minutes)
    with tempfile.TemporaryDirectory() as directory:
        new, old = Path(directory, "new"), Path(directory, "old")
        for place in (new, old):
            place.mkdir()
        for number, data in enumerate(inputs):
            (old / str(number)).write_bytes(data)
        argv = [python, "-m", "tests.hardening.fuzz.program", name, str(runs), str(tally.seed), str(seconds)]
        path = f"{ROOT}{os.pathsep}{ROOT / 'collections'}"
        done = subprocess.run(
            [*argv, str(new), str(old)], cwd=directory, env={**os.environ, "PYTHONPATH": path},
            capture_output=True, text=True, errors="replace", check=False,
        )  # fmt: skip
        counted = re.search(r"stat::number_of_executed_units:\s*(\d+)", done.stderr)
        covered = re.findall(r"cov: (\d+)", done.stderr)
        tally.count += int(counted[1]) if counted else 0
        tally.measured = f"{ATHERIS}, {covered[-1] if covered else '?'} edges"
        if done.returncode:
            crashes = [path.read_bytes()[:200] for path in Path(directory).glob("*-*") if path.is_file()]
            said = (
                done.stderr[done.stderr.find("Uncaught Python exception") :]
                if "Uncaught" in done.stderr
                else done.stderr[-2000:]
            )
            tally.broke("failed", f"{crashes}: {said[:2000]}")
        keep(name, new)


def keep(name: str, new: Path) -> None:
    """Add the smallest new inputs to the corpus, while it is small."""
    directory = CORPUS / name
    directory.mkdir(parents=True, exist_ok=True)
    room = KEPT - len(list(directory.iterdir()))
    for path in sorted(new.iterdir(), key=lambda path: -path.stat().st_size):
        if room <= 0:
            return
        data = path.read_bytes()
        if 8 <= len(data) <= KEPT_SIZE:
            target = directory / f"{hashlib.sha256(data).hexdigest()[:12]}.bin"
            room -= not target.exists()
            target.write_bytes(data)


ROWS = [Row(f"fuzz/{name}", LAW.format(name=name), partial(run, name), wanted=200_000, quick=1_000) for name in ENTRIES]
