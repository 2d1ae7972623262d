# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""sticky_mac_elsewhere: on this port the network answers other MAC addresses, and not that of the host's link."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.kinds import GATEWAY_FROM_LINK
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.asked import senders
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case, since
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import ASK
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict


def judge(case: Case) -> CauseVerdict:
    made = case.experiments.result("gateway_ask")
    if made is None:
        return case.not_tested(case.experiments.why_not("gateway_ask"))
    asked = senders(case, made)
    missing = next((name for name in ("parent", "link", "child") if name not in asked), None)
    if missing == "link" and not case.broken(GATEWAY_FROM_LINK):
        # The experiment's silence counts for nothing beside all the answers of the watch.
        return case.ruled_out(f"{made['gateway']} was reachable from the link during the whole watch")
    if missing:
        return case.not_tested(f"{made['gateway']} was not asked from the {missing}")
    evidence = case.asked_items(made["gateway"], asked.values())
    link = asked["link"]
    if link["answered"]:
        return case.ruled_out(f"{made['gateway']} answers the MAC address of {link['link']}", evidence)
    if not asked["child"]["answered"] or not asked["parent"]["answered"]:
        return case.ruled_out("other MAC addresses of this port are not answered either", evidence)
    broken = case.broken(GATEWAY_FROM_LINK)
    if not broken:
        return case.ruled_out(f"{made['gateway']} was reachable from {link['link']} during the whole watch", evidence)
    after = case.first_loss(broken)
    return case.confirmed(
        f"of the MAC addresses on {case.parent_name} only {link['mac']} of {link['link']} is not answered{since(after)}"
        ": the network forwards frames for it to another port, or refuses it",
        [*evidence, *case.loss_items(broken)],
        after=after,
        remedy=f"have the network team clear the entry of {link['mac']}, or what filters it (bridge fdb show, show mac"
        f" address-table address {link['mac']}), or set mac: to another address for the link",
    )


CAUSE = Cause(
    id="sticky_mac_elsewhere",
    rank=350,
    title="the network refuses one MAC address, or has pinned it to another port",
    explanation="Switches with sticky or static MAC entries forward frames for an address only to the port where it"
    " was first seen. After a container, a virtual machine or a link with a fixed MAC address has moved to another"
    " host, its requests still get out, and the replies go to the old port. A filter for one MAC address looks the"
    " same.",
    remedy="have the network team clear the entry or the filter, or give the link another MAC address",
    signature="right after the MAC address has moved to another port",
    proof="the gateway answers the parent and a new MAC address, and not that of the link",
    must="D",
    by=ASK,
    needs=("watch", "after"),
    everywhere=True,
    judge=judge,
)
