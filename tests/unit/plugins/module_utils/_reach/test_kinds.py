# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kinds of check."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach import kinds
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.checks.registry import CHECKS


def test_each_kind_of_check_is_implemented_in_the_order_of_reports():
    assert tuple(CHECKS) == tuple(kinds.KINDS)
