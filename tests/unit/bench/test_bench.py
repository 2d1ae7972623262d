# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Both sides of a row are measured in turns, and what comes of it stands in the table."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.bench import __main__ as bench
from tests.bench import fleets, table
from tests.bench.row import Figures, Row, Work, all_rows, run


def silent(_text: str) -> None:
    """Nobody reads the progress here."""


def row(turns: list[str], unable: str = "") -> Row:
    def work(name: str, seconds: float) -> Work:
        def once() -> float:
            turns.append(name)
            return seconds

        return once

    @contextmanager
    def sides() -> Iterator[dict[str, Work]]:
        yield {"ours": work("ours", 1.0), "theirs": work("theirs", 4.0)}

    return Row("a/b", "some work", sides, lambda: unable)


def test_the_sides_take_turns() -> None:
    turns: list[str] = []
    figures = run(row(turns), 3, silent)
    assert turns == ["ours", "theirs"] * 3
    assert (figures.seconds, figures.ratio) == ({"ours": [1.0] * 3, "theirs": [4.0] * 3}, 0.25)


def test_a_row_that_cannot_run_is_named_with_its_reason(tmp_path: Path) -> None:
    turns: list[str] = []
    figures = run(row(turns, "no such program"), 3, silent)
    table.save(tmp_path / "figures.json", {"a/b": figures})
    text = table.render([row(turns)], table.load(tmp_path / "figures.json"))
    assert not turns
    assert "not run: no such program" in text


def test_the_table_has_medians_and_spread() -> None:
    figures = Figures({"ours": [3.0, 1.0, 2.0], "theirs": [4.0, 4.0, 5.0]})
    line = table.render([row([])], {"a/b": figures}).splitlines()[-1]
    spread = "ours | 2.00 (1.00 to 3.00, 3 times) | theirs | 4.00 (4.00 to 5.00, 3 times) | 0.50 |"
    assert line == f"| `a/b` | some work | {spread}"


def test_a_page_without_place_for_the_table_is_refused() -> None:
    with pytest.raises(ValueError, match="lacks the lines"):
        table.page("nothing", "table")


def test_page_prints_the_figures_that_it_writes(tmp_path: Path, monkeypatch, capsys) -> None:
    kept, page = tmp_path / "figures.json", tmp_path / "bench.md"
    table.save(kept, {"arping": Figures({"ours": [2.0], "theirs": [1.0]})})
    page.write_text(f"{table.BEGIN}old\n{table.END}")
    monkeypatch.setattr(bench, "KEPT", kept)
    monkeypatch.setattr(bench, "PAGE", page)
    monkeypatch.setattr(bench, "OUTPUT", tmp_path / "none.json")
    assert bench.main(["--page", "--rows", "arping"]) == 0
    line = capsys.readouterr().out.rstrip().splitlines()[-1]
    assert line.endswith("| ours | 2.00 (2.00 to 2.00, 1 times) | theirs | 1.00 (1.00 to 1.00, 1 times) | 2.00 |")
    assert line in page.read_text()


def test_rows_have_names_of_their_own() -> None:
    names = [item.name for item in all_rows()]
    assert len(names) == len(set(names)) > 10


@pytest.mark.parametrize("fault", fleets.FAULTS)
def test_hosts_of_a_fleet_have_their_own_addresses(fault: str) -> None:
    first, second = fleets.fleet(2, fault)
    assert (first["host"], second["host"]) == ("h0", "h1")
    assert first["networks"] != second["networks"]
    assert not {*first["networks"][0]["host_addresses"]} & {*second["networks"][0]["host_addresses"]}
