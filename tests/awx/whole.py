# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What only `make test-awx` runs: it takes minutes, or it downloads something."""

from __future__ import annotations

import os

import pytest

ONLY = pytest.mark.skipif("AWX_WHOLE" not in os.environ, reason="only `make test-awx` runs it")
