# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts with real container engines. ``ENGINES=all`` or a list of names chooses them; see `hosts.ENGINES`."""

from __future__ import annotations

import os
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


#: What `make test` runs of them; `make test-engines` runs all, on all engines.
SLICE = (
    "test_change_and_change_back", "test_containers_keep_what_was_chosen_for_them",
    "test_a_container_has_a_macvlan_link_and_reaches_the_lan_but_not_its_host",
    "test_the_seeds_commands_and_then_the_declaration", "test_a_container_is_called_by_its_name",
    "test_nothing_is_left_in_any_control_group_of_the_machine",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    skip = pytest.mark.skip(reason="only `make test-engines` runs it")
    for item in items:
        ours = Path(item.path).parent == Path(__file__).parent
        if ours and "ENGINES" not in os.environ and item.originalname not in SLICE:
            item.add_marker(skip)


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
