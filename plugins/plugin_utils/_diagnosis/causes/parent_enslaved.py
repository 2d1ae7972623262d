# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""parent_enslaved: the parent is a port of a bridge or bond, so no macvlan link can be made on it."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict


def judge(case: Case) -> CauseVerdict:
    parent = case.after.parent
    if parent is None:
        return case.not_tested("the parent is not there")
    if parent["master"] is None:
        return case.ruled_out(f"{parent['name']} is no port of a bridge or bond")
    master = parent["master"]
    evidence = [case.item("master", f"{parent['name']} is a port of {master}", parent["name"])]
    evidence += [
        case.item("refusal", f"{item['key']}: {item['problem']}")
        for item in case.evidence["drift"]["refusals"]
        if item["key"].endswith("parent")
    ]
    if case.network.link and case.after.shim is not None:
        return case.ruled_out(f"{parent['name']} is a port of {master}, and {case.network.link} is on it", evidence)
    joined = [event for event in case.events("link", "change", parent["name"]) if event["data"].get("master")]
    return case.confirmed(
        f"{parent['name']} of {case.host} is a port of {master}, where the kernel makes no macvlan link (EBUSY)",
        [*evidence, *map(case.event_item, joined[:1]), *case.loss_items(case.broken())],
        after=joined[0]["after"] if joined else None,
        remedy=f"set parent: {master} in macvlan_networks",
    )


CAUSE = Cause(
    id="parent_enslaved",
    rank=110,
    title="the parent is a port of a bridge or bond",
    explanation="A device has one receive handler. On a port it is the bridge's or the bond's, so macvlan cannot have"
    " it, and frames of the port never come to where a macvlan link would take them.",
    remedy="name the bridge or bond itself as the parent",
    signature="at creation",
    proof="the parent has a master, and the declared link is not there",
    must="R D",
    needs=("after", "drift"),
    explains=("host_isolation", "not_persistent"),
    judge=judge,
)
