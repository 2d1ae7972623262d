# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""announcement_lost: a neighbour had not learned the new MAC address of an IP address until it was announced."""

from __future__ import annotations

from shlex import quote

from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.experiments.results import AnnouncedPair
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.kinds import ECHO
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis import rhythm
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case, since
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import BY_HAND
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict, EvidenceItem

#: Answers after the announcement that prove it: a single one may arrive for another reason.
ANSWERS = 2


def judge(case: Case) -> CauseVerdict:
    made = case.experiments.result("announce")
    if made is None:
        if any(target["method"] == ECHO for target in case.lost()):
            return case.not_tested(case.experiments.why_not("announce"))
        return case.ruled_out("no ping from this host's addresses stayed unanswered")
    announced = [pair for pair in made["pairs"] if not pair["why_not"]]
    evidence = [_item(case, pair) for pair in announced[:4]]
    repaired = [pair for pair in announced if not pair["before"] and pair["after"] >= ANSWERS]
    if not announced:
        return case.ruled_out(made["pairs"][0]["why_not"] if made["pairs"] else "there was nothing to announce")
    if not repaired:
        return case.ruled_out("announcing the addresses changed nothing: silent neighbours stayed silent", evidence)
    pair = repaired[0]
    targets = [
        target
        for target in case.lost()
        for one in repaired
        if (target["target"], target["from"]["namespace"]) == (one["target"], one["namespace"])
        and target["method"] == ECHO
    ]
    for target in targets:
        pattern, dummy = rhythm.of_losses(target["losses"], target["received"], case.watch["duration"])
        if pattern in (rhythm.RANDOM, rhythm.PERIODIC):
            return case.not_tested(
                f"{target['target']} fell silent {rhythm.often(len(target['losses']))} during the watch and answered"
                " again without an announcement, so that it may have done so after this one as well"
            )
    after = case.first_loss(targets)
    inside = f" in {pair['namespace']}" if pair["namespace"] else ""
    return case.confirmed(
        f"{pair['target']} had an outdated MAC address for {pair['address']} on {case.host}{since(after)}; it answers"
        f" since {pair['link']}{inside} announced {pair['mac']}",
        [*(_item(case, one) for one in repaired[:4]), *case.loss_items(targets)],
        after=after,
        remedy=f"repaired for now; announce {pair['address']} whenever it moves (arping -U -c 3 -I"
        f" {quote(pair['link'])} {quote(pair['address'])} once the switch forwards, or"
        f" net.ipv4.conf.{pair['link']}.arp_notify = 1)",
    )


def _item(case: Case, pair: AnnouncedPair) -> EvidenceItem:
    text = (
        f"{pair['target']} answered {pair['before']} pings from {pair['address']} before {pair['mac']} was announced"
        f" for it, and {pair['after']} right after"
    )
    return case.item("experiment", text, pair["link"], pair["namespace"])


CAUSE = Cause(
    id="announcement_lost",
    rank=370,
    title="a neighbour missed the announcement of the address",
    explanation="Neighbours cache the MAC address of an IP address. When a link, a container or a virtual address gets"
    " another MAC address, a single gratuitous ARP announces it. If that is sent before the switch port forwards, or"
    " is dropped on the path, it is not repeated, and neighbours keep sending to the old MAC address.",
    remedy="announce the address again (arping -U), after the link has come up",
    signature="right after the move; heals when the neighbour revalidates its entry, after 30 to 45 s on Linux, after"
    " up to 4 hours on routers",
    proof="a neighbour does not answer, the address is announced, and right after it answers the same request",
    must="P D",
    by=BY_HAND,
    needs=("watch", "after"),
    judge=judge,
)
