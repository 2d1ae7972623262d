# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""multicast_snooping: a switch does not forward the multicasts of IPv6 neighbour discovery."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.asked import port
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import ASK
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict


def judge(case: Case) -> CauseVerdict:
    asked = case.experiments.result("solicit")
    if asked is None:
        return case.not_tested(case.experiments.why_not("solicit"))
    gateway, sent = asked["gateway"], asked["sent"]
    if asked["multicast"]:
        return case.ruled_out(f"{gateway} answers solicitations to its multicast group")
    if not asked["broadcast"]:
        return case.not_tested(
            f"{gateway} answers neither multicasts nor broadcasts, so nothing follows for multicasts"
        )
    evidence = [
        case.item("experiment", f"{gateway} answered {number} of {sent} solicitations by {form}", asked["link"])
        for form, number in (("multicast", asked["multicast"]), ("broadcast", asked["broadcast"]))
    ]
    broken = [item for item in case.broken() if ":" in item["target"]]
    summary = (
        f"the network does not forward what {case.host} sends to the multicast group of {gateway}, which answers the"
        " same solicitation by broadcast: IPv6 neighbour discovery fails"
    )
    remedy = (
        f"ask the network team: does the VLAN of {port(case)} have an MLD querier, and is {gateway} a member of its"
        " group of solicited nodes on every switch between; an MLD querier, or no MLD snooping in that VLAN, repairs it"
        " (on a Linux bridge: ip link set BRIDGE type bridge mcast_querier 1, or mcast_snooping 0), where firewalls let"
        " MLD pass"
    )
    if asked["broadcast"] < sent:
        return case.suspected(f"{summary}; some of the broadcasts were lost too", evidence, remedy=remedy)
    if not broken:
        return case.suspected(summary, evidence, remedy=remedy)
    items = [*evidence, *case.loss_items(broken)]
    return case.confirmed(summary, items, after=case.first_loss(broken), remedy=remedy)


CAUSE = Cause(
    id="multicast_snooping",
    rank=450,
    title="a switch drops the multicasts of neighbour discovery",
    explanation="IPv6 resolves neighbours by multicast. A switch with MLD snooping forwards a group only to ports from"
    " which it received a report for it, and ages these entries out where no querier makes machines repeat their"
    " reports or a firewall drops these. IPv4 keeps working, as ARP is broadcast.",
    remedy="have the network team run an MLD querier in this VLAN, or disable MLD snooping for it (on a Linux bridge:"
    " ip link set BRIDGE type bridge mcast_querier 1, or mcast_snooping 0), and let MLD pass firewalls",
    signature="minutes after an address was added, when the switch ages out the last report (260 s by RFC 3810, 9.4)",
    proof="a neighbour solicitation to the gateway's multicast group is not answered, the same one by broadcast is",
    must="D",
    by=ASK,
    needs=("watch", "after"),
    judge=judge,
)
