# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever names a cause names one of the registry."""

from __future__ import annotations

import re

import yaml

from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach import causes as _suspected
from ansible_collections.linuxnet.macvlan.plugins.modules import fleet_verdict, macvlan_verify
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.registry import BY_ID, CAUSES
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._fleet import verdict as _fleet_verdict


def test_ids_are_unique() -> None:
    assert len(BY_ID) == len(CAUSES)


def test_checks_suspect_causes_of_the_registry() -> None:
    suspected = {value for name, value in vars(_suspected).items() if name.isupper()}
    assert {"host_isolation", "mac_filtering_upstream", "mac_limit_after_ageing", "stale_neighbour"} <= suspected
    assert suspected <= set(BY_ID)


def test_conflicts_of_the_fleet_prove_causes_of_the_registry() -> None:
    for cause in (_fleet_verdict.DUPLICATE_IP, _fleet_verdict.IP_IN_FLEET, _fleet_verdict.MAC_IN_FLEET):
        conflict = _fleet_verdict.Conflict(_fleet_verdict.DUPLICATE, cause, "192.168.100.3")
        assert conflict.title == BY_ID[cause].title
    assert _fleet_verdict.Conflict(_fleet_verdict.CLONED_MACHINE, "", "").title == ""


def test_documentation_names_causes_of_the_registry() -> None:
    conflict = yaml.safe_load(fleet_verdict.RETURN)["conflicts"]["contains"]
    check = yaml.safe_load(macvlan_verify.RETURN)["checks"]["contains"]["evidence"]["contains"]["what"]
    causes = " ".join(conflict["cause"]["description"])
    suspicion = next(text for text in check["description"] if "suspected_cause" in text)
    names = set(re.findall(r"V\((\w+)\)", causes + suspicion)) - {"suspected_cause"}
    assert len(names) == 5
    assert names <= set(BY_ID)
