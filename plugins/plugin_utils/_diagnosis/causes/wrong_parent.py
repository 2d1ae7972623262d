# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""wrong_parent: the declared parent is not connected to the network, another link of the host is."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.experiments.results import AskedVantage
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case, said
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import CONTAINER, DECLARE, RemedyStep
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict, EvidenceItem

#: Without it the run refuses to move the link.
RECREATE = "interfaces_recreate: when_needed"


def judge(case: Case) -> CauseVerdict:
    made = case.experiments.result("gateway_ask")
    if made is None:
        return case.not_tested(case.experiments.why_not("gateway_ask"))
    asked = {item["vantage"]: item for item in made["asked"]}
    parent, egress = asked.get("parent"), asked.get("egress")
    gateway, name = made["gateway"], case.parent_name
    if parent is not None and parent["answered"]:
        return case.ruled_out(f"{gateway} answers on {name}", [_asked_item(case, gateway, parent)])
    own = [item["address"] for item in case.after.own.addresses(name) if case.inside(item["address"])]
    if own:
        return case.ruled_out(f"{name} has {own[0]}, an address of the network")
    if egress is None:
        return case.ruled_out(f"the kernel has no other route to {gateway} than over {name}")
    if parent is None or not egress["answered"]:
        return case.not_tested(f"{gateway} does not answer {egress['link']} either")
    other = egress["link"]
    declare, again = f"set parent: {other}", f"create the container network again with parent={other}"
    spaces = dict.fromkeys(item["namespace"] for item in case.after.containers)
    down = case.after.parent is not None and not case.after.parent["carrier"]
    evidence = [_asked_item(case, gateway, item) for item in (parent, egress)]
    evidence.append(case.item("route", f"the kernel sends packets for {gateway} out of {other}", other))
    if down:
        evidence.append(case.item("carrier", f"{name} has no carrier", name))
    return case.confirmed(
        f"{name} of {case.host} is not in the network {case.network.name}: its gateway {gateway} answers on {other},"
        f" and not on {name}" + (", which has no carrier" if down else ""),
        [*evidence, *case.loss_items(case.broken())],
        remedy=f"{declare} for {case.network.name} in macvlan_networks of {case.host}, and run linuxnet.macvlan.site"
        f" with {RECREATE}, as no link moves to another parent; then {again}",
        steps=[
            RemedyStep(DECLARE, f"{declare}, and {RECREATE}", values={"parent": other}),
            *(RemedyStep(CONTAINER, again, namespace=space) for space in spaces),
        ],
    )


def _asked_item(case: Case, gateway: str, item: AskedVantage) -> EvidenceItem:
    if item["sent"]:
        text = f"{item['sent']} requests for {gateway}: {said(item)}"
    else:
        text = f"{gateway} could not be asked: {item['why_not']}"
    return case.item("experiment", text, item["link"])


CAUSE = Cause(
    id="wrong_parent",
    rank=300,
    title="the parent is not in the network",
    explanation="A macvlan link receives only what arrives on its parent. On an interface that is connected to another"
    " network, or to none, the link is up and has its address, and reaches no machine.",
    remedy="set parent in macvlan_networks to the interface over which the host reaches the network's gateway, and"
    " create link and container network again on it",
    signature="always",
    proof="the gateway answers on the interface over which the kernel reaches it, and not on the parent",
    must="R D",
    by=DECLARE,
    needs=("after",),
    explains=("two_uplinks_one_subnet", "no_carrier", "gateway_dead"),
    judge=judge,
)
