# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Moments in one form."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.clock import epoch, utc


def test_a_moment_is_utc_with_milliseconds():
    assert utc(1769860804.2) == "2026-01-31T12:00:04.200Z"
    assert utc(0) == "1970-01-01T00:00:00.000Z"


@given(st.integers(0, 10**13))
def test_a_moment_survives_writing_and_reading(milliseconds):
    text = utc(milliseconds / 1000)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", text)
    assert epoch(text) == pytest.approx(milliseconds / 1000, abs=0.0011)


def test_what_is_no_moment_is_refused():
    with pytest.raises(ValueError):
        epoch("yesterday")
