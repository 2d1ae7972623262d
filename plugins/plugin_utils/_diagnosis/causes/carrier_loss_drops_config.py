# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""carrier_loss_drops_config: a network manager removes addresses or routes when the carrier is lost for a moment."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.timeline import ActorData, LinkEvent
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case, bare, changed
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import APPLY
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import (
    CauseVerdict,
    EvidenceItem,
    culprit,
)

from .address_removed_by_other import Removal, is_ours, removals, still_gone, what

#: Units that configure devices, and that remove that configuration when these lose their carrier.
MANAGERS = ("systemd-networkd.service", "NetworkManager.service")

#: Seconds that the notification of a route that went with its address may come after the address's own.
DELAY = 0.5


def judge(case: Case) -> CauseVerdict:
    lost = [event for event in case.link_events("change") if _loses_carrier(case, event)]
    if not lost:
        return case.ruled_out(f"neither {case.parent_name} nor a link on it lost its carrier during the watch")
    parent = case.after.parent
    if parent is None or not parent["up"] or not parent["carrier"]:
        return case.not_tested(
            f"{case.parent_name} has no carrier now: only when it is back is there anything to restore"
        )
    dropped = [
        (event, process)
        for event in removals(case)
        for process in [_remover(case, event)]
        if event["after"] >= lost[0]["after"]
        and process
        and process["unit"] in MANAGERS
        and is_ours(case, event)
        and still_gone(case, event)
    ]
    if not dropped:
        return case.ruled_out("no network manager removed an address or a route after the carrier was lost")
    first, process = dropped[0]
    who = culprit(process, process["known_by"])
    evidence = [
        case.event_item(lost[0]),
        *(case.event_item(event) for event, dummy in dropped[:4]),
        *case.loss_items(case.broken()),
        *_file(case, first["link"]),
    ]
    return case.confirmed(
        f"{lost[0]['link']} of {case.host} lost its carrier at +{lost[0]['after']:.1f} s, and {who['text']} removed"
        f" {what(first)}, which did not come back",
        evidence,
        after=lost[0]["after"],
        culprit=who,
    )


def _loses_carrier(case: Case, event: LinkEvent) -> bool:
    values = changed(event, "carrier")
    return event["link"] in (case.parent_name, case.network.link) and values is not None and values == (True, False)


def _remover(case: Case, event: Removal) -> ActorData | None:
    """The process that removed it; of a route that the kernel removed with its source address, who removed that."""
    if event["process"] or event["kind"] != "route":
        return event["process"]
    source = event["data"]["source"]
    removed = [
        other
        for other in case.address_events("delete", event["link"])
        if source and bare(other["data"]["address"]) == source and 0 <= event["after"] - other["after"] <= DELAY
    ]
    return removed[-1]["process"] if removed else None


def _file(case: Case, link: str) -> list[EvidenceItem]:
    """The file of systemd-networkd that configures a link."""
    networkd = case.system["networkd"]
    known = networkd["links"].get(link) if networkd else None
    if not known or not known["file"]:
        return []
    return [case.item("file", f"systemd-networkd configures it with {known['file']}", link)]


CAUSE = Cause(
    id="carrier_loss_drops_config",
    rank=210,
    title="a network manager removed addresses or routes when the carrier was lost",
    explanation="With IgnoreCarrierLoss=no systemd-networkd removes its addresses when the cable is unplugged or the"
    " switch port goes down, and the kernel removes the routes that depend on them, also those that others added. When"
    " the carrier returns it configures only what its own files contain.",
    remedy="run linuxnet.macvlan.site, which writes the whole link to systemd-networkd's files with"
    " IgnoreCarrierLoss=yes",
    signature="within a second of the loss of the carrier, and for good",
    proof="the kernel's notification that the carrier was lost, and after it those of addresses or routes that the"
    " manager removed and that did not come back",
    must="P D",
    by=APPLY,
    needs=("watch", "after"),
    explains=("address_removed_by_other", "address_absent", "route_absent", "port_flaps"),
    judge=judge,
)
