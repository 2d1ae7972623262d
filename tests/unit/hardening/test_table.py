# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the table says of rows, what rows count, and that the page is the one of the kept figures."""

from __future__ import annotations

import pytest

from tests.hardening import __main__ as command
from tests.hardening import results, table, workers
from tests.hardening.results import Figures, Results
from tests.hardening.row import Row, Tally, all_rows


def attack(tally: Tally) -> None:
    while tally.more():
        tally.count += 1
        tally.note("odd", tally.count % 2)
        if tally.random.random() < 0.5:
            tally.broke("lost", "an address")


ROW = Row("kills/module", "nothing is lost", attack, wanted=20)


@pytest.fixture
def saved(tmp_path):
    return Results(tmp_path / "figures.json")


def line(saved, figures: Figures | None) -> list[str]:
    if figures is not None:
        saved.put(ROW.name, figures)
    return [cell.strip() for cell in table.render([ROW], Results(saved.path)).splitlines()[2].strip("|").split("|")]


def test_a_law_that_held(saved):
    held = Figures(20, 20, seconds=3.4, seed=7, measured="10 odd")
    assert held.holds
    assert line(saved, held)[2:] == ["20", "0", "0", "0", "3", "7", "10 odd"]


def test_a_law_that_was_broken_is_marked_and_described(saved):
    broken = Figures(20, 20, lost=2, seed=1, wrong=("an\naddress",))
    assert not broken.holds
    assert line(saved, broken)[3] == "**2**"
    assert "- kills/module: an address\n" in table.render([ROW], saved)


def test_time_that_was_over_is_said(saved):
    assert line(saved, Figures(12, 20))[2] == "12 of 20"


def test_what_cannot_be_run_says_why(saved):
    unable = Row(ROW.name, ROW.law, attack, 1, unable=lambda: "no virtual machines")
    assert line(saved, results.run(unable, 1, 1))[2:] == ["not run here", "", "", "", "", "", "no virtual machines"]


def test_what_was_not_run_is_said(saved):
    assert line(saved, None)[2] == "not run"


def test_the_same_seed_gives_the_same_cases():
    first, second, other = (results.run(ROW, seed, 1) for seed in (1, 1, 2))
    assert (first.lost, first.wrong) == (second.lost, second.wrong)
    assert first.lost != other.lost


def test_processes_share_the_cases_and_their_figures_are_added():
    shared, again = Tally(3, 20), Tally(3, 20)
    workers.share(shared, attack, 3)
    workers.share(again, attack, 3)
    assert (shared.count, shared.figures["odd"]) == (20, 11)
    assert shared.lost == again.lost > 0


def test_a_process_that_fails_is_counted():
    tally = Tally(1, 4)
    workers.share(tally, lambda part: 1 / 0, 2)
    assert tally.failed == 2
    assert "ZeroDivisionError" in tally.wrong[0]


def test_a_row_that_fails_is_counted():
    figures = results.run(Row("a", "b", lambda tally: 1 / 0, 1), 1, 1)
    assert figures.failed == 1


def test_rows_are_found_by_kind_and_by_glob():
    assert [command.matches(ROW.name, globs) for globs in ("kills", "kills/*", "floods,kills/mod*", "kill")] == [
        True, True, True, False,
    ]  # fmt: skip


def test_names_are_unique_and_laws_are_one_line():
    names = [row.name for row in all_rows()]
    assert len(names) == len({*names})
    assert not [row.name for row in all_rows() if "|" in row.law or "\n" in row.law or not row.wanted]


def test_the_page_has_the_kept_figures():
    text = command.PAGE.read_text(encoding="utf-8")
    kept = Results(command.KEPT)
    assert text == table.page(text, table.render(all_rows(), kept)), "run: python -m tests.hardening --page"
    assert {*kept.figures} <= {row.name for row in all_rows()}
