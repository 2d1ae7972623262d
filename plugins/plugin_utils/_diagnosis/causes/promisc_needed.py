# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""promisc_needed: the parent's card delivers what is for its macvlan links in promiscuous mode only."""

from __future__ import annotations

from shlex import quote

from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.timeline import LinkEvent
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.asked import of_other_macs, senders
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case, changed, since
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import BEYOND_PARENT, Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import BY_HAND, command
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict


def judge(case: Case) -> CauseVerdict:
    asked = case.experiments.result("gateway_ask")
    child = senders(case, asked).get("child") if asked else None
    if asked is not None and child is not None and child["answered"]:
        return case.ruled_out(f"a new macvlan link on {case.parent_name} is answered without promiscuous mode")
    tried = case.experiments.result("promiscuous")
    if tried is None or asked is None or child is None:
        return case.not_tested(case.experiments.why_not("promiscuous"))
    name, gateway, sent = case.parent_name, tried["gateway"], tried["sent"]
    evidence = case.asked_items(asked["gateway"], [child])
    evidence += [
        case.item("experiment", f"{gateway} answered {answers or 0} of {sent} requests {when}", name)
        for answers, when in (
            (tried["promiscuous"], f"of {tried['mac']} with {name} in promiscuous mode"),
            (tried["after"], "after it left promiscuous mode"),
        )
    ]
    if not tried["promiscuous"]:
        return case.ruled_out(f"there are no answers with {name} in promiscuous mode either", evidence)
    broken = case.broken()
    case.explains(of_other_macs(case))
    left = [event for event in case.link_events("change", name) if _leaves(event)]
    evidence += [*map(case.event_item, left[:2]), *case.loss_items(broken)]
    after = case.first_loss(broken)
    summary = (
        f"{name} of {case.host} delivers frames for the MAC addresses of its macvlan links in promiscuous mode only,"
        f" and it is not in that mode{since(after)}"
    )
    steps = [command(f"ip link set {quote(name)} promisc on")]
    remedy = f"{steps[0].text}, and {_persistently(name)}"
    if tried["promiscuous"] < sent or tried["after"] or not broken:
        text = f"{summary}; answers came at other times too, or nothing is broken"
        return case.suspected(text, evidence, after=after, remedy=remedy, steps=steps)
    return case.confirmed(summary, evidence, after=after, remedy=remedy, steps=steps)


def _leaves(event: LinkEvent) -> bool:
    """Whether something that made the link promiscuous ended."""
    before, after = changed(event, "promiscuity") or (0, 0)
    return isinstance(before, int) and isinstance(after, int) and after < before


def _persistently(name: str) -> str:
    return (
        f"for the next boot Promiscuous=yes in [Link] of {name}'s .network file (systemd-networkd), or"
        " ethernet.accept-all-mac-addresses 1 in its profile (NetworkManager); in a virtual machine, have the virtual"
        " switch learn MAC addresses"
    )


CAUSE = Cause(
    id="promisc_needed",
    rank=480,
    title="the network card delivers other MAC addresses in promiscuous mode only",
    explanation="A macvlan link adds its MAC address to the receive filter of its parent. Some drivers and virtual"
    " functions, and virtual switches that know one address per port, ignore it: unicast frames for the link are lost,"
    " while broadcasts arrive. So everything works as long as tcpdump runs there.",
    remedy="make the parent promiscuous, persistently, or have the virtual switch learn MAC addresses",
    signature="from the start, or when the parent leaves promiscuous mode (tcpdump ends)",
    proof="the same request of a macvlan link is answered while the parent is in promiscuous mode, and neither before"
    " nor after",
    must="D",
    by=BY_HAND,
    needs=("watch", "after"),
    explains=("mac_filtering_upstream", "mac_limit_after_ageing", "unicast_filter_full"),
    breaks=BEYOND_PARENT,
    judge=judge,
)
