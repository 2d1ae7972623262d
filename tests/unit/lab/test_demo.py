# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import demo
import pytest


@pytest.mark.parametrize(
    ("answer", "kept"),
    [("1", True), ("yes", True), ("True", True), ("", False), ("0", False), ("no", False), ("false", False)],
)
def test_only_a_yes_keeps_the_lab(answer, kept):
    assert demo.kept(answer) is kept
