# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.machine_id import machine_id


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0123456789abcdef0123456789abcdef\n", "HMAC"),
        ("uninitialized\n", None),
        ("", None),
        ("0123456789ABCDEF0123456789ABCDEF\n", None),
        ("\u00e9", None),
    ],
)
def test_only_an_id_that_is_one_counts(tmp_path: Path, text: str, expected: str | None) -> None:
    path = tmp_path / "machine-id"
    path.write_text(text, encoding="utf-8")
    found = machine_id(str(path))
    assert (found is None) == (expected is None)
    assert found is None or (len(found) == 32 and found not in text)
    assert machine_id(str(tmp_path / "none")) is None
