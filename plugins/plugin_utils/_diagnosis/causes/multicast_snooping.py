# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""multicast_snooping: a switch does not pass on the multicasts by which IPv6 neighbours are found."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict


def judge(case: Case) -> CauseVerdict:
    asked = case.experiment("solicit") or {}
    gateway, sent = asked.get("gateway"), asked.get("sent", 0)
    if asked.get("multicast"):
        return case.ruled_out(f"{gateway} answers what is sent to its multicast group")
    if not asked.get("broadcast"):
        return case.not_tested(f"{gateway} answers neither multicasts nor broadcasts, so they cannot be told apart")
    evidence = [
        case.item("experiment", f"{gateway} answered {asked[way]} of {sent} solicitations by {way}", asked["link"])
        for way in ("multicast", "broadcast")
    ]
    broken = [item for item in case.broken() if ":" in item["target"]]
    summary = (
        f"the network does not pass on what {case.host} sends to the multicast group of {gateway}, which answers the"
        " same question when it is broadcast: neighbour discovery of IPv6 fails"
    )
    if asked["broadcast"] < sent:
        return case.suspected(f"{summary}; some of the broadcasts were lost too", evidence)
    if not broken:
        return case.suspected(summary, evidence)
    return case.confirmed(summary, [*evidence, *case.loss_items(broken)], after=case.first_loss(broken))


CAUSE = Cause(
    id="multicast_snooping",
    rank=450,
    title="a switch drops the multicasts of neighbour discovery",
    explanation="IPv6 neighbours are asked for by multicast. A switch with MLD snooping passes a group on only to"
    " ports from which it heard a report for it, and forgets them where no querier makes machines repeat their reports"
    " or a firewall drops these. IPv4 goes on to work, as ARP is broadcast.",
    remedy="let the network team run an MLD querier in this VLAN, or switch MLD snooping off for it (on a Linux bridge:"
    " ip link set BRIDGE type bridge mcast_querier 1, or mcast_snooping 0), and let MLD pass firewalls",
    signature="minutes after an address came, when the switch forgets the last report (260 s by RFC 3810, 9.4)",
    proof="a neighbour solicitation to the gateway's multicast group is not answered, the same one by broadcast is",
    must="D",
    needs=("watch", "after", "experiment.solicit"),
    judge=judge,
)
