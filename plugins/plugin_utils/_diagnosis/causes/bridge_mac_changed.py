# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""bridge_mac_changed: the parent is a bridge that took another MAC address when its ports changed."""

from __future__ import annotations

from typing import Any

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case, bare, since
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict, asker

#: Seconds: what was asked shortly before the change is answered after it. The longest pause between two questions.
ASKED_BEFORE = 1.0


def judge(case: Case) -> CauseVerdict:
    parent = case.after.parent
    if parent is None or parent["kind"] != "bridge":
        return case.ruled_out("the parent is no bridge whose MAC address could follow its ports")
    name = parent["name"]
    changes = [item for item in case.events("link", "change", name) if "mac" in item["data"].get("changed", {})]
    if not changes or changes[0]["data"]["changed"]["mac"][0] == parent["mac"]:
        return case.ruled_out(f"the bridge {name} kept its MAC address {parent['mac']}")
    old, after = changes[0]["data"]["changed"]["mac"][0], changes[0]["after"]
    keeping = [link["name"] for link in case.after.own.links if link["mac"] == old and link["master"] == name]
    broken = [item for item in case.broken() if _by_parent(case, item, name, after)]
    evidence = [
        case.item("MAC address", f"{name} had {old} and has {parent['mac']}", name),
        *map(case.event_item, changes[:2]),
        *(case.item("MAC address", f"its port {port} has {old}", port) for port in keeping),
        *case.loss_items(broken),
    ]
    if keeping and not broken:
        return case.ruled_out(
            f"{name} changed its MAC address and lost nothing, as it takes what is for its port {keeping[0]} too",
            evidence,
        )
    who = asker(changes[0])
    by = f", by {who['text']}" if who else ""
    summary = (
        f"the bridge {name} on {case.host} changed its MAC address from {old} to {parent['mac']}{since(after)}"
        f" as its ports changed{by}"
    )
    more: dict[str, Any] = {"after": after, "culprit": who, "remedy": f"ip link set {name} address {parent['mac']}, and"
                            " the same address in the bridge's configuration"}  # fmt: skip
    if keeping or not broken:
        return case.suspected(summary, evidence, **more)
    return case.confirmed(f"{summary}, and what neighbours send to {old} is lost", evidence, **more)


def _by_parent(case: Case, target: dict[str, Any], name: str, after: float) -> bool:
    """Whether something goes out or comes in by the parent itself, and was lost since the change and not before."""
    own = [bare(item["address"]) for item in case.after.own.addresses(name)]
    source = target["from"]
    first = target["first_loss"] if target["received"] else None
    there = (source["namespace"], source["link"]) == ("", name) or target["target"] in own
    return there and first is not None and first >= after - ASKED_BEFORE


CAUSE = Cause(
    id="bridge_mac_changed",
    rank=420,
    title="the bridge that is the parent changed its MAC address",
    explanation="A bridge without an address of its own takes the lowest MAC address of its ports, so it changes when a"
    " port joins or leaves, as with each virtual machine. Once no port has the old address any more, the bridge"
    " drops what neighbours still send to it, until they ask again; a router with fixed entries never does.",
    remedy="give the bridge a MAC address of its own in its configuration (MACAddress= of networkd, bridge.mac-address"
    " of NetworkManager, bridge_hw of ifupdown)",
    signature="when a port leaves or joins; heals when neighbours ask again, with fixed entries never",
    proof="the parent is a bridge whose MAC address changed during the watch, no port has the old one, and what goes"
    " by the bridge is lost since",
    must="D",
    needs=("watch", "after"),
    explains=("stale_neighbour", "announcement_lost"),
    judge=judge,
)
