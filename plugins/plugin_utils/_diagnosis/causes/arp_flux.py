# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""arp_flux: the host answers for its parent's address with two MAC addresses."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import OF_HOST, Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import APPLY
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict

SETTINGS = ("arp_filter", "arp_ignore")


def judge(case: Case) -> CauseVerdict:
    made = case.experiments.result("flux_ask")
    if made is None:
        return case.not_tested(case.experiments.why_not("flux_ask"))
    link = made["link"]
    answered = [item for item in made["results"] if made["mac"] in item["answered"]]
    evidence = [
        case.item("setting", f"{name} is {case.after.own.strictest(link, name)} (the larger of all and {link})", link)
        for name in SETTINGS
    ]
    if not answered:
        return case.ruled_out(f"{link} does not answer ARP requests for addresses of {case.parent_name}", evidence)
    first = answered[0]["address"]
    parent = case.after.parent
    evidence.insert(0, case.item("experiment", f"{link} answers an ARP request for {first} with {made['mac']}", link))
    if parent:
        text = f"{case.parent_name} has {first} and answers with {parent['mac']}"
        evidence.insert(1, case.item("address", text, case.parent_name))
    lost = case.broken()
    return case.confirmed(
        f"{case.host} answers for {first} with two MAC addresses, {made['mac']} of {link} and that of"
        f" {case.parent_name}: some neighbours use the one, some the other",
        [*evidence, *case.loss_items(lost, 3)],
        after=case.first_loss(lost),
    )


CAUSE = Cause(
    id="arp_flux",
    rank=320,
    title="the host answers for one address with two MAC addresses",
    explanation="Linux answers ARP requests for any of its addresses on any link. With a macvlan link beside its parent"
    " every request is answered twice, and each neighbour caches one of the two MAC addresses. What depends on the MAC"
    " address (reverse path filtering, port security, firewalls, monitoring) then fails at times.",
    remedy="run linuxnet.macvlan.site, which sets arp_filter of link and parent to 1, unless sysctl or parent_sysctl of"
    " the network in macvlan_networks say something else",
    signature="when neighbours resolve the address again, seemingly at random",
    proof="the macvlan link answers an ARP request for the parent's address from a sender whose route is over the"
    " parent",
    must="P D",
    by=APPLY,
    needs=("after",),
    explains=("announcement_lost",),
    breaks=OF_HOST,
    judge=judge,
)
