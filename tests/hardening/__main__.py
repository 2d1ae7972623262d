# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m tests.hardening``: runs rows of the table of attacks, and prints their figures.

Progress goes to stderr, the table comes at the end; figures are saved in tests/output after each row. The exit status
is 1 when a law was broken. With --keep they are figures of docs/hardening.md, which is written again.
"""

from __future__ import annotations

import argparse
import fnmatch
import sys
from pathlib import Path

from . import ROOT, results, table
from .row import all_rows

OUTPUT = ROOT / "tests" / "output" / "hardening.json"
#: The figures of the page.
KEPT = Path(__file__).with_name("figures.json")
PAGE = ROOT / "docs" / "hardening.md"


def main() -> int:
    options = parse()
    rows = [row for row in all_rows() if matches(row.name, options.rows)]
    if not rows:
        print(f"nothing matches; use: {' '.join(row.name for row in all_rows())}", file=sys.stderr)
        return 2
    if options.list:
        print("\n".join(f"{row.name:28} {row.wanted:>6}  {row.law}" for row in rows))
        return 0
    if options.page:
        write_page()
        return 0
    saved = results.Results(OUTPUT)
    for row in rows:
        say(f"{row.name}: {options.count or row.wanted} cases, seed {options.seed}")
        figures = results.run(row, options.seed, options.minutes, options.count)
        saved.put(row.name, figures)
        if options.keep:
            results.Results(KEPT).put(row.name, figures)
        say(f"{row.name}: {' | '.join(filter(None, table.cells(figures)))}")
    print(table.render(rows, saved))
    if options.keep:
        write_page()
    return 0 if all(saved.figures[row.name].holds for row in rows) else 1


def write_page() -> None:
    made = table.page(PAGE.read_text(encoding="utf-8"), table.render(all_rows(), results.Results(KEPT)))
    PAGE.write_text(made, encoding="utf-8")


def matches(name: str, globs: str) -> bool:
    """Whether one of the globs is that of the name, or of the kind before its slash."""
    return any(fnmatch.fnmatch(word, glob) for word in (name, name.partition("/")[0]) for glob in globs.split(","))


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make test-hardening ARGS=...", description=__doc__)
    parser.add_argument("-k", "--rows", metavar="GLOBS", default="*", help="only these rows, such as 'kills,floods/a*'")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of everything that is random (%(default)s)")
    parser.add_argument("--minutes", type=float, default=60.0, metavar="M", help="for each row at most (%(default)s)")
    parser.add_argument("--count", type=int, default=0, metavar="N", help="cases of each row, instead of all")
    parser.add_argument("--keep", action="store_true", help="put the figures into docs/hardening.md")
    parser.add_argument("--page", action="store_true", help="write docs/hardening.md from its figures, and run nothing")
    parser.add_argument("--list", action="store_true", help="list rows, cases and laws, and run nothing")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
