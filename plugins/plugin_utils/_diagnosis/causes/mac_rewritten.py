# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""mac_rewritten: the host's link has another MAC address than the declared one."""

from __future__ import annotations

from shlex import quote

from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.kinds import (
    CONTAINER_TO_HOST,
    GATEWAY_FROM_LINK,
    HOST_TO_CONTAINER,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.timeline import LinkEvent
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case, changed, since
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import OF_HOST, Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import APPLY, SOON, command
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import (
    CauseVerdict,
    requester,
    whoever,
)


def judge(case: Case) -> CauseVerdict:
    shim = case.after.shim
    if shim is None:
        return case.ruled_out("the host has no link of its own whose MAC address could differ")
    link = case.declared_link(shim["name"])
    declared = link["mac"] if link else None
    if declared is None:
        return case.not_tested(f"the declaration of {shim['name']} is refused, so its MAC address is not known")
    if shim["mac"] == declared:
        return case.ruled_out(f"{shim['name']} has its declared MAC address {declared}")
    rewritten = [event for event in case.link_events("change", shim["name"]) if _is_to(event, shim["mac"])]
    broken = [item for kind in (GATEWAY_FROM_LINK, HOST_TO_CONTAINER, CONTAINER_TO_HOST) for item in case.broken(kind)]
    evidence = [
        case.item("MAC address", f"{shim['name']} has {shim['mac']}, and is declared with {declared}", shim["name"]),
        *map(case.event_item, rewritten[-1:]),
        *case.loss_items(broken),
    ]
    after = rewritten[-1]["after"] if rewritten else None
    known = requester(rewritten[-1]) if rewritten else None
    by = f" by {known['text']}" if known else ""
    who = whoever(rewritten[-1]) if rewritten else None
    summary = f"{shim['name']} on {case.host} has the MAC address {shim['mac']} instead of {declared}"
    if rewritten:
        summary += f": it was rewritten{since(after)}{by}"
    rewrite = f"ip link set {quote(shim['name'])} address {quote(declared)}"
    remedy = f"{rewrite}; neighbours that have learned the other one find the link again {SOON}"
    steps = [command(rewrite)]
    if not broken:
        return case.suspected(summary, evidence, after=after, culprit=who, remedy=remedy, steps=steps)
    return case.confirmed(summary, evidence, after=after, culprit=who, remedy=remedy, steps=steps)


def _is_to(event: LinkEvent, mac: str) -> bool:
    values = changed(event, "mac")
    return values is not None and values[1] == mac


CAUSE = Cause(
    id="mac_rewritten",
    rank=250,
    title="the link's MAC address is not the declared one",
    explanation="Neighbours send to the MAC address that they learned until their entry expires, and DHCP reservations"
    " and port security know the declared one. udev (MACAddressPolicy= of systemd.link(5)) and network managers"
    " rewrite MAC addresses of links that others created.",
    remedy="run linuxnet.macvlan.site, which sets the declared MAC address and keeps udev from rewriting it",
    signature="within 100 ms after the link was created, or when a manager takes it over",
    proof="the link's MAC address is not the declared one, and packets to it are lost",
    must="P D",
    by=APPLY,
    needs=("watch", "after", "drift"),
    explains=("stale_neighbour", "announcement_lost", "gateway_dead"),
    breaks=OF_HOST,
    judge=judge,
)
