# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many seeds a generated test runs."""

from __future__ import annotations

import os


def seeds(few: int) -> range:
    """The first few seeds; ``SEEDS=200`` for more."""
    return range(int(os.environ.get("SEEDS", few)))
