# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
for entry in (ROOT / "collections", ROOT / "tests" / "lab"):
    sys.path.insert(0, str(entry))

from labkit import modules  # noqa: E402  (the path is set up above)
from labkit.segment import Segment  # noqa: E402


@pytest.fixture
def segment() -> Iterator[Segment]:
    """A switch of its own for each test."""
    with Segment() as made:
        yield made


@pytest.fixture(scope="session")
def lab_module() -> Callable[..., dict]:
    """``lab_module(lab, host, name, args, check=False)``: run a module on a lab's host and return its result.

    The host's own Python runs it, without SSH: a tenth of the time of an ad-hoc ``ansible`` call.
    """
    prepared: set[tuple[str, str]] = set()

    def call(lab, host: str, name: str, args: dict, check: bool = False) -> dict:
        if (lab.name, host) not in prepared:
            modules.install(lab, host)
            prepared.add((lab.name, host))
        return modules.run(lab, host, name, args, check)

    return call
