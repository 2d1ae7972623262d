# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""sticky_mac_elsewhere: on this port the network answers other MAC addresses, and not that of one link."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.experiments.results import AskedVantage
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.timeline import TargetData
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.asked import (
    CHILD,
    CONTAINER,
    LINK,
    PARENT,
    lost_from,
    senders,
)
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case, since
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import ASK
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict


def judge(case: Case) -> CauseVerdict:
    made = case.experiments.result("gateway_ask")
    if made is None:
        return case.not_tested(case.experiments.why_not("gateway_ask"))
    asked = senders(case, made)
    missing = next((name for name in (PARENT, CHILD) if name not in asked), None)
    lost = {name: lost_from(case, name) for name in (LINK, *(name for name in asked if name.startswith(CONTAINER)))}
    if missing or (LINK not in asked and lost[LINK]):
        return case.not_tested(f"{made['gateway']} was not asked from the {missing or LINK}")
    evidence = case.asked_items(made["gateway"], asked.values())
    if not asked[CHILD]["answered"] or not asked[PARENT]["answered"]:
        return case.ruled_out("other MAC addresses of this port are not answered either", evidence)
    # The experiment's silence counts for nothing beside answers of the watch.
    refused = {
        name: item
        for name, item in asked.items()
        if not item["answered"] and lost.get(name) and (name == LINK or _has_left(case, lost[name]))
    }
    if not refused:
        own = asked.get(LINK)
        return case.ruled_out(
            f"{made['gateway']} was reachable during the whole watch from all links that could ask it"
            if own is None or not own["answered"]
            else f"{made['gateway']} answers the MAC address of {own['link']}",
            evidence,
        )
    broken = [target for name in refused for target in lost[name]]
    after = case.first_loss(broken)
    macs = ", ".join(str(item["mac"]) for item in refused.values())
    return case.confirmed(
        f"of the MAC addresses on {case.parent_name} only {' and '.join(map(_words, refused.values()))}"
        f" {'is' if len(refused) == 1 else 'are'} not answered{since(after)}: the network forwards frames for"
        f" {'it' if len(refused) == 1 else 'them'} to another port, or refuses {'it' if len(refused) == 1 else 'them'}",
        [*evidence, *case.loss_items(broken)],
        after=after,
        remedy=f"have the network team clear the entry of {macs}, or what filters it (bridge fdb show, show mac"
        f" address-table address {next(iter(refused.values()))['mac']}), or set"
        + (" mac: to another address for the link" if LINK in refused else " another MAC address for the container"),
    )


def _has_left(case: Case, lost: list[TargetData]) -> bool:
    """Whether what a container asked has passed the parent: what a filter of its own drops is no matter of the port."""
    paths = case.evidence.get("paths")
    names = {item["id"] for item in lost}
    known = [item for item in paths["targets"] if item["target"] in names] if paths else []
    return any(item["request_hop"] == case.parent_name for item in known)


def _words(item: AskedVantage) -> str:
    inside = f" in {item['vantage'][len(CONTAINER) :]}" if item["vantage"].startswith(CONTAINER) else ""
    return f"{item['mac']} of {item['link']}{inside}"


CAUSE = Cause(
    id="sticky_mac_elsewhere",
    rank=350,
    title="the network refuses one MAC address, or has pinned it to another port",
    explanation="Switches with sticky or static MAC entries forward frames for an address only to the port where it"
    " was first seen. After a container, a virtual machine or a link with a fixed MAC address has moved to another"
    " host, its requests still get out, and the replies go to the old port. A filter for one MAC address looks the"
    " same.",
    remedy="have the network team clear the entry or the filter, or give the link another MAC address",
    signature="right after the MAC address has moved to another port",
    proof="the gateway answers the parent and a new MAC address, and not that of the host's link or of a container",
    must="D",
    by=ASK,
    needs=("watch", "after"),
    everywhere=True,
    judge=judge,
)
