# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""unicast_filter_full: perhaps the parent's network card has no room for as many MAC addresses as are on it."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict

#: MAC addresses beside its own that every card takes: of Linux' drivers, tg3 has room for the fewest
#: (TG3_MAX_UCAST_ADDR, drivers/net/ethernet/broadcom/tg3.c, with ASF).
ROOM_LEAST = 2
#: Kinds of links that stand on others, whose filters are those of the cards below.
STACKED = ("vlan", "bond", "team", "bridge")


def judge(case: Case) -> CauseVerdict:
    parent, made = case.after.parent, case.experiment("gateway_ask")
    if parent is None:
        return case.not_tested(case.after.scope["parent_problem"])
    if parent["kind"] in STACKED:
        return case.not_tested(f"{parent['name']} is a {parent['kind']}: the cards below it have the filters")
    if parent["kind"]:
        return case.ruled_out(f"{parent['name']} is a {parent['kind']}, and no network card")
    if parent["promiscuity"]:
        return case.ruled_out(f"{parent['name']} is promiscuous: it takes every MAC address")
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
        return case.ruled_out(f"only {len(others)} MAC addresses are on {parent['name']} beside its own")
    if made is None:
        return case.not_tested(case.why_no_experiment("gateway_ask"))
    asked = {item["vantage"]: item for item in made["asked"] if item["sent"]}
    if not asked.get("parent", {}).get("answered"):
        return case.not_tested(f"{made['gateway']} does not answer the parent either")
    silent = [item for name, item in asked.items() if name not in ("parent", "egress") and not item["answered"]]
    if not silent or not case.broken():
        return case.ruled_out(f"what is for the MAC addresses on {parent['name']} arrives")
    evidence = [
        case.item("link", f"not promiscuous, with {len(others)} MAC addresses beside its own", parent["name"]),
        *(
            case.item("experiment", f"{made['gateway']} answers {parent['mac']}, and not {item['mac']}", item["link"])
            for item in silent[:3]
        ),
        *case.loss_items(case.broken()),
    ]
    return case.suspected(
        f"the card {parent['name']} of {case.host} may have no room for {len(others)} MAC addresses beside its own:"
        f" {', '.join(item['mac'] for item in silent)} got no answer, and the card is not promiscuous",
        evidence,
        remedy=f"ip link set {parent['name']} promisc on; if that helps, leave it so, or have fewer links on it",
    )


CAUSE = Cause(
    id="unicast_filter_full",
    rank=390,
    title="the network card has no room for more MAC addresses",
    explanation="A network card lets through what is for its own MAC address and for those in its filter, which has"
    " room for two to some hundred. Where it is full the driver makes the card take everything; some cards, and most"
    " virtual functions (SR-IOV), may not, and drop what is for the addresses that came last.",
    remedy="make the parent promiscuous, or have fewer links on it",
    signature="when one link more comes up than the card has room for",
    proof="a host alone cannot tell it from a filter in the network: many MAC addresses on a card that is not"
    " promiscuous, and some of them get no answer",
    must="H",
    needs=("watch", "after"),
    judge=judge,
)
