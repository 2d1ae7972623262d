# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""address_belongs_to_host: a container has an address that the host itself has."""

from __future__ import annotations

from shlex import quote

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import ip_of
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case, bare
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import DECLARE, SOON, command
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import MAC_ADDRESS, CauseVerdict

#: Of others that sent packets for the address to the wrong one of the two.
FORGET = f"neighbours that knew it there find the right one {SOON}"


def judge(case: Case) -> CauseVerdict:
    own = {
        str(ip_of(item["address"])): item["link"] or ""
        for item in case.after.own.addresses()
        if case.inside(item["address"])
    }
    shared = [item for item in case.after.found if item["namespace"] and item["address"] in own]
    if not shared:
        return case.ruled_out("no container has an address of the host")
    first = shared[0]
    address, link = first["address"], own[first["address"]]
    evidence = []
    for item in shared[:5]:
        name = own[item["address"]]
        evidence.append(case.item("address", f"{name} on the host has {item['address']}", name))
        text = f"{item['link']} in the container has {item['address']}"
        evidence.append(case.item("address", text, item["link"], item["namespace"]))
    added = [event for event in case.address_events("new", namespace=None) if bare(event["data"]["address"]) == address]
    evidence += [case.event_item(event) for event in added[:1]]
    # Taking away what the host had first would cut it off.
    late = bool(added) and not added[0]["namespace"]
    inside = case.after.namespace(first["namespace"])
    place = "" if late or inside is None else inside.enter
    delete = f"{place}ip address delete {quote(address)} dev {quote(str(link if late else first['link']))}"
    return case.confirmed(
        f"the container in {first['namespace']} has {address}, which {case.host} itself has on {link}: the host"
        " delivers its packets for the container to itself",
        evidence,
        after=added[0]["after"] if added else None,
        culprit={
            "mac": first["mac"],
            "host": case.host,
            "text": f"namespace {first['namespace']}",
            "rule": MAC_ADDRESS,
        },
        remedy=f"{delete}, as the container had it before; {FORGET}"
        if late
        else f"give the container in {first['namespace']} another address, as {address} is the host's own; until then:"
        f" {delete}; {FORGET}",
        steps=[command(delete)],
    )


CAUSE = Cause(
    id="address_belongs_to_host",
    rank=180,
    title="a container has an address of its own host",
    explanation="The kernel delivers packets for its own addresses locally and never sends them out, so the host cannot"
    " reach the container. Duplicate address detection does not notice it, because host and container do not receive"
    " each other's frames. On the LAN two MAC addresses answer for the address.",
    remedy="give the container or the host another address",
    signature="from the start, all the time",
    proof="a link of the host and a container's link have the same address",
    must="R D",
    by=DECLARE,
    needs=("after",),
    judge=judge,
)
