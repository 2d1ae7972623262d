# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""broadcast_queue_overflow: the parent's queue for broadcasts is too short, and ARP for the link is lost in it."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case, bare
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict

#: A single request that one socket heard and the other did not yet, as the watch ended, proves nothing.
LOSSES = 2
#: The modes in which each link gets the network's broadcasts by the queue (drivers/net/macvlan.c).
MODES = ("bridge", "vepa", "private")


def judge(case: Case) -> CauseVerdict:
    parent, shim = case.after.parent, case.after.shim
    if parent is None or shim is None or not shim["up"] or shim["mode"] not in MODES:
        return case.ruled_out("the host has no link that is up and gets broadcasts by the parent's queue")
    name, length = parent["name"], _length(case, parent["name"])
    dropped = case.counted("rx_dropped", name)
    asked, got = _requests(case, name), _requests(case, shim["name"])
    lost = {key: (seen, got.get(key, (0, None))[0]) for key, (seen, dummy) in asked.items()}
    missing = sum(max(0, seen - heard) for seen, heard in lost.values())
    evidence = [
        case.item("counter", f"rx_dropped of {name} grew by {dropped} during the watch", name),
        case.item("setting", f"the queue for broadcasts has room for {length} frames (bcqueuelen)", name),
        *(
            case.item("ARP", f"{heard} of {seen} requests of {who[0]} for {who[2]} got there", shim["name"])
            for who, (seen, heard) in list(lost.items())[:5]
        ),
    ]
    if missing < LOSSES or dropped < missing:
        if length == 0:
            return case.suspected(
                f"{name} on {case.host} has no room for broadcasts: no ARP reaches its links", evidence
            )
        return case.ruled_out(f"the ARP requests that arrived on {name} reached {shim['name']}", evidence)
    if case.events("link", None, shim["name"]):
        return case.not_tested(f"{shim['name']} changed during the watch, and may not have heard all of it")
    summary = (
        f"{missing} of {sum(seen for seen, dummy in lost.values())} ARP requests that arrived on {name} never reached"
        f" {shim['name']} on {case.host}: its queue for broadcasts (bcqueuelen {length}) was full, and {dropped} frames"
        " were dropped"
    )
    if any("arp" in text.lower() for text in case.timeline.get("limits", [])):
        return case.suspected(f"{summary}; not all of ARP could be watched", evidence)
    after = min(after for key, (dummy, after) in asked.items() if lost[key][0] > lost[key][1])
    return case.confirmed(summary, evidence, after=after)


def _requests(case: Case, link: str) -> dict[tuple[str, str, str], tuple[int, float]]:
    """Requests of others for the addresses of the host's link that a link heard: who asks what, how often, since when.

    Those for other addresses may have been sent to the MAC address of another link alone.
    """
    shim = case.after.shim or {}
    own = {bare(item["address"]) for item in case.after.own.addresses(shim.get("name"))}
    return {
        (event["data"]["address"], event["data"]["mac"], event["data"]["asked"]): (
            event["data"]["count"],
            event["after"],
        )
        for event in case.events("arp", "seen", link, incoming=True)
        if event["data"]["asked"] in own
    }


def _length(case: Case, parent: str) -> int | None:
    """The largest one of all links on the parent is what counts; None where it cannot be seen."""
    lengths = [
        link["bcqueuelen"]
        for space in case.after.namespaces
        for link in space.links
        if (link["parent"], link["parent_namespace"]) == (parent, "") and link["bcqueuelen"] is not None
    ]
    return max(lengths, default=None)


CAUSE = Cause(
    id="broadcast_queue_overflow",
    rank=440,
    title="broadcasts are dropped before the links get them",
    explanation="The macvlan driver puts each broadcast that arrives on the parent in a queue, from which its links get"
    " copies. When more come than it has room for, it drops them, ARP requests for the links and containers among them,"
    " so neighbours find them at times or not at all, while the parent itself is well.",
    remedy="set bcqueuelen for the network in macvlan_networks to a larger number (1000 is the kernel's default), and"
    " look for who floods the network with broadcasts",
    signature="in bursts of broadcasts; with bcqueuelen 0 as soon as neighbours have to ask again",
    proof="the parent's rx_dropped grew, and ARP requests for the link's address that were heard on the parent were not"
    " heard on the link",
    must="D",
    needs=("watch", "after"),
    judge=judge,
)
