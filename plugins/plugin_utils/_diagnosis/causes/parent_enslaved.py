# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""parent_enslaved: the parent is a port of a bridge or bond, so no macvlan link can be created on it."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import BY_HAND, DECLARE, RemedyStep
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict


def judge(case: Case) -> CauseVerdict:
    parent = case.after.parent
    if parent is None:
        return case.not_tested("the parent is not there")
    if parent["master"] is None:
        return case.ruled_out(f"{parent['name']} is not a port of a bridge or bond")
    master = parent["master"]
    evidence = [case.item("master", f"{parent['name']} is a port of {master}", parent["name"]), *case.refusals()]
    if case.network.link and case.after.shim is not None:
        return case.ruled_out(f"{parent['name']} is a port of {master}, and {case.network.link} is on it", evidence)
    joined = [event for event in case.link_events("change", parent["name"]) if event["data"]["master"]]
    steps = [RemedyStep(DECLARE, f"set parent: {master}", values={"parent": master})]
    remedy = f"set parent: {master} in macvlan_networks"
    held = [item["address"] for item in case.after.own.addresses(parent["name"]) if case.inside(item["address"])]
    if held:
        # They would be used, and lead nowhere (two_uplinks_one_subnet).
        move = f"move {', '.join(held)} and the routes over {parent['name']} to {master}, by what configures {master}"
        remedy = f"{move}; then {remedy}"
        steps.insert(0, RemedyStep(BY_HAND, move))
    return case.confirmed(
        f"{parent['name']} of {case.host} is a port of {master}, so the kernel refuses macvlan links on it (EBUSY)",
        [*evidence, *map(case.event_item, joined[:1]), *case.loss_items(case.broken())],
        after=joined[0]["after"] if joined else None,
        remedy=remedy,
        steps=steps,
    )


CAUSE = Cause(
    id="parent_enslaved",
    rank=110,
    title="the parent is a port of a bridge or bond",
    explanation="A device has one receive handler. On a port it belongs to the bridge or bond, so macvlan cannot"
    " register its own, and frames that arrive on the port never reach a macvlan link.",
    remedy="declare the bridge or bond itself as the parent",
    signature="at creation",
    proof="the parent has a master, and the declared link does not exist",
    must="R D",
    by=DECLARE,
    needs=("after", "drift"),
    explains=("host_isolation", "not_persistent", "link_absent", "address_absent", "route_absent", "gateway_dead"),
    judge=judge,
)
