# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""dhcp_lease_lost: the lifetime of an address ended, because its lease was not renewed."""

from __future__ import annotations

import ipaddress

from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.timeline import AddressEvent
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case, bare
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.lifetime import expired
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import BY_HAND, CONTAINER, RemedyStep
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict


def judge(case: Case) -> CauseVerdict:
    ended = [event for event in case.address_events("delete", namespace=None) if expired(event)]
    lost = [event for event in ended if _is_ours(case, event) and _is_missed(case, event)]
    if not lost:
        return case.ruled_out("no address of the network reached the end of its lifetime during the watch")
    first = lost[0]
    address, inside = _address(first), first["namespace"]
    place = f"{first['link']} of {inside} on {case.host}" if inside else f"{first['link']} of {case.host}"
    hurt = [
        target
        for target in case.broken()
        for event in lost
        if target["target"] == _address(event) or target["from"]["namespace"] == event["namespace"]
    ]
    hurt = [target for number, target in enumerate(hurt) if target not in hurt[:number]]
    evidence = [case.event_item(event) for event in lost[:5]]
    asked = case.experiments.result("dhcp_ask")
    servers = [item["server"] for item in asked["servers"]] if asked else []
    if asked is not None:
        answer = f"answered by {', '.join(servers)}" if servers else "no answer"
        evidence.append(case.item("experiment", f"a DHCPDISCOVER: {answer}", case.parent_name))
    why = " (no DHCP server answers on the network)" if asked is not None and not servers else ""
    summary = f"the lease of {address} on {place} expired at +{first['after']:.1f} s without being renewed{why}"
    remedy = _remedy(first)
    # No engine starts what is the host's own.
    steps = [] if inside else [RemedyStep(BY_HAND, remedy)]
    if hurt:
        items = [*evidence, *case.loss_items(hurt)]
        return case.confirmed(summary, items, after=first["after"], remedy=remedy, steps=steps)
    return case.suspected(summary, evidence, after=first["after"], remedy=remedy, steps=steps)


def _address(event: AddressEvent) -> str:
    """Without the prefix length."""
    return bare(event["data"]["address"])


def _is_ours(case: Case, event: AddressEvent) -> bool:
    """An address of the network on the parent, on the host's link, or in a container."""
    if not case.inside(event["data"]["address"]):
        return False
    if not event["namespace"]:
        return event["link"] in (case.network.link, case.parent_name)
    snapshots = [case.after, *([case.before] if case.evidence["before"] else [])]
    return any(
        link["name"] == event["link"] and link["parent"] == case.parent_name and link["parent_namespace"] == ""
        for snapshot in snapshots
        for namespace in snapshot.namespaces
        if namespace.label == event["namespace"]
        for link in namespace.links
    )


def _is_missed(case: Case, event: AddressEvent) -> bool:
    """Whether the link exists and has no address of the network any more: temporary ones of IPv6 come and go."""
    namespace = case.after.namespace(event["namespace"]) if event["namespace"] else case.after.own
    if namespace is None or namespace.link(event["link"]) is None:
        return False
    version = ipaddress.ip_interface(event["data"]["address"]).version
    return not any(
        case.inside(item["address"]) and ipaddress.ip_interface(item["address"]).version == version
        for item in namespace.addresses(event["link"])
    )


def _remedy(event: AddressEvent) -> str:
    if event["namespace"]:
        return (
            "restart the daemon that renews the leases of containers (systemctl restart netavark-dhcp-proxy.socket for"
            " Podman, the daemon of the CNI plugin dhcp), then the container; or give it a fixed address"
        )
    return f"have a network manager renew the lease of {event['link']}, or give it a fixed address"


CAUSE = Cause(
    id="dhcp_lease_lost",
    rank=380,
    title="a DHCP lease expired",
    explanation="An address from a DHCP server has a lifetime, and the kernel removes it when that ends. The leases of"
    " containers on macvlan networks are renewed by a daemon on the host; if that has died, or the server no longer"
    " answers, the address disappears hours after everything worked.",
    remedy="restart the DHCP client or the container engine's DHCP daemon, or give the link a fixed address",
    signature="at the end of the lease: typically hours or a day after the last renewal",
    proof="the kernel's notification that it removed an address by itself, with no lifetime left, and the address did"
    " not come back",
    must="D",
    by=CONTAINER,
    needs=("watch", "after"),
    explains=("address_absent", "route_absent", "container_route_absent"),
    judge=judge,
)
