# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The survival matrix: how soon after each event on a host its link is as declared again, without a run of Ansible.

Without options all cells are run; progress goes to stderr, the table comes at the end. The exit status is 1 when a cell
is red or empty; cells in brackets are documented to be late, and not red. Results are saved in tests/output after each
cell, so --resume continues an interrupted run; its hosts are removed, those of a killed run by the next one.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import os
import signal
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(ROOT / "tests" / "lab"), str(ROOT / "collections")]

from matrix import runner, table  # noqa: E402  (the path is set up above)
from matrix.documented import reason  # noqa: E402
from matrix.events import EVENTS, Event, matches  # noqa: E402
from matrix.results import Results  # noqa: E402
from matrix.rows import ROWS, Row  # noqa: E402

OUTPUT = ROOT / "tests" / "output"

#: Labs of this checkout; those of another one may run at the same time.
LAB = f"sv{hashlib.sha256(str(ROOT).encode()).hexdigest()[:6]}"


#: Seconds that all events take on a container (they run at once: some seconds for each, and the longest wait), and on a
#: virtual machine by accelerator. Measured, except for KVM, which is estimated from the waits.
WAITS, CONTAINER, MACHINE = 300, 40, {"kvm": 300, "tcg": 450}


def main() -> int:
    options = parse()
    rows, events = selection(options)
    results = Results(OUTPUT / "survival.json")
    if options.table:
        print(table.render(rows, events, results))
        return 0
    OUTPUT.mkdir(parents=True, exist_ok=True)
    with open(OUTPUT / "survival.lock", "w", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("another run of this checkout is under way", file=sys.stderr)
            return 2
        return measure(options, rows, events, results)


def measure(options: argparse.Namespace, rows: list[Row], events: list[Event], results: Results) -> int:
    """Run the selected cells and print the results; the exit status."""
    if not options.resume:
        for row in rows:
            for event in events:
                results.forget(row.name, event.name)
    began = time.monotonic()

    def say(message: str) -> None:
        print(f"{time.monotonic() - began:6.0f} {message}", file=sys.stderr, flush=True)

    say(forecast(rows, len(events) / len(EVENTS), options.machines))
    interrupt = Interrupt()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, interrupt)
    try:
        if not options.keep:
            runner.remove_leftovers(LAB)
        runner.run(rows, events, results, runner.Labs(LAB, options.keep, options.machines), say)
    except KeyboardInterrupt:
        say("interrupted: all hosts are removed; --resume runs the rest")
        runner.remove_leftovers(LAB)
        os._exit(130)  # without waiting for events that wait
    text = table.render(rows, events, results)
    (OUTPUT / "survival.md").write_text(text, encoding="utf-8")
    print(text)
    cells = [(row, event) for row in rows for event in events if not event.missing(row)]
    short = [pair for pair in cells if not results.has(pair[0].name, pair[1].name)]
    red = [(row, event) for row, event in short if not reason(row, event.name, results.get(row.name, event.name))]
    late = f"{len(short) - len(red)} documented as late, " if len(short) > len(red) else ""
    print(f"{len(cells)} cells, {late}{len(red)} red or empty, {time.monotonic() - began:.0f} s")
    return 1 if red else 0


def forecast(rows: list[Row], share: float, together: int) -> str:
    """An estimate of the duration, in words. share: of all events."""
    machines = [row for row in rows if row.kind == "vm"]
    containers = len(rows) - len(machines)

    def minutes(seconds: float) -> str:
        return f"{max(1, round(seconds * share / 60))} min"

    words = []
    if containers:
        words.append(f"containers ({containers}): about {minutes(WAITS + CONTAINER * containers)}")
    if machines:
        turns = -(-len(machines) // together)
        without, having = (minutes(turns * MACHINE[accelerator]) for accelerator in ("tcg", "kvm"))
        words.append(f"virtual machines ({len(machines)}): about {without} without KVM, {having} with it")
    return f"{'; '.join(words)}; images are built first where they are missing"


class Interrupt:
    """The first signal ends the run; further ones do not interrupt the removal of the hosts."""

    def __init__(self) -> None:
        self.came = False

    def __call__(self, _number: int, _frame: object) -> None:
        if not self.came:
            self.came = True
            raise KeyboardInterrupt


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make test-survival ARGS=...", description=__doc__)
    parser.add_argument("-k", "--rows", metavar="GLOBS", default="*", help="only these rows, such as 'ifup-*,nd-*'")
    parser.add_argument("-e", "--events", metavar="GLOBS", default="*", help="only these events, such as 'carrier-*'")
    parser.add_argument("--resume", action="store_true", help="run only the cells that are not green yet")
    parser.add_argument("--keep", action="store_true", help="leave the hosts up, for the next run with --keep")
    parser.add_argument("--machines", type=int, default=2, metavar="N", help="virtual machines at once (%(default)s)")
    parser.add_argument("--table", action="store_true", help="print the table of saved results, and run nothing")
    return parser.parse_args()


def selection(options: argparse.Namespace) -> tuple[list[Row], list[Event]]:
    rows = [row for row in ROWS if matches(row.name, options.rows)]
    events = [event for event in EVENTS if matches(event.name, options.events)]
    if not rows or not events:
        known = [item.name for item in (*(() if rows else ROWS), *(() if events else EVENTS))]
        sys.exit(f"nothing matches; use: {' '.join(known)}")
    return rows, events


if __name__ == "__main__":
    sys.exit(main())
