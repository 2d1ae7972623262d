# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""engine_parent_differs: the engine's network is on another parent than the host's link."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.kinds import CONTAINER_TO_HOST, HOST_TO_CONTAINER
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis import engines
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import BY_HAND
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict


def judge(case: Case) -> CauseVerdict:
    found = [(name, item) for name, item in engines.of_root(case) if item["driver"] == "macvlan"]
    mine = [(name, item) for name, item in found if name == case.network.engine]
    if not mine:
        return case.ruled_out("the declared engine has no macvlan network of this subnet")
    wrong = [(name, item) for name, item in mine if not engines.on_parent(case, item)]
    if not wrong or len(wrong) < len(mine):
        return case.ruled_out(f"the engine's network is on {case.parent_name}, as the host's link is")
    lost = [*case.broken(HOST_TO_CONTAINER), *case.broken(CONTAINER_TO_HOST)]
    name, network = wrong[0]
    return case.confirmed(
        f"the {engines.words(name, network)} is not on {case.parent_name}, the parent of {case.network.name} on"
        f" {case.host}",
        [*(engines.item(case, *one) for one in wrong[:3]), *case.loss_items(lost)],
        remedy=f"create the {name} network {network['name']} again with parent={case.parent_name}, or declare parent:"
        f" {network['parent'] or case.parent_name}",
    )


CAUSE = Cause(
    id="engine_parent_differs",
    rank=9,
    title="the engine's network is on another parent",
    explanation="Host and containers reach each other inside the same parent. The engine's network of this subnet is"
    " on another interface than the host's link, as after a change of the declared parent: engines cannot change the"
    " parent of a network, and containers go on to use the old one.",
    remedy="create the engine's network again on the declared parent, or declare the parent that it has",
    signature="from the start, or after the parent was changed",
    proof="the engine's network with this subnet names another parent",
    must="D",
    by=BY_HAND,
    needs=("after", "system.engines"),
    explains=("container_not_running",),
    judge=judge,
)
