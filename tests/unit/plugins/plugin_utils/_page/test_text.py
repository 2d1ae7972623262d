# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._page.text import clean, markdown_code, seconds_text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0.0 s"), (0.0131, "0.013 s"), (4.24, "4.2 s"), (119, "119.0 s"), (125.3, "2 min 5 s"), (12000, "3 h 20 min")],
)
def test_seconds(seconds: float, text: str) -> None:
    assert seconds_text(seconds) == text


def test_text_that_is_too_long_is_cut() -> None:
    assert clean("x" * 1000) == "x" * 599 + "…"
    assert clean({"a": [1, "b\n c"]}) == "a: 1, b c"


def test_code_spans_hold_backticks() -> None:
    assert markdown_code("a`b") == "``a`b``"
    assert markdown_code("`a`") == "`` `a` ``"
    assert markdown_code("a|b", cell=True) == "`a\\|b`"
