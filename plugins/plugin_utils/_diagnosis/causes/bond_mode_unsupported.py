# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""bond_mode_unsupported: the parent is a bond that rewrites source MAC addresses."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.asked import of_other_macs, only_the_parent
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import BY_HAND
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict

#: BOND_MODE_TLB and BOND_MODE_ALB of the kernel's include/uapi/linux/if_bonding.h.
REWRITING = {5: "balance-tlb", 6: "balance-alb"}


def judge(case: Case) -> CauseVerdict:
    parent = case.after.parent
    if parent is None:
        return case.not_tested("the parent is not there")
    mode = REWRITING.get(parent["bond_mode"] or 0)
    if mode is None:
        return case.ruled_out(f"{parent['name']} is not a bond in a mode that rewrites MAC addresses")
    evidence = [case.item("bond", f"{parent['name']} is in mode {mode}", parent["name"]), *case.refusals()]
    unanswered = only_the_parent(case)
    missing = bool(case.network.link) and case.after.shim is None
    broken = case.broken()
    summary = f"the parent {parent['name']} of {case.host} is a bond in mode {mode}, which rewrites MAC addresses"
    if not (unanswered or missing or broken):
        return case.suspected(f"{summary}; nothing was lost during the watch", evidence)
    case.explains(of_other_macs(case))
    return case.confirmed(summary, [*evidence, *unanswered, *case.loss_items(broken)])


CAUSE = Cause(
    id="bond_mode_unsupported",
    rank=190,
    title="the parent is a bond in a mode that rewrites MAC addresses",
    explanation="In the modes balance-tlb and balance-alb a bond replaces source MAC addresses by those of its ports,"
    " in frames and in ARP replies. Replies for macvlan links then go to a MAC address that is not theirs, and may be"
    " lost.",
    remedy="set the bond to mode active-backup or 802.3ad",
    signature="from the start, or when the bond moves traffic between its ports",
    proof="the bond's mode in the kernel, and lost replies or a link that is refused because of it",
    must="R",
    by=BY_HAND,
    needs=("watch", "after"),
    explains=("mac_filtering_upstream", "host_isolation", "not_persistent", "gateway_dead"),
    judge=judge,
)
