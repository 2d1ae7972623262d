# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""address_removed_by_other: a process removed an address or a route of the network."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from shlex import quote

from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.timeline import AddressEvent, RouteEvent
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case, bare
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import OF_LINK, Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.lifetime import expired
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.outages import SLACK, over
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import (
    APPLY,
    BY_HAND,
    RemedyStep,
    command,
)
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.snapshot import MAIN
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import UNKNOWN, CauseVerdict, whoever

#: What the kernel reports of an address or a route that is gone.
Removal = AddressEvent | RouteEvent

#: By the names of their processes, which the kernel cuts off.
MANAGERS = ("NetworkManager", "systemd-network")

FIND_OUT = "stop what removes it from configuring the link; nothing has to be restored now"


def judge(case: Case) -> CauseVerdict:
    ended = {event["what"] for event in case.address_events("delete") if expired(event)}
    removed = [
        event
        for event in removals(case)
        if is_ours(case, event) and still_gone(case, event) and not _by_itself(event, ended)
    ]
    if not removed:
        return _came_back(case, ended)
    first = removed[0]
    who = whoever(first)
    name = who["text"] if who["rule"] != UNKNOWN else "an unknown process"
    evidence = [*(case.event_item(event) for event in removed[:5]), *case.loss_items(case.broken())]
    return case.confirmed(
        f"{name} removed {what(first)} on {case.host} at +{first['after']:.1f} s",
        evidence,
        after=first["after"],
        culprit=who,
        remedy=_remedy(case, first),
        steps=_steps(case, first),
    )


def _came_back(case: Case, ended: set[str]) -> CauseVerdict:
    """What was removed for a while, and was missing long enough to be asked for; a renewal adds it at once again."""
    slack = SLACK + case.watch["interval"]
    gone = [
        event
        for event in removals(case)
        if is_ours(case, event) and not _by_itself(event, ended) and not _with_link(case, event)
    ]
    absent = [(event, end) for event in gone for end in [_added(case, event)] if end is not None]
    absent = [(event, end) for event, end in absent if end - event["after"] >= case.watch["interval"]]
    hurt = [
        item
        for item in case.broken()
        if item["kind"] in OF_LINK
        and any(
            event["after"] - slack <= loss[0] <= end + slack and over(case, loss, end)
            for event, end in absent
            for loss in item["losses"]
        )
    ]
    if not hurt:
        return case.ruled_out("no address and no route of the network was removed during the watch, or it is back")
    first = absent[0][0]
    who = whoever(first)
    name = who["text"] if who["rule"] != UNKNOWN else "an unknown process"
    return case.confirmed(
        f"{name} removed {what(first)} on {case.host} at +{first['after']:.1f} s, and it was added again",
        [*(case.event_item(event) for event, dummy in absent[:5]), *case.loss_items(hurt)],
        after=first["after"],
        culprit=who,
        remedy=FIND_OUT,
        steps=[RemedyStep(BY_HAND, FIND_OUT)],
    )


def _with_link(case: Case, event: Removal) -> bool:
    """Whether it went with its link, which is another cause."""
    return any(abs(other["after"] - event["after"]) <= SLACK for other in case.link_events("delete", event["link"]))


def _added(case: Case, event: Removal) -> float | None:
    """When an address or a route was added again; None where it was not."""
    key = "address" if event["kind"] == "address" else "destination"
    data: Mapping[str, object] = event["data"]
    for other in case.events("new"):
        found: Mapping[str, object] = other["data"]
        same = (other["kind"], other["link"]) == (event["kind"], event["link"]) and found.get(key) == data[key]
        if same and other["after"] > event["after"]:
            return other["after"]
    return None


def removals(case: Case) -> list[Removal]:
    """Of addresses and routes, in their order."""
    return [event for event in case.events("delete") if event["kind"] == "address" or event["kind"] == "route"]


def is_ours(case: Case, event: Removal) -> bool:
    """An address of the network on parent or link, or a route over the link to its containers."""
    if event["kind"] == "address":
        return event["link"] in (case.network.link, case.parent_name) and case.inside(event["data"]["address"])
    destination = event["data"]["destination"]
    if event["link"] != case.network.link or event["data"]["table"] != MAIN:
        return False
    return destination not in ("0.0.0.0/0", "::/0", "default") and case.inside(bare(destination))


def _by_itself(event: Removal, ended: set[str]) -> bool:
    """Whether the lifetime of an address, or of the one that a route needs, ended."""
    return expired(event) if event["kind"] == "address" else event["data"].get("with") in ended


def still_gone(case: Case, event: Removal) -> bool:
    """A renewal removes and adds; what is there again at the end was not removed for good."""
    own, link = case.after.own, event["link"]
    if own.link(link) is None:
        return False
    if event["kind"] == "address":
        address = ipaddress.ip_interface(event["data"]["address"]).ip
        return all(ipaddress.ip_interface(item["address"]).ip != address for item in own.addresses(link))
    destination = event["data"]["destination"]
    return all(route["destination"] != destination for route in own.routes(link))


def what(event: Removal) -> str:
    removed = event["data"]["address"] if event["kind"] == "address" else event["data"]["destination"]
    return f"the {event['kind']} {removed} from {event['link']}"


def _remedy(case: Case, event: Removal) -> str:
    name = event["process"]["name"] if event["process"] else ""
    if event["link"] == case.parent_name:
        keep = f"the configuration of {event['link']} in {name}" if name in MANAGERS else "what configures it"
        return f"{_add(event)}, and add it to {keep}, or it is removed again"
    if name == "NetworkManager":
        return (
            "run linuxnet.macvlan.site, which excludes the link from NetworkManager (its role nm_exclusion) and"
            " restores it; or set macvlan_persistence: networkmanager before"
        )
    if name.startswith("systemd-network"):
        return (
            "run linuxnet.macvlan.site, with macvlan_persistence: auto or networkd, so that systemd-networkd itself"
            " owns the link"
        )
    return ""


def _steps(case: Case, event: Removal) -> list[RemedyStep]:
    """What is the parent's own is no part of the declaration, which is re-applied to the link alone."""
    return [command(_add(event))] if event["link"] == case.parent_name else []


def _add(event: Removal) -> str:
    if event["kind"] == "address":
        return f"ip address replace {quote(event['data']['address'])} dev {quote(str(event['link']))}"
    return f"ip route replace {quote(event['data']['destination'])} dev {quote(str(event['link']))}"


CAUSE = Cause(
    id="address_removed_by_other",
    rank=60,
    title="a process removed the link's address or routes",
    explanation="A network manager, a script or a person removed an address or a route that the link needs. Network"
    " managers do so when they activate a profile again, restart or reload: they remove what they have not configured"
    " themselves.",
    remedy="stop that process from configuring the link, then run linuxnet.macvlan.site to restore it",
    signature="when the manager acts: nmcli connection up, a restart, an upgrade, a cable that is plugged in",
    proof="the kernel's notification that the address or route was deleted, with the process that asked for it",
    must="D with culprit",
    by=APPLY,
    needs=("watch", "after"),
    explains=("host_isolation", "not_persistent", "route_order", "address_absent", "announcement_lost", "route_absent"),
    breaks=OF_LINK,
    judge=judge,
)
