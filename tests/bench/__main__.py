# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m tests.bench``: measures rows, each beside what it is compared with, and prints the table.

Progress goes to stderr. Figures are saved in tests/output after each row; with --keep they are those of docs/bench.md,
which is written again. Nothing is asserted: a machine that does something else at the same time measures that, too.
"""

from __future__ import annotations

import argparse
import fnmatch
import sys
from collections.abc import Sequence
from pathlib import Path

from . import ROOT, table
from .row import all_rows, run

OUTPUT = ROOT / "tests" / "output" / "bench.json"
#: The figures of the page.
KEPT = Path(__file__).with_name("figures.json")
PAGE = ROOT / "docs" / "bench.md"


def main(arguments: Sequence[str] | None = None) -> int:
    options = parse(arguments)
    rows = [row for row in all_rows() if any(fnmatch.fnmatch(row.name, glob) for glob in options.rows.split(","))]
    if not rows:
        print(f"nothing matches; use: {' '.join(row.name for row in all_rows())}", file=sys.stderr)
        return 2
    if options.list:
        print("\n".join(f"{row.name:24} {row.what}" for row in rows))
        return 0
    path = KEPT if options.keep or options.page else OUTPUT
    figures = table.load(path)
    for row in rows if not options.page else []:
        say(row.name)
        figures[row.name] = run(row, options.pairs, say)
        table.save(path, figures)
    if options.keep or options.page:
        kept = table.render(all_rows(), table.load(KEPT))
        PAGE.write_text(table.page(PAGE.read_text(encoding="utf-8"), kept), encoding="utf-8")
    print(table.render(rows, figures))
    return 0


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench ARGS=...", description=__doc__)
    parser.add_argument("-k", "--rows", metavar="GLOBS", default="*", help="only these rows, such as 'plan*,sweep/*'")
    parser.add_argument("--pairs", type=int, default=5, metavar="N", help="how often each side is measured")
    parser.add_argument("--keep", action="store_true", help="put the figures into docs/bench.md")
    parser.add_argument("--page", action="store_true", help="write docs/bench.md from its figures and print them")
    parser.add_argument("--list", action="store_true", help="list the rows, and measure nothing")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
