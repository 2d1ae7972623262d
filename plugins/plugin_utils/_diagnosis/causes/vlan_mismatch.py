# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""vlan_mismatch: frames of the network arrive with a VLAN tag, and the parent accepts only untagged frames."""

from __future__ import annotations

from shlex import quote

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case, since
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import ASK
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict


def judge(case: Case) -> CauseVerdict:
    heard, made = case.experiments.result("tags"), case.experiments.result("gateway_ask")
    if heard is None:
        return case.not_tested(case.experiments.why_not("tags"))
    name = case.parent_name
    tagged = [item for item in heard["vlans"] if item["id"]]
    evidence = [
        case.item("tag", f"{item['frames']} frames with VLAN {item['id']}: {', '.join(item['examples'])}", name)
        for item in tagged
    ]
    if len(tagged) < len(heard["vlans"]):
        return case.ruled_out(f"frames of the network arrive on {name} without a VLAN tag", evidence)
    asked = next((item for item in (made["asked"] if made else ()) if item["vantage"] == "parent"), None)
    if made is not None and asked is not None and asked["answered"]:
        return case.ruled_out(f"{made['gateway']} answers frames without a VLAN tag on {name}", evidence)
    if not tagged:
        return case.not_tested(f"no frame of the network arrived on {name} in {heard['seconds']:g} s")
    if made is not None and asked is not None and asked["sent"]:
        text = f"{asked['sent']} requests for {made['gateway']} without a tag: no answer"
        evidence.append(case.item("experiment", text, name))
    broken = case.broken()
    number = max(tagged, key=lambda item: item["frames"])["id"]
    text = f"frames of {case.network.name} arrive on {name} of {case.host} with the tag of VLAN {number}"
    if not broken:
        return case.suspected(f"{text}, and nothing is lost yet", evidence)
    # The watch may have begun to probe some targets only after the others had broken.
    after = case.first_loss([item for item in broken if item["received"]])
    return case.confirmed(
        f"{text}, which {name} does not accept, and untagged requests are not answered{since(after)}",
        [*evidence, *case.loss_items(broken)],
        after=after,
        remedy=f"have the network team make VLAN {number} the untagged one of the port, or create a VLAN interface"
        f" (ip link add link {quote(name)} name {quote(f'{name}.{number}')} type vlan"
        f" id {number}, by the network manager) and set it as"
        " parent in macvlan_networks",
    )


CAUSE = Cause(
    id="vlan_mismatch",
    rank=410,
    title="the switch port carries the network with a VLAN tag",
    explanation="A frame with a VLAN tag belongs to the VLAN interface with that number. Without such an interface the"
    " kernel drops the frame, on the parent and on its macvlan links; and the switch drops untagged frames from the"
    " host, or puts them into another network.",
    remedy="agree with the network team on the tag: the port's untagged VLAN, or a VLAN interface as parent",
    signature="always, or since the port's configuration was changed",
    proof="frames of the network arrive only with a VLAN tag, and the gateway does not answer untagged requests",
    must="D",
    by=ASK,
    needs=("watch", "after"),
    explains=("gateway_dead",),
    everywhere=True,
    judge=judge,
)
