# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a watch ends early."""

from __future__ import annotations

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.progress import COMES_AND_GOES, Progress


@pytest.mark.parametrize(
    ("broken", "returned", "after_break", "expected"),
    [
        (None, False, 3.0, None),
        (5.0, False, None, None),
        (5.0, False, 3.0, 8.0),
        (5.0, True, 3.0, 5.0 + COMES_AND_GOES * 3.0),
    ],
)
def test_what_comes_and_goes_is_watched_for_longer(broken, returned, after_break, expected) -> None:
    assert Progress(broken=broken, returned=returned).ends(after_break) == expected
