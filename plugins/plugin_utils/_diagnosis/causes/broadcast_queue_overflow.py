# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""broadcast_queue_overflow: the parent's queue for broadcasts overflows, and ARP requests for the link are lost."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.schema import LinkData
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case, bare
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import DECLARE, RemedyStep
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict

#: A single request that one socket received and the other had not yet, when the watch ended, proves nothing.
LOSSES = 2
#: So many dropped frames are more than those of unknown protocols, which a quiet network has as well.
DROPS = 100
#: The modes in which each link gets the network's broadcasts through the queue (drivers/net/macvlan.c).
MODES = ("bridge", "vepa", "private")
#: The kernel's default (drivers/net/macvlan.c MACVLAN_DEFAULT_BC_QUEUE_LEN).
DEFAULT = 1000


def judge(case: Case) -> CauseVerdict:
    parent, shim = case.after.parent, case.after.shim
    if parent is None or shim is None or not shim["up"] or shim["mode"] not in MODES:
        return case.ruled_out("the host has no link that is up and gets broadcasts through the parent's queue")
    name, length = parent["name"], _length(case, parent["name"])
    dropped = case.counted("rx_dropped", name)
    asked, got = _requests(case, shim, name), _requests(case, shim, shim["name"])
    lost = {key: (seen, got[key][0] if key in got else 0) for key, (seen, dummy) in asked.items()}
    missing = sum(max(0, seen - heard) for seen, heard in lost.values())
    evidence = [
        case.item("counter", f"rx_dropped of {name} grew by {dropped} during the watch", name),
        case.item("setting", f"the queue for broadcasts has room for {length} frames (bcqueuelen)", name),
        *(
            case.item("ARP", f"{heard} of {seen} requests of {who[0]} for {who[2]} arrived", shim["name"])
            for who, (seen, heard) in list(lost.items())[:5]
        ),
    ]
    if missing < LOSSES or dropped < missing:
        if length == 0:
            return case.suspected(
                f"the queue for broadcasts of {name} on {case.host} has length 0: no ARP request reaches its links",
                evidence,
                remedy=_remedy(length),
                steps=_steps(length),
            )
        if not asked and dropped >= DROPS:
            return case.not_tested(
                f"{dropped} frames were dropped on {name}, and no ARP request for the link arrived that could show"
                " whether its queue for broadcasts was the reason"
            )
        return case.ruled_out(f"the ARP requests that arrived on {name} reached {shim['name']}", evidence)
    if case.link_events(None, shim["name"]):
        return case.not_tested(f"{shim['name']} changed during the watch, and may have missed requests for that reason")
    summary = (
        f"{missing} of {sum(seen for seen, dummy in lost.values())} ARP requests that arrived on {name} never reached"
        f" {shim['name']} on {case.host}: its queue for broadcasts (bcqueuelen {length}) was full, and {dropped} frames"
        " were dropped"
    )
    if any("arp" in text.lower() for text in case.watch["limits"]):
        text = f"{summary}; ARP could not be watched completely"
        return case.suspected(text, evidence, remedy=_remedy(length), steps=_steps(length))
    after = min(after for key, (dummy, after) in asked.items() if lost[key][0] > lost[key][1])
    return case.confirmed(summary, evidence, after=after, remedy=_remedy(length), steps=_steps(length))


def _larger(length: int | None) -> int:
    """Four times as many, or what the kernel takes where nobody says anything."""
    return max(DEFAULT, 4 * (length or 0))


def _remedy(length: int | None) -> str:
    return (
        f"set bcqueuelen: {_larger(length)} for the network in macvlan_networks, run linuxnet.macvlan.site, and find"
        " the source of the broadcasts"
    )


def _steps(length: int | None) -> list[RemedyStep]:
    number = _larger(length)
    return [RemedyStep(DECLARE, f"set bcqueuelen: {number}", values={"bcqueuelen": number})]


def _requests(case: Case, shim: LinkData, link: str) -> dict[tuple[str, str, str], tuple[int, float]]:
    """Requests of others for the addresses of the host's link that a link received: by sender, its MAC address and the
    address asked for, how often and since when.

    Those for other addresses may have been sent to the MAC address of another link alone.
    """
    own = {bare(item["address"]) for item in case.after.own.addresses(shim["name"])}
    return {
        (event["data"]["address"], event["data"]["mac"], asked): (event["data"]["count"], event["after"])
        for event in case.frame_events("arp", "seen", link)
        for asked in [event["data"]["asked"]]
        if event["data"]["incoming"] and asked in own and asked is not None
    }


def _length(case: Case, parent: str) -> int | None:
    """The largest one of all links on the parent is in effect; None where it cannot be seen."""
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
    title="broadcasts are dropped before the links receive them",
    explanation="The macvlan driver puts each broadcast that arrives on the parent in a queue, from which its links get"
    " copies. When the queue is full it drops broadcasts, ARP requests for the links and containers among them, so"
    " neighbours resolve their addresses at times or not at all, while the parent itself stays reachable.",
    remedy="set bcqueuelen for the network in macvlan_networks to a larger number (1000 is the kernel's default), and"
    " find the source of the broadcasts",
    signature="in bursts of broadcasts; with bcqueuelen 0 as soon as neighbours have to resolve the address again",
    proof="the parent's rx_dropped grew, and ARP requests for the link's address arrived on the parent and not on the"
    " link",
    must="D",
    by=DECLARE,
    needs=("watch", "after"),
    judge=judge,
)
