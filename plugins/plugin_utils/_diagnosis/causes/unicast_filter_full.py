# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""unicast_filter_full: the receive filter of the parent's network card may be too small for its MAC addresses."""

from __future__ import annotations

from shlex import quote

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.asked import senders
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import BY_HAND, command
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict

#: MAC addresses beside its own that every card accepts: of the drivers in Linux, tg3 has room for the fewest
#: (TG3_MAX_UCAST_ADDR, drivers/net/ethernet/broadcom/tg3.c, with ASF).
ROOM_LEAST = 2
#: Kinds of links on top of others: the filters are those of the cards below.
STACKED = ("vlan", "bond", "team", "bridge")


def judge(case: Case) -> CauseVerdict:
    parent, made = case.after.parent, case.experiments.result("gateway_ask")
    if parent is None:
        return case.not_tested(case.after.scope["parent_problem"])
    if parent["kind"] in STACKED:
        return case.not_tested(f"{parent['name']} is a {parent['kind']}: the cards below it have the filters")
    if parent["kind"]:
        return case.ruled_out(f"{parent['name']} is a {parent['kind']} and not a network card")
    if parent["promiscuity"]:
        return case.ruled_out(f"{parent['name']} is promiscuous: it accepts every MAC address")
    others = sorted(
        {
            link["mac"]
            for space in case.after.namespaces
            for link in space.links
            if link["parent"] == parent["name"] and link["parent_namespace"] == "" and link["up"]
        }
        - {parent["mac"]}
    )
    if len(others) <= ROOM_LEAST:
        return case.ruled_out(f"{parent['name']} has only {len(others)} MAC addresses beside its own")
    if made is None:
        return case.not_tested(case.experiments.why_not("gateway_ask"))
    asked = senders(case, made)
    if "parent" not in asked or not asked["parent"]["answered"]:
        return case.not_tested(f"{made['gateway']} does not answer the parent either")
    silent = [item for name, item in asked.items() if name not in ("parent", "egress") and not item["answered"]]
    if not silent or not case.broken():
        return case.ruled_out(f"frames for the MAC addresses on {parent['name']} arrive")
    evidence = [
        case.item("link", f"not promiscuous, with {len(others)} MAC addresses beside its own", parent["name"]),
        *(
            case.item("experiment", f"{made['gateway']} answers {parent['mac']}, and not {item['mac']}", item["link"])
            for item in silent[:3]
        ),
        *case.loss_items(case.broken()),
    ]
    return case.suspected(
        f"the receive filter of {parent['name']} on {case.host} may have no room for {len(others)} MAC addresses beside"
        f" its own: {', '.join(str(item['mac']) for item in silent)} got no answer, and it is not promiscuous",
        evidence,
        remedy=f"ip link set {quote(parent['name'])} promisc on; if that helps, keep it, or use fewer links on it",
        steps=[command(f"ip link set {quote(parent['name'])} promisc on")],
    )


CAUSE = Cause(
    id="unicast_filter_full",
    rank=390,
    title="the network card has no room for more MAC addresses",
    explanation="A network card receives frames for its own MAC address and for those in its filter, which has room for"
    " two to a few hundred. When the filter is full the driver makes the card accept all frames; some cards, and most"
    " virtual functions (SR-IOV), cannot, and drop frames for the addresses that were added last.",
    remedy="make the parent promiscuous, or use fewer links on it",
    signature="when more links come up than the card has room for",
    proof="many MAC addresses are on a card that is not promiscuous, and some of them get no answer; the host cannot"
    " distinguish this from a filter in the network, so it is suspected at most",
    must="H",
    by=BY_HAND,
    needs=("watch", "after"),
    judge=judge,
)
