# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report of a diagnosis: judged, and written as JSON, Markdown and HTML, from evidence that is there."""

from __future__ import annotations

import multiprocessing
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils import _reports
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._ansible import without_collector
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis import words
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.report import HostResult, make
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._json import indented
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._page.model import build
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._page.render import html, markdown
from tests.bench import fleets
from tests.bench.row import Row, Work, timed

SIZES = (10_000, 1_000)


@contextmanager
def sides(fault: str) -> Iterator[dict[str, Work]]:
    yield {f"{count:,} hosts": partial(apart, count, fault) for count in SIZES}


def apart(count: int, fault: str) -> float:
    """In a process of its own: it begins without the memory of the one before."""
    context = multiprocessing.get_context("fork")
    reader, writer = context.Pipe(duplex=False)
    process = context.Process(target=lambda: writer.send(measured(count, fault)))
    process.start()
    writer.close()
    try:
        seconds: float = reader.recv()
    finally:
        process.join()
    return seconds


def measured(count: int, fault: str) -> float:
    results = [HostResult(host["host"], host) for host in fleets.fleet(count, fault)]
    with tempfile.TemporaryDirectory() as folder, without_collector():
        return timed(partial(write, results, Path(folder)))


def write(results: list[Any], folder: Path) -> None:
    report = make(results, "2026-01-01T00:00:00Z", "bench", {})
    page = build(report.data)
    words.lines(report)
    for name, text in (
        ("report.json", indented(report.data)),
        ("report.md", [markdown(page)]),
        ("report.html", [html(page)]),
    ):
        _reports.write(str(folder / name), text, 0o600)


ROWS = [
    Row(f"report/{fault.replace(' ', '-')}", f"report of a fleet, ten times the hosts: {fault}", partial(sides, fault))
    for fault in fleets.FAULTS
]
