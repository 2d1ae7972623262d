# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""mac_limit_after_ageing: the port accepts some MAC addresses beside the parent's, and no more."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.experiments.results import AskedVantage
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.asked import (
    CONTAINER,
    LINK,
    further_macs,
    lost_from,
    of_other_macs,
    port,
    senders,
)
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case, said
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import BEYOND_PARENT, Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import ASK
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict, EvidenceItem


def judge(case: Case) -> CauseVerdict:
    made = case.experiments.result("gateway_ask")
    if made is None:
        return case.not_tested(case.experiments.why_not("gateway_ask"))
    asked = senders(case, made)
    others = {name: item for name, item in asked.items() if name == LINK or name.startswith(CONTAINER)}
    if "parent" not in asked or "child" not in asked or len(others) < 2:
        return case.not_tested("fewer than two links could ask beside the parent and a new link")
    if not asked["parent"]["answered"]:
        return case.not_tested(f"{made['gateway']} does not answer the parent either")
    evidence = [_item(case, made["gateway"], item) for name, item in asked.items() if name != "egress"]
    if asked["child"]["answered"]:
        return case.ruled_out("a MAC address that the network has not seen before is answered", evidence)
    taken = [item for item in others.values() if item["answered"]]
    refused = [item for item in others.values() if not item["answered"]]
    if not taken:
        return case.ruled_out("only the parent's MAC address is answered: the port accepts no other one", evidence)
    if not refused:
        return case.ruled_out("all MAC addresses that are on the port are answered", evidence)
    broken = [target for name in (LINK, *others) for target in lost_from(case, name)]
    broken = list({target["id"]: target for target in broken}.values())
    after = case.first_loss(broken)
    case.explains(of_other_macs(case, made["gateway"]))
    worked = f", which it accepted until +{after:.1f} s" if after else ""
    return case.confirmed(
        f"the network accepts {len(taken) + 1} MAC addresses on port {case.parent_name} of {case.host}, and not"
        f" {', '.join(str(item['mac']) for item in refused)}{worked}",
        [*evidence, *case.loss_items(broken)],
        after=after,
        remedy=f"ask the network team to let {port(case)} learn more MAC addresses than {len(taken) + 1}, or to enter"
        f" all of them: {further_macs(case)}, and one more for each further container",
    )


def _item(case: Case, gateway: str, item: AskedVantage) -> EvidenceItem:
    text = f"{item['sent']} requests for {gateway} with MAC {item['mac']} of {item['vantage']}: {said(item)}"
    return case.item("experiment", text, item["link"])


CAUSE = Cause(
    id="mac_limit_after_ageing",
    rank=330,
    title="the port accepts only some MAC addresses",
    explanation="Port security admits a number of MAC addresses, or a list of them. An address that was silent for the"
    " ageing time loses its entry, and cannot get it back when the port is locked or another address has taken it. The"
    " link then works for minutes or hours before it breaks, and others on the same port keep working.",
    remedy="have the network team raise the port's limit to the MAC addresses that macvlan_info lists, and one more for"
    " each further container, or list them all",
    signature="after the ageing time (300 s by default), or with the container that exceeds the limit",
    proof="the gateway answers some MAC addresses of the port beside the parent's, and neither others nor a new one",
    must="D",
    by=ASK,
    needs=("watch", "after"),
    explains=("mac_filtering_upstream",),
    breaks=BEYOND_PARENT,
    judge=judge,
)
