# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""carrier_loss_drops_config: a network manager drops addresses or routes when the cable is out for a moment."""

from __future__ import annotations

from typing import Any

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case, bare
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict, culprit

from .address_removed_by_other import is_ours, still_gone, what

#: Units that configure devices, and that drop what is on them when these lose their carrier.
MANAGERS = ("systemd-networkd.service", "NetworkManager.service")

#: Seconds that a notice of what the kernel removed with an address may come after the address's own.
DELAY = 0.5


def judge(case: Case) -> CauseVerdict:
    lost = [event for event in case.events("link", "change") if _loses_carrier(case, event)]
    if not lost:
        return case.ruled_out(f"neither {case.parent_name} nor a link on it lost its carrier during the watch")
    dropped = [
        event
        for event in case.events(action="delete")
        if event["after"] >= lost[0]["after"]
        and _remover(case, event).get("unit") in MANAGERS
        and is_ours(case, event)
        and still_gone(case, event)
    ]
    if not dropped:
        return case.ruled_out("no network manager dropped an address or a route after the carrier was lost")
    broken = case.broken()
    who = culprit(_remover(case, dropped[0]))
    evidence = [*map(case.event_item, (lost[0], *dropped[:4])), *case.loss_items(broken)]
    file = ((case.system.get("networkd") or {}).get("links", {}).get(dropped[0]["link"]) or {}).get("file")
    if file:
        evidence.append(case.item("file", f"systemd-networkd configures it with {file}", dropped[0]["link"]))
    return case.confirmed(
        f"{lost[0]['link']} of {case.host} lost its carrier at +{lost[0]['after']:.1f} s, and {who['text']} dropped"
        f" {what(dropped[0])}, which did not come back",
        evidence,
        after=lost[0]["after"],
        culprit=who,
    )


def _loses_carrier(case: Case, event: dict[str, Any]) -> bool:
    changed = event["data"].get("changed", {}).get("carrier")
    return event["link"] in (case.parent_name, case.network.link) and bool(changed) and changed[0] and not changed[1]


def _remover(case: Case, event: dict[str, Any]) -> dict[str, Any]:
    """The process that removed it; of a route that the kernel removed with its source address, who removed that."""
    if event.get("process") or event["kind"] != "route":
        return event.get("process") or {}
    source = event["data"].get("source")
    removed = [
        other
        for other in case.events("address", "delete", event["link"])
        if source and bare(other["data"]["address"]) == source and 0 <= event["after"] - other["after"] <= DELAY
    ]
    return (removed[-1].get("process") or {}) if removed else {}


CAUSE = Cause(
    id="carrier_loss_drops_config",
    rank=210,
    title="a lost carrier made a network manager drop addresses or routes",
    explanation="With IgnoreCarrierLoss=no systemd-networkd takes its addresses away when the cable or the switch's"
    " port goes down, and the kernel takes the routes with them that others made. When the carrier is back it"
    " configures only what is in its own files.",
    remedy="run linuxnet.macvlan.site, which puts all of the link into systemd-networkd's files with"
    " IgnoreCarrierLoss=yes",
    signature="within a second of a lost carrier, for good",
    proof="the kernel's notice that the carrier was lost, and after it that of an address or route which the manager"
    " removed and which is not back",
    must="P D",
    needs=("watch", "after"),
    explains=("address_removed_by_other",),
    repairable=True,
    judge=judge,
)
