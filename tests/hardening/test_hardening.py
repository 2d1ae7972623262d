# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A slice of each row holds its law. `make test-hardening` runs all of them."""

from __future__ import annotations

import pytest

from tests.hardening import results
from tests.hardening.row import Row, all_rows

SEED = 1


@pytest.mark.parametrize("row", [row for row in all_rows() if row.quick], ids=lambda row: row.name)
def test_a_slice_holds_its_law(row: Row) -> None:
    if row.unable():
        pytest.skip(row.unable())
    figures = results.run(row, SEED, minutes=10, wanted=row.quick)
    assert figures.holds, "\n".join(figures.wrong)
    assert figures.count >= row.quick
