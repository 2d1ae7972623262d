# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""announcement_lost: a neighbour had not learnt where an address is now, and did once it was announced."""

from __future__ import annotations

from typing import Any

from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.kinds import ECHO
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case, since
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict, EvidenceItem

#: Answers after the announcement that prove it: a single one may have been on its way for another reason.
ANSWERS = 2


def judge(case: Case) -> CauseVerdict:
    made = case.experiment("announce")
    if made is None:
        if any(target["method"] == ECHO for target in case.lost()):
            return case.not_tested(case.why_no_experiment("announce"))
        return case.ruled_out("nobody left pings from this host's addresses unanswered")
    announced = [pair for pair in made["pairs"] if not pair["why_not"]]
    evidence = [_item(case, pair) for pair in announced[:4]]
    repaired = [pair for pair in announced if not pair["before"] and pair["after"] >= ANSWERS]
    if not announced:
        return case.ruled_out(made["pairs"][0]["why_not"] if made["pairs"] else "there was nothing to announce")
    if not repaired:
        return case.ruled_out("who did not answer did not after an announcement either", evidence)
    pair = repaired[0]
    targets = [
        target
        for target in case.lost()
        for one in repaired
        if (target["target"], target["from"]["namespace"]) == (one["target"], one["namespace"])
        and target["method"] == ECHO
    ]
    after = case.first_loss(targets)
    inside = f" in {pair['namespace']}" if pair["namespace"] else ""
    return case.confirmed(
        f"{pair['target']} lost track of {pair['address']} on {case.host}{since(after)}, and answers since"
        f" {pair['link']}{inside} announced its MAC address {pair['mac']}",
        [*(_item(case, one) for one in repaired[:4]), *case.loss_items(targets)],
        after=after,
        remedy=f"it is repaired for now; announce {pair['address']} whenever it moves (arping -U -c 3 -I {pair['link']}"
        f" {pair['address']} once the switch forwards, or net.ipv4.conf.{pair['link']}.arp_notify = 1)",
    )


def _item(case: Case, pair: dict[str, Any]) -> EvidenceItem:
    text = (
        f"{pair['target']} answered {pair['before']} pings from {pair['address']} before it was announced as"
        f" {pair['mac']}, and {pair['after']} right after"
    )
    return case.item("experiment", text, pair["link"], pair["namespace"])


CAUSE = Cause(
    id="announcement_lost",
    rank=370,
    title="a neighbour was not told where the address is",
    explanation="Neighbours keep the MAC address of an IP address for a while. When a link, a container or a virtual"
    " address gets another one, a single announcement (gratuitous ARP) tells them. One that is sent before the switch"
    " forwards, or is dropped on the way, is not repeated, and they go on sending to where nobody is.",
    remedy="announce the address again (arping -U), after the link has come up",
    signature="at once after the move; heals when the neighbour doubts its entry, 30 to 45 s later on Linux, up to"
    " 4 hours on routers",
    proof="a neighbour does not answer, the address is announced, and it answers the same question right after",
    must="P D",
    needs=("watch", "after"),
    judge=judge,
)
