# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""address_belongs_to_host: a container has an address that the host has too."""

from __future__ import annotations

import ipaddress

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case, bare
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict


def judge(case: Case) -> CauseVerdict:
    own = {
        str(ipaddress.ip_interface(item["address"]).ip): item["link"]
        for item in case.after.own.addresses()
        if case.inside(item["address"])
    }
    containers = [*case.after.containers, *case.after.scope["strays"]]
    shared = [item for item in containers if item["namespace"] and item["address"] in own]
    if not shared:
        return case.ruled_out("no container has an address of the host")
    first = shared[0]
    address, link = first["address"], own[first["address"]]
    evidence = []
    for item in shared[:5]:
        name = own[item["address"]]
        evidence.append(case.item("address", f"{name} of the host has {item['address']}", name))
        text = f"{item['link']} of the container has {item['address']}"
        evidence.append(case.item("address", text, item["link"], item["namespace"]))
    added = [
        event
        for event in case.events("address", "new", namespace=None)
        if bare((event.get("data") or {}).get("address", "")) == address
    ]
    evidence += [case.event_item(event) for event in added[:1]]
    return case.confirmed(
        f"the container in {first['namespace']} has {address}, which {case.host} itself has on {link}: the host sends"
        " its packets for the container to itself",
        evidence,
        after=added[0]["after"] if added else None,
        culprit={"mac": first["mac"], "host": case.host, "vendor": None, "text": f"namespace {first['namespace']}"},
        remedy=f"give the container another address, or take {address} from {link} (ip address delete {address} dev"
        f" {link})",
    )


CAUSE = Cause(
    id="address_belongs_to_host",
    rank=180,
    title="a container has an address of its own host",
    explanation="The kernel delivers packets for its own addresses to itself and never to a link, so the host cannot"
    " reach the container. No duplicate address detection notices it, because host and container do not hear each"
    " other; for the LAN two MAC addresses answer for the address.",
    remedy="give the container or the host another address",
    signature="at once and always",
    proof="the address on a link of the host and on a container's link",
    must="R D",
    needs=("after",),
    judge=judge,
)
