# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts with real container engines. ``ENGINES=all`` or a list of names chooses them; see `hosts.ENGINES`."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
for entry in (ROOT / "collections", ROOT / "tests" / "lab"):
    sys.path.insert(0, str(entry))

from labkit.lab import Lab  # noqa: E402  (the path is set up above)

from . import figures  # noqa: E402
from .hosts import EngineHost, chosen, topology  # noqa: E402


def pytest_terminal_summary(terminalreporter) -> None:
    """The figures of this and of earlier runs."""
    lines = figures.table()
    if lines:
        terminalreporter.section("seconds until all answer again")
    for line in lines:
        terminalreporter.write_line(line)


@pytest.fixture(scope="session", params=chosen(), ids=lambda engine: engine.name)
def engine_host(request) -> Iterator[EngineHost]:
    """A host of each engine, for all tests."""
    lab = Lab.up(topology(request.param), name=f"t{secrets.token_hex(4)}")
    yield EngineHost(lab, request.param)
    lab.down()


@pytest.fixture
def host(engine_host) -> Iterator[EngineHost]:
    """The same without containers and networks of other tests."""
    engine_host.clear()
    yield engine_host
    engine_host.clear()
