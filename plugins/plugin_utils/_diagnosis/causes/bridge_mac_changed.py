# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""bridge_mac_changed: the parent is a bridge whose MAC address changed with its ports."""

from __future__ import annotations

from shlex import quote

from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.timeline import TargetData
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case, bare, changed, since
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import BY_HAND, command
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import (
    CauseVerdict,
    requester,
    whoever,
)

#: Seconds: a request shortly before the change is answered after it. The longest pause between two requests.
ASKED_BEFORE = 1.0


def judge(case: Case) -> CauseVerdict:
    parent = case.after.parent
    if parent is None or parent["kind"] != "bridge":
        return case.ruled_out("the parent is not a bridge, whose MAC address would follow its ports")
    name = parent["name"]
    changes = [(item, values[0]) for item in case.link_events("change", name) if (values := changed(item, "mac"))]
    if not changes or changes[0][1] == parent["mac"]:
        return case.ruled_out(f"the bridge {name} kept its MAC address {parent['mac']}")
    first, old = changes[0]
    after = first["after"]
    keeping = [link["name"] for link in case.after.own.links if link["mac"] == old and link["master"] == name]
    broken = [item for item in case.broken() if _by_parent(case, item, name, after)]
    evidence = [
        case.item("MAC address", f"{name} had {old} and has {parent['mac']}", name),
        *(case.event_item(event) for event, dummy in changes[:2]),
        *(case.item("MAC address", f"its port {port} has {old}", port) for port in keeping),
        *case.loss_items(broken),
    ]
    if keeping and not broken:
        return case.ruled_out(
            f"{name} changed its MAC address and nothing was lost, as its port {keeping[0]} still has the old one",
            evidence,
        )
    known = requester(first)
    by = f", by {known['text']}" if known else ""
    who = whoever(first)
    summary = (
        f"the bridge {name} on {case.host} changed its MAC address from {old} to {parent['mac']}{since(after)}"
        f" as its ports changed{by}"
    )
    keep = f"ip link set {quote(name)} address {quote(str(parent['mac']))}"
    remedy = f"{keep}, and the same address in the bridge's configuration"
    steps = [command(keep)]
    if keeping or not broken:
        return case.suspected(summary, evidence, after, who, remedy, steps)
    lost = f"{summary}, and frames that neighbours send to {old} are lost"
    return case.confirmed(lost, evidence, after, who, remedy, steps)


def _by_parent(case: Case, target: TargetData, name: str, after: float) -> bool:
    """Whether a target is reached over the parent itself, and was lost since the change and not before."""
    own = [bare(item["address"]) for item in case.after.own.addresses(name)]
    source = target["from"]
    first = target["first_loss"] if target["received"] else None
    there = (source["namespace"], source["link"]) == ("", name) or target["target"] in own
    return there and first is not None and first >= after - ASKED_BEFORE


CAUSE = Cause(
    id="bridge_mac_changed",
    rank=420,
    title="the bridge that is the parent changed its MAC address",
    explanation="A bridge without a configured MAC address takes the lowest one of its ports, so it changes when a port"
    " joins or leaves, as with each virtual machine. Once no port has the old address any more, the bridge drops the"
    " frames that neighbours still send to it, until they resolve its address again; a router with static entries never"
    " does.",
    remedy="give the bridge a MAC address of its own in its configuration (MACAddress= of networkd, bridge.mac-address"
    " of NetworkManager, bridge_hw of ifupdown)",
    signature="when a port leaves or joins; heals when neighbours resolve the address again, never with static entries",
    proof="the parent is a bridge whose MAC address changed during the watch, no port has the old one, and packets over"
    " the bridge are lost since",
    must="D",
    by=BY_HAND,
    needs=("watch", "after"),
    explains=("stale_neighbour", "announcement_lost"),
    judge=judge,
)
