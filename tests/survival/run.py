# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The survival matrix: what happens to hosts, and how soon their links are as declared again, with no run of Ansible.

Without options all cells are run anew and the table is printed. The exit status is 1 when a cell is red.
"""

from __future__ import annotations

import argparse
import fnmatch
import hashlib
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(ROOT / "tests" / "lab"), str(ROOT / "collections")]

from matrix import runner, table  # noqa: E402
from matrix.events import EVENTS, Event  # noqa: E402
from matrix.results import Results  # noqa: E402
from matrix.rows import ROWS, Row  # noqa: E402

from labkit.errors import LabError  # noqa: E402  (the path is set up above)

OUTPUT = ROOT / "tests" / "output"

#: Labs of this checkout; another's may run beside them.
LAB = f"sv{hashlib.sha256(str(ROOT).encode()).hexdigest()[:6]}"


def main() -> int:
    options = parse()
    rows, events = selection(options)
    results = Results(OUTPUT / "survival.json")
    if options.table:
        print(table.render(rows, events, results))
        return 0
    if not options.resume:
        for row in rows:
            for event in events:
                results.forget(row.name, event.name)
    began = time.monotonic()

    def say(message: str) -> None:
        print(f"{time.monotonic() - began:6.0f} {message}", file=sys.stderr, flush=True)

    try:
        runner.run(rows, events, results, runner.Labs(LAB, options.keep, options.machines), say)
    except LabError as error:
        print(error, file=sys.stderr)
        return 2
    text = table.render(rows, events, results)
    (OUTPUT / "survival.md").write_text(text, encoding="utf-8")
    print(text)
    cells = [(row, event) for row in rows for event in events if not event.missing(row)]
    red = [pair for pair in cells if not results.has(pair[0].name, pair[1].name)]
    print(f"{len(cells)} cells, {len(red)} red, {time.monotonic() - began:.0f} s")
    return 1 if red else 0


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make test-survival ARGS=...", description=__doc__)
    parser.add_argument("-k", "--rows", metavar="GLOBS", default="*", help="only these rows, such as 'ifup-*,nd-*'")
    parser.add_argument("-e", "--events", metavar="GLOBS", default="*", help="only these events, such as 'carrier-*'")
    parser.add_argument("--resume", action="store_true", help="run only the cells that are not green yet")
    parser.add_argument("--keep", action="store_true", help="leave the labs up; the next run uses them again")
    parser.add_argument("--machines", type=int, default=2, metavar="N", help="virtual machines at once (%(default)s)")
    parser.add_argument("--table", action="store_true", help="print the table of what has been run, and run nothing")
    return parser.parse_args()


def selection(options: argparse.Namespace) -> tuple[list[Row], list[Event]]:
    rows = [row for row in ROWS if matches(row.name, options.rows)]
    events = [event for event in EVENTS if matches(event.name, options.events)]
    if not rows or not events:
        known = [item.name for item in (*(() if rows else ROWS), *(() if events else EVENTS))]
        sys.exit(f"nothing matches; there are: {' '.join(known)}")
    return rows, events


def matches(name: str, globs: str) -> bool:
    return any(fnmatch.fnmatch(name, glob) for glob in globs.split(","))


if __name__ == "__main__":
    sys.exit(main())
