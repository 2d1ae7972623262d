# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No cell is a formula, whatever a spreadsheet takes for the separator."""

from __future__ import annotations

import csv
import io
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._fleet.csv_cell import cell

FORMULA = "=+-@"


def calculates(text: str) -> bool:
    begin = text.lstrip(' \t\r\n"')[:1]
    return bool(begin) and unicodedata.normalize("NFKC", begin)[0] in FORMULA and begin not in "⁺⁻⁼₊₋₌"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Ethernet1/0-1", "Ethernet1/0-1"),
        ("192.168.100.3/32 fd00::3/128", "192.168.100.3/32 fd00::3/128"),
        ('=HYPERLINK("http://x")', '\'=HYPERLINK("http://x")'),
        ("  @SUM(A1)", "  '@SUM(A1)"),
        ("\t=1", "\\t=1"),
        ("\uff1d1+1", "'\uff1d1+1"),
        ("sw1; -2+3", "sw1; '-2+3"),
        ('x;"=1', "x;\"'=1"),
        ("", ""),
    ],
)
def test_formulas(value, expected):
    assert cell(value) == expected


@given(st.text(st.sampled_from('=+-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62 \t\r\n;|",ax\x1b\u00a0'), max_size=12))
def test_nothing_is_calculated_however_the_file_is_split(text):
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerow(["h1", cell(text), "x"])
    for separator in ",;\t|":
        for row in csv.reader(io.StringIO(buffer.getvalue(), newline=""), delimiter=separator):
            # the file is separated by commas: what lies between two of them is a cell in any case
            assert not any(calculates(part) for part in row)


@given(st.text(max_size=30))
def test_a_cell_is_one_printable_line_and_done_once(text):
    assert cell(text).isprintable()
    assert cell(cell(text)) == cell(text)
