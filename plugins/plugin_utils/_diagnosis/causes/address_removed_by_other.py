# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""address_removed_by_other: a process took an address or a route of the network away."""

from __future__ import annotations

import ipaddress
from typing import Any

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case, bare
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.lifetime import expired
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict, culprit


def judge(case: Case) -> CauseVerdict:
    ended = {event["what"] for event in case.events(action="delete") if expired(event)}
    removed = [
        event
        for event in case.events(action="delete")
        if is_ours(case, event) and still_gone(case, event) and not _by_itself(event, ended)
    ]
    if not removed:
        return case.ruled_out("no address and no route of the network was removed during the watch")
    first = removed[0]
    who = culprit(first.get("process"), first.get("process_unknown", ""))
    name = who["text"] if who.get("pid") else "a process that is not known"
    evidence = [*(case.event_item(event) for event in removed[:5]), *case.loss_items(case.broken())]
    return case.confirmed(
        f"{name} removed {what(first)} of {case.host} at +{first['after']:.1f} s",
        evidence,
        after=first["after"],
        culprit=who,
        remedy=_remedy(first),
    )


def is_ours(case: Case, event: dict[str, Any]) -> bool:
    """An address of the network on parent or link, or a route over the link to its containers."""
    data = event.get("data") or {}
    link = event["link"] or data.get("link")
    if event["kind"] == "address" and link in (case.network.link, case.parent_name):
        return case.inside(str(data["address"]))
    if event["kind"] == "route" and link and link == case.network.link and data.get("table", 254) == 254:
        destination = str(data["destination"])
        return destination not in ("0.0.0.0/0", "::/0", "default") and case.inside(bare(destination))
    return False


def _by_itself(event: dict[str, Any], ended: set[str]) -> bool:
    """Whether an address, or the one that a route needs, was gone at the end of its lifetime."""
    return expired(event) or event["data"].get("with") in ended


def still_gone(case: Case, event: dict[str, Any]) -> bool:
    """A renewal removes and adds; what is there again at the end was not taken away."""
    own, data, link = case.after.own, event["data"], event["link"]
    if own.link(link) is None:
        return False
    if event["kind"] == "address":
        address = ipaddress.ip_interface(data["address"]).ip
        return all(ipaddress.ip_interface(item["address"]).ip != address for item in own.addresses(link))
    return all(route["destination"] != data["destination"] for route in own.routes(link))


def what(event: dict[str, Any]) -> str:
    data = event["data"]
    return f"the {event['kind']} {data.get('address') or data.get('destination')} from {event['link']}"


def _remedy(event: dict[str, Any]) -> str:
    name = (event.get("process") or {}).get("name") or ""
    if name == "NetworkManager":
        return "run the role linuxnet.macvlan.nm_exclusion, or set macvlan_persistence: networkmanager"
    if name.startswith("systemd-network"):
        return "set macvlan_persistence: networkd, so that systemd-networkd itself owns the link"
    return ""


CAUSE = Cause(
    id="address_removed_by_other",
    rank=60,
    title="a process removed the link's address or routes",
    explanation="A network manager, a script or a person removed an address or a route that the link needs. Network"
    " managers do so when they bring a profile up again, restart, or reload, as they remove what they have not"
    " configured themselves.",
    remedy="stop that process from configuring the link, then run linuxnet.macvlan.site to put things back",
    signature="the moment that the manager acts: on nmcli connection up, a restart, an upgrade, a cable",
    proof="the kernel's notice that the address or route was deleted, with the process that asked for it",
    must="D with culprit",
    needs=("watch", "after"),
    explains=("host_isolation", "not_persistent", "route_order"),
    repairable=True,
    judge=judge,
)
