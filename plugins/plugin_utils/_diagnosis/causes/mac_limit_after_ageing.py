# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""mac_limit_after_ageing: the port takes some MAC addresses beside the parent's, and no more."""

from __future__ import annotations

from typing import Any

from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.kinds import GATEWAY_FROM_LINK
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict, EvidenceItem


def judge(case: Case) -> CauseVerdict:
    made = case.experiment("gateway_ask")
    if made is None:
        return case.not_tested(case.why_no_experiment("gateway_ask"))
    asked = {item["vantage"]: item for item in made["asked"] if item["sent"]}
    others = {name: item for name, item in asked.items() if name == "link" or name.startswith("container ")}
    if "parent" not in asked or "child" not in asked or len(others) < 2:
        return case.not_tested("two MAC addresses beside those of the parent and of a new link have to ask")
    if not asked["parent"]["answered"]:
        return case.not_tested(f"{made['gateway']} does not answer the parent either")
    evidence = [_item(case, made["gateway"], item) for name, item in asked.items() if name != "egress"]
    if asked["child"]["answered"]:
        return case.ruled_out("a MAC address that the network has not seen before is answered", evidence)
    taken = [item for item in others.values() if item["answered"]]
    refused = [item for item in others.values() if not item["answered"]]
    if not taken:
        return case.ruled_out(
            "no MAC address but the parent's is answered: the port has no room for even one", evidence
        )
    if not refused:
        return case.ruled_out("all MAC addresses that are on the port are answered", evidence)
    broken = case.broken(GATEWAY_FROM_LINK)
    after = case.first_loss(broken)
    worked = f", which it took until +{after:.1f} s" if after else ""
    return case.confirmed(
        f"the network takes {len(taken) + 1} MAC addresses on port {case.parent_name} of {case.host}, and not"
        f" {', '.join(item['mac'] for item in refused)}{worked}",
        [*evidence, *case.loss_items(broken)],
        after=after,
    )


def _item(case: Case, gateway: str, item: dict[str, Any]) -> EvidenceItem:
    said = f"answered by {', '.join(item['answered'])}" if item["answered"] else "no answer"
    text = f"{item['sent']} requests for {gateway} with MAC {item['mac']} of {item['vantage']}: {said}"
    return case.item("experiment", text, item["link"])


CAUSE = Cause(
    id="mac_limit_after_ageing",
    rank=330,
    title="the port takes only some MAC addresses",
    explanation="Port security lets a number of MAC addresses through, or a list of them. An address that was quiet for"
    " the ageing time loses its place, and cannot come back when the port is locked or another has taken the place."
    " The link then works for minutes or hours before it breaks, and others on the same port go on.",
    remedy="have the network team raise the port's limit of MAC addresses to those of macvlan_info, and one more for"
    " each further container, or list them all",
    signature="after the ageing time (300 s by default), or with the container that is one too many",
    proof="the gateway answers some MAC addresses of the port beside the parent's, and not others nor a new one",
    must="D",
    needs=("watch", "after"),
    explains=("mac_filtering_upstream",),
    judge=judge,
)
