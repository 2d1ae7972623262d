# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
for entry in (ROOT / "collections", ROOT / "tests" / "lab"):
    sys.path.insert(0, str(entry))

from labkit.segment import Segment  # noqa: E402  (the path is set up above)


@pytest.fixture
def segment() -> Iterator[Segment]:
    """A switch of its own for each test."""
    with Segment() as made:
        yield made
