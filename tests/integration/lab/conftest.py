# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest

from labkit.lab import Lab

from .common import traces


@pytest.fixture
def name() -> Iterator[str]:
    """A name for a lab; nothing with that name may be left at the end."""
    made = f"t{secrets.token_hex(4)}"
    yield made
    Lab(made).down()
    assert traces(made) == []
