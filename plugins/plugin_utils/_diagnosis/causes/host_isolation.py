# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""host_isolation: the host sends packets for its own containers out of the parent, which never delivers them."""

from __future__ import annotations

from shlex import quote

from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.schema import (
    ContainerData,
    RouteData,
    RuleData,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.kinds import CONTAINER_TO_HOST, HOST_TO_CONTAINER
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.timeline import TargetData
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case, bare, covers, since
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import OF_LINK, Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import (
    APPLY,
    BY_HAND,
    DECLARE,
    RemedyStep,
    command,
)
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.snapshot import MAIN
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
    remedy, steps = _remedy(case, isolated)
    # What a container asks the host is answered over the same route, or not at all where ARP is filtered by it.
    inside = {children[target["target"]]["namespace"] for target in isolated}
    unanswered = [target for target in case.broken(CONTAINER_TO_HOST) if target["from"]["namespace"] in inside]
    evidence = [*_routes(case, isolated, children), *case.loss_items([*isolated, *unanswered])]
    return case.confirmed(summary, evidence, after=after, remedy=remedy, steps=steps)


def _remedy(case: Case, isolated: list[TargetData]) -> tuple[str, list[RemedyStep]]:
    """Its text and steps, empty for the cause's own. What takes precedence is not removed by the declaration."""
    link = case.network.link
    if link is None:
        return "", [RemedyStep(DECLARE, "set host_address for the network in macvlan_networks")]
    addresses = [target["target"] for target in isolated]
    if not all(
        any(covers(route["destination"], address) for route in case.after.own.routes(link)) for address in addresses
    ):
        return "run linuxnet.macvlan.site, which re-applies the declaration", []
    found = list(dict.fromkeys(_diverting(case, address) for address in addresses))
    if all(found):
        return f"{', and '.join(found)}; and keep what made it from making it again", [*map(command, found)]
    by_hand = f"find the rule or route that takes precedence (ip rule; ip route get {addresses[0]}), and remove it"
    return by_hand, [RemedyStep(BY_HAND, by_hand)]


def _diverting(case: Case, address: str) -> str:
    """The command that deletes the rule or route by which an address is sent to the parent; empty where none is
    that for these addresses alone."""
    ip = "ip -6" if ":" in address else "ip"
    rules = [item for item in case.after.own.rules if item["family"] == ("ipv6" if ":" in address else "ipv4")]
    for rule in sorted(rules, key=lambda item: item["priority"]):
        table = rule["table"]
        way = _way(case, address, table) if table is not None and _of_all(rule, address) else None
        if way is not None and way["link"] != case.parent_name:
            return ""
        if way is not None and rule["to"]:
            return f"{ip} rule delete priority {rule['priority']} to {rule['to']} lookup {table}"
        if way is not None:
            return _delete(ip, way, f" table {table}")
    way = _way(case, address, MAIN)
    return _delete(ip, way) if way is not None and way["link"] == case.parent_name else ""


def _delete(ip: str, route: RouteData, table: str = "") -> str:
    """Never the way to everything else, nor what the kernel made with the parent's own address."""
    if route["protocol"] == "kernel" or route["destination"].endswith("/0"):
        return ""
    metric = f" metric {route['metric']}" if route["metric"] else ""
    return f"{ip} route delete {route['destination']} dev {quote(str(route['link']))}{metric}{table}"


def _of_all(rule: RuleData, address: str) -> bool:
    """Whether a rule is one for packets of the host itself to an address, whatever else they are."""
    if rule["iif"] not in (None, "lo") or rule["oif"] or rule["mark"] or rule["from"]:
        return False
    return rule["to"] is None or covers(rule["to"], address)


def _way(case: Case, address: str, table: int) -> RouteData | None:
    """The route of a table to an address: the longest prefix, of these the lowest metric, of these the first."""
    fitting = [route for route in case.after.own.routes(table=table) if covers(route["destination"], address)]
    return min(fitting, key=lambda route: (-_length(route), route["metric"])) if fitting else None


def _length(route: RouteData) -> int:
    return int(route["destination"].rpartition("/")[2])


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
    breaks=OF_LINK,
    judge=judge,
)
