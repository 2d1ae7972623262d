# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a report says of a large fleet grows with it, and not with its square."""

from __future__ import annotations

import copy
import json
from typing import Any

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.account import OTHERS_MAX, Explaining
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.report import HostResult, make
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import (
    CONFIRMED,
    HOSTS_NAMED,
    CauseVerdict,
)

from .causes import causes_cases as cases


def fleet_without_gateway(count: int) -> list[dict[str, Any]]:
    """As the same host many times under other names: nothing but the gateway is compared here."""
    fleet = cases.healthy()
    for kind in ("gateway_from_parent", "gateway_from_link"):
        cases.lose(fleet, kind)
    results = [HostResult(f"h{number}", copy.deepcopy(fleet["web1"])) for number in range(count)]
    verdicts = make(results, "", "", {}).data["verdicts"]
    return [dict(item) for item in verdicts if item["cause"] == "gateway_dead"]


def test_only_the_first_host_of_a_fault_of_the_fleet_names_all_others() -> None:
    first, *others = fleet_without_gateway(HOSTS_NAMED + 5)
    everyone = [f"h{number}" for number in range(HOSTS_NAMED + 5)]
    assert (first["hosts"], "hosts_left_out" in first) == (everyone, False)
    assert {(tuple(item["hosts"]), item["hosts_left_out"]) for item in others} == {(tuple(everyone[:HOSTS_NAMED]), 5)}


def test_a_small_fleet_is_named_on_each_host() -> None:
    assert [item["hosts"] for item in fleet_without_gateway(3)] == [["h0", "h1", "h2"]] * 3


def test_a_target_that_many_hosts_share_is_explained_by_some_of_them() -> None:
    fleet = cases.healthy()
    evidence = fleet["web1"]
    hosts = {f"h{number}": evidence for number in range(3 * OTHERS_MAX)}
    verdicts = [CauseVerdict(CONFIRMED, host=host, cause="duplicate_ip", addresses=("192.0.2.1",)) for host in hosts]
    target = json.loads(json.dumps(evidence["watch"]["targets"][0])) | {"network": "", "target": "192.0.2.1"}
    found = Explaining(verdicts, hosts).of("h7", target, 0.5)
    assert len(found) <= OTHERS_MAX + 1
    assert "h7" in {item.host for item in found}
