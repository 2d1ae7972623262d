# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""host_isolation: the host sends packets for its own containers out of the parent, which never delivers them."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.schema import ContainerData
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.kinds import CONTAINER_TO_HOST, HOST_TO_CONTAINER
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.timeline import TargetData
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case, bare, since
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import BEYOND_PARENT, Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import APPLY, DECLARE, RemedyStep
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict, EvidenceItem


def judge(case: Case) -> CauseVerdict:
    # No route shall lead to what is not declared: container_outside_range.
    known = case.after.containers if case.network.link else case.after.found
    broken = case.broken(HOST_TO_CONTAINER)
    children = {item["address"]: item for item in known}
    isolated = []
    for target in broken:
        path = case.after.own.path(target["target"]) or case.before.own.path(target["target"])
        egress = path["link"] if path else _egress(case)
        if target["target"] in children and egress == case.parent_name:
            isolated.append(target)
    if not broken:
        return case.ruled_out("the host reaches its containers", case.answer_items(case.targets(HOST_TO_CONTAINER)))
    if not isolated:
        return case.ruled_out("the route to the containers does not lead over their parent")
    after = case.first_loss(isolated)
    link = case.network.link
    if link and case.after.shim is None:
        why = f"the host has no link {link}"
    elif link and any(case.network.link == route["link"] for route in case.after.own.routes()):
        why = f"another route or a rule takes precedence over the routes of {link}"
    elif link:
        why = f"no route leads over {link}"
    else:
        why = "no link of the host is declared (host_address)"
    summary = (
        f"{case.host} cannot reach its own containers on {case.parent_name}{since(after)}: {why}, so the packets leave"
        " by the parent, which never delivers frames of the host to its macvlan links"
    )
    remedy = "run linuxnet.macvlan.site, which re-applies the declaration" if link else ""
    # What a container asks the host is answered over the same route, or not at all where ARP is filtered by it.
    inside = {children[target["target"]]["namespace"] for target in isolated}
    unanswered = [target for target in case.broken(CONTAINER_TO_HOST) if target["from"]["namespace"] in inside]
    evidence = [*_routes(case, isolated, children), *case.loss_items([*isolated, *unanswered])]
    steps = [] if link else [RemedyStep(DECLARE, "set host_address for the network in macvlan_networks")]
    return case.confirmed(summary, evidence, after=after, remedy=remedy, steps=steps)


def _egress(case: Case) -> str | None:
    """By the routes of the snapshot, for containers to which no route was looked up: the connected route decides."""
    host_side = [route for route in case.after.own.routes() if case.inside(bare(route["destination"]))]
    return host_side[0]["link"] if host_side and len({route["link"] for route in host_side}) == 1 else None


def _routes(case: Case, isolated: list[TargetData], children: dict[str, ContainerData]) -> list[EvidenceItem]:
    found = []
    for target in isolated[:3]:
        child = children[target["target"]]
        text = f"the kernel sends {target['target']} out of {case.parent_name}"
        found.append(case.item("route", text, case.parent_name))
        text = f"{target['target']} is on {child['link']}, a macvlan link of {case.parent_name}"
        found.append(case.item("container", text, child["link"], child["namespace"]))
    return found


CAUSE = Cause(
    id="host_isolation",
    rank=10,
    title="the host cannot reach macvlan links of its own parent",
    explanation="The kernel sends the parent's own frames to the wire and never delivers them to macvlan links of that"
    " parent, and a switch does not send a frame back out of the port it came from. Host and containers reach each"
    " other only over a macvlan link of the host's own, with routes to the containers.",
    remedy="set host_address for the network in macvlan_networks, and run linuxnet.macvlan.site",
    signature="from the start, all the time, while LAN and containers reach each other",
    proof="the route to a container leads over the parent of the container's link, and pings to it are lost",
    must="P D",
    by=APPLY,
    needs=("watch", "before", "after"),
    breaks=BEYOND_PARENT,
    judge=judge,
)
