# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""wifi_parent: the parent is a Wi-Fi interface, whose access point accepts frames from one MAC address."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.kinds import (
    CONTAINER_TO_GATEWAY,
    GATEWAY_FROM_LINK,
)
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.asked import of_other_macs, only_the_parent
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import DECLARE
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict


def judge(case: Case) -> CauseVerdict:
    parent = case.after.parent
    if parent is None:
        return case.not_tested("the parent is not there")
    if not parent["wireless"]:
        return case.ruled_out(f"{parent['name']} is not a Wi-Fi interface")
    evidence = [
        case.item("kind", f"{parent['name']} is a Wi-Fi interface (phy80211 in sysfs)", parent["name"]),
        *case.refusals(),
    ]
    unanswered = only_the_parent(case)
    missing = bool(case.network.link) and case.after.shim is None
    broken = [*case.broken(GATEWAY_FROM_LINK), *case.broken(CONTAINER_TO_GATEWAY)]
    if not (unanswered or missing or broken):
        return case.ruled_out("the parent is a Wi-Fi interface, and other MAC addresses are answered over it", evidence)
    case.explains(of_other_macs(case))
    return case.confirmed(
        f"the parent {parent['name']} of {case.host} is a Wi-Fi interface, and an access point accepts frames from one"
        " MAC address only",
        [*evidence, *unanswered, *case.loss_items(case.broken() if missing else broken)],
    )


CAUSE = Cause(
    id="wifi_parent",
    rank=290,
    title="the parent is a Wi-Fi interface",
    explanation="A Wi-Fi station is associated with its own MAC address, and the access point drops frames from any"
    " other. macvlan links have MAC addresses of their own, so their frames do not get through.",
    remedy="declare a wired interface as parent in macvlan_networks, or use ipvlan or routing for this network",
    signature="from the start, all the time",
    proof="the parent has an IEEE 802.11 device in sysfs, and only its own MAC address is answered",
    must="R",
    by=DECLARE,
    needs=("after",),
    explains=(
        "mac_filtering_upstream",
        "mac_limit_after_ageing",
        "host_isolation",
        "not_persistent",
        "link_absent",
        "address_absent",
        "route_absent",
    ),
    judge=judge,
)
