# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""promisc_needed: the parent's card delivers what is for its macvlan links in promiscuous mode only."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case, since
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict


def judge(case: Case) -> CauseVerdict:
    asked = case.experiment("gateway_ask") or {"gateway": "", "asked": []}
    child = next((item for item in asked["asked"] if item["vantage"] == "child" and item["sent"]), None)
    # to a solicitation without an address IPv6 answers everybody
    if child is not None and child["answered"] and ":" not in asked["gateway"]:
        return case.ruled_out(f"a new macvlan link on {case.parent_name} is answered without promiscuous mode")
    tried = case.experiment("promiscuous")
    if tried is None or child is None:
        return case.not_tested(case.why_no_experiment("promiscuous"))
    name, gateway, sent = case.parent_name, tried["gateway"], tried["sent"]
    evidence = case.asked_items(asked["gateway"], [child])
    evidence += [
        case.item("experiment", f"{gateway} answered {tried[key] or 0} of {sent} requests {when}", name)
        for key, when in (
            ("promiscuous", f"of {tried['mac']} with {name} in promiscuous mode"),
            ("after", "without it again"),
        )
    ]
    if not tried["promiscuous"]:
        return case.ruled_out(f"promiscuous mode of {name} brings no answers either", evidence)
    broken = case.broken()
    left = [
        item
        for item in case.events("link", "change", name)
        for before, after in [item["data"].get("changed", {}).get("promiscuity", (0, 0))]
        if after < before
    ]
    evidence += [*map(case.event_item, left[:2]), *case.loss_items(broken)]
    after = case.first_loss(broken)
    summary = (
        f"{name} of {case.host} delivers what is sent to the MAC addresses of its macvlan links in promiscuous mode"
        f" only, and it is not in that mode{since(after)}"
    )
    more = {"after": after, "remedy": f"ip link set {name} promisc on, and {_persistently(name)}"}
    if tried["promiscuous"] < sent or tried["after"] or not broken:
        return case.suspected(f"{summary}; answers came at other times too, or nothing is broken", evidence, **more)
    return case.confirmed(summary, evidence, **more)


def _persistently(name: str) -> str:
    return (
        f"for the next boot Promiscuous=yes in [Link] of {name}'s .network file (systemd-networkd), or"
        " ethernet.accept-all-mac-addresses 1 in its profile (NetworkManager); in a virtual machine, let the virtual"
        " switch learn MAC addresses"
    )


CAUSE = Cause(
    id="promisc_needed",
    rank=480,
    title="the card delivers other MAC addresses in promiscuous mode only",
    explanation="A macvlan link tells its parent's driver one more MAC address to receive. Some drivers and virtual"
    " functions, and virtual switches that know one address per port, take no notice: what is sent to the link alone is"
    " lost, while broadcasts arrive. So everything works as long as somebody runs tcpdump there.",
    remedy="make the parent promiscuous, persistently, or have the virtual switch learn MAC addresses",
    signature="at once, or when the parent leaves promiscuous mode (the end of tcpdump)",
    proof="the same question of a macvlan link is answered with the parent in promiscuous mode, and before and after it"
    " is not",
    must="D",
    needs=("watch", "after"),
    explains=("mac_filtering_upstream", "mac_limit_after_ageing", "unicast_filter_full"),
    judge=judge,
)
