# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""duplicate_mac_on_host: macvlan links of one parent have the same MAC address, so the second cannot come up."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import BY_HAND
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import MAC_ADDRESS, CauseVerdict


def judge(case: Case) -> CauseVerdict:
    groups = [
        [link for link in shared.own if not link.passthru]
        for shared in case.fleet.shared_macs.get((case.host, case.segment), ())
    ]
    pairs = [(next((link for link in group if link.up), None), group) for group in groups if len(group) > 1]
    if not pairs:
        return case.ruled_out(f"all links on {case.parent_name} have different MAC addresses")
    running, group = next((pair for pair in pairs if pair[0]), pairs[0])
    down = [link for link in group if not link.up]
    evidence = [
        case.item(
            "link",
            f"{link} has MAC address {link.mac} and is {'up' if link.up else 'down'}",
            link.name,
            link.namespace,
        )
        for link in group
    ]
    if running is None or not down:
        return case.suspected(f"{group[0]} and {group[1]} have the same MAC address {group[0].mac}", evidence)
    broken = [
        item for item in case.broken()
        if item["from"]["namespace"] == down[0].namespace or item["target"] in _addresses(case, down[0].namespace)
    ]  # fmt: skip
    return case.confirmed(
        f"{down[0]} cannot come up: it has the MAC address {running.mac} of {running}, and the kernel allows it only"
        f" once on {case.parent_name}",
        [*evidence, *case.loss_items(broken, 3)],
        after=case.first_loss(broken),
        culprit={"mac": running.mac, "host": running.host, "text": running.where, "rule": MAC_ADDRESS},
        remedy=f"give {down[0]} another MAC address, or delete {running} if it is a leftover",
    )


def _addresses(case: Case, namespace: str) -> set[str]:
    return {item["address"] for item in case.after.containers if item["namespace"] == namespace}


CAUSE = Cause(
    id="duplicate_mac_on_host",
    rank=170,
    title="two links on one parent have one MAC address",
    explanation="The parent selects the macvlan link for a frame by its MAC address alone, so the kernel allows only"
    " one link per address to be up (EADDRINUSE, drivers/net/macvlan.c macvlan_open). The second stays down: typically"
    " a container that is started again while the namespace of the old one still exists.",
    remedy="give one of the two another MAC address, or delete the leftover one",
    signature="when the second link is set up",
    proof="two links on the parent have the same MAC address, one is up and one is down",
    must="R D",
    by=BY_HAND,
    needs=("after",),
    explains=("announcement_lost", "stale_neighbour", "container_link_down"),
    everywhere=True,
    judge=judge,
)
