# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whoever names a cause or a kind of check names one that there is."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach import causes, kinds
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.checks.registry import CHECKS
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.registry import CAUSES
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._fleet import verdict as fleet

KNOWN = {cause.id for cause in CAUSES}


def test_what_one_host_suspects_is_a_cause_of_the_diagnosis():
    suspected = {value for name, value in vars(causes).items() if name.isupper()}
    assert suspected
    assert suspected <= KNOWN


def test_what_the_comparison_of_hosts_proves_is_a_cause_of_the_diagnosis():
    assert {fleet.DUPLICATE_IP, fleet.IP_IN_FLEET, fleet.MAC_IN_FLEET} <= KNOWN


def test_each_kind_of_check_is_implemented_in_the_order_of_reports():
    assert tuple(CHECKS) == tuple(kinds.KINDS)
