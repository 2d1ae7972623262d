# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The names of plays and tasks, which every run prints, also that of a slice or of a few hosts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[5]
FILES = sorted([*ROOT.glob("playbooks/*.yml"), *ROOT.glob("playbooks/tasks/*.yml"), *ROOT.glob("roles/*/tasks/*.yml")])


def names(items: list[dict[str, Any]]) -> Iterator[str]:
    """Of plays, tasks, and the tasks inside of them."""
    for item in items or []:
        yield item.get("name", "")
        for key in ("pre_tasks", "tasks", "block", "rescue", "always"):
            yield from names(item.get(key, []))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_name_claims_hosts_that_a_slice_or_limit_leaves_out(path: Path) -> None:
    claims = ("whole inventory", "all hosts", "every host")
    found = [name for name in names(yaml.safe_load(path.read_text())) if any(claim in name for claim in claims)]
    assert not found
