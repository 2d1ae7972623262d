# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""engine_range_absent: the engine assigns addresses outside of the declared range."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis import engines
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import BY_HAND
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict


def judge(case: Case) -> CauseVerdict:
    if case.network.of_link:
        return case.ruled_out("the link is declared without a network of containers")
    found = [(name, item) for name, item in engines.of_root(case) if engines.on_parent(case, item) and not item["dhcp"]]
    loose = [
        (name, item, pool)
        for name, item in found
        for pool in item["pools"]
        if engines.of_network(case, pool) and not engines.inside_ranges(case, pool)
    ]
    if not loose:
        return case.ruled_out("no engine has a network on this parent that assigns addresses outside of the ranges")
    name, network, pool = loose[0]
    what = f"assigns {'-'.join(pool['assigned'])}" if pool["assigned"] else "has no ip-range"
    assigned = ", ".join(map(str, case.network.ranges)) or "no container_range is declared"
    return case.suspected(
        f"the {engines.words(name, network)} on {case.host} {what} in {pool['subnet']} ({assigned}): its next container"
        " can get an address that another machine has, and that the host does not route",
        [engines.item(case, one, item) for one, item, _pool in loose[:3]],
        remedy=f"create the {name} network {network['name']} again with the container_range as its ip-range",
    )


CAUSE = Cause(
    id="engine_range_absent",
    rank=19,
    title="the engine assigns addresses outside of the declared range",
    explanation="Without ip-range an engine assigns the addresses of the subnet from its bottom, where routers,"
    " printers and DHCP servers have theirs, and asks nobody. The host has no route to such a container, and two"
    " machines can have one address.",
    remedy="create the engine's network again with the container_range as its ip-range",
    signature="when the next container starts",
    proof="the engine's network on this parent has no ip-range, or one that is not inside of the declared ranges",
    must="H",
    by=BY_HAND,
    needs=("after", "system.engines"),
    judge=judge,
)
