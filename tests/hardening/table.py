# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The figures as a Markdown table, and the page that holds it. Pure."""

from __future__ import annotations

from .results import Figures, Results
from .row import Row

HEAD = ("row", "law", "cases", "lost", "let in", "failed", "seconds", "seed", "measured")
#: The table of the page is between these.
BEGIN, END = "<!-- figures: begin -->\n", "<!-- figures: end -->\n"


def render(rows: list[Row], results: Results) -> str:
    """A line for each row; what broke a law is described below."""
    lines = [HEAD, tuple("---" for _word in HEAD)]
    wrong = []
    for row in rows:
        figures = results.get(row.name)
        lines.append((f"`{row.name}`", row.law, *cells(figures)))
        wrong += [f"- {row.name}: {' '.join(text.split())}\n" for text in (figures.wrong if figures else ())]
    text = "".join(f"| {' | '.join(line)} |\n" for line in lines)
    return text + ("\n" + "".join(wrong) if wrong else "")


def cells(figures: Figures | None) -> tuple[str, ...]:
    if figures is None:
        return ("not run", "", "", "", "", "", "")
    if figures.not_run:
        return ("not run here", "", "", "", "", "", figures.not_run)
    count = str(figures.count) if figures.count >= figures.wanted else f"{figures.count} of {figures.wanted}"
    broken = [
        str(number) if not number else f"**{number}**" for number in (figures.lost, figures.let_in, figures.failed)
    ]
    return (count, *broken, f"{figures.seconds:.0f}", str(figures.seed), figures.measured)


def page(text: str, table: str) -> str:
    """The page with another table. Errors: ValueError if it has no place for one."""
    before, found, rest = text.partition(BEGIN)
    _old, ended, after = rest.partition(END)
    if not found or not ended:
        raise ValueError(f"the page lacks the lines {BEGIN.strip()} and {END.strip()}")
    return f"{before}{BEGIN}\n{table}\n{END}{after}"
