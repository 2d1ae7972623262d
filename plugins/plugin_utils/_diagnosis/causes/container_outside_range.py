# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""container_outside_range: a container has an address that no declared range and no list of containers contains."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.schema import ContainerData
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.kinds import HOST_TO_CONTAINER
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.timeline import TargetData
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case, since
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import BEYOND_PARENT, Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.containers import guests
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import BY_HAND, DECLARE, RemedyStep
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict, EvidenceItem

#: What a range is declared for is refused outside of it.
INTO_RANGE = (
    "create the engine's network with the container_range as its ip-range and start the container again, or give it an"
    " address of that range (docker run --ip)"
)


def judge(case: Case) -> CauseVerdict:
    # What another host declares has moved, which is container_elsewhere.
    link, moved = case.network.link, guests(case)
    strays = {item["address"]: item for item in case.after.scope["strays"] if item["address"] not in moved}
    if not strays:
        return case.ruled_out("every container has an address that is declared for containers of this host")
    if link is None or case.after.shim is None:
        return case.ruled_out("the host has no link of its own to reach containers by")
    asked = [item for item in case.targets(HOST_TO_CONTAINER) if item["target"] in strays]
    lost = [item for item in case.broken(HOST_TO_CONTAINER) if item["target"] in strays and _astray(case, item)]
    if not lost:
        return case.ruled_out("the containers outside of what is declared answer the host", case.answer_items(asked))
    found = [strays[item["target"]] for item in lost]
    remedy, steps = _remedy(case, [item["address"] for item in found])
    names = ", ".join(f"{item['address']} ({item['namespace']})" for item in found[:5])
    return case.confirmed(
        f"{names} on {case.host} {'is' if len(found) == 1 else 'are'} outside of {declared(case)}:"
        f" no route over {link} leads there{since(case.first_loss(lost))}",
        [*(_item(case, item) for item in found[:3]), *case.loss_items(lost)],
        case.first_loss(lost),
        remedy=remedy,
        steps=steps,
    )


def _remedy(case: Case, addresses: list[str]) -> tuple[str, list[RemedyStep]]:
    if case.network.ranges:
        return INTO_RANGE, [RemedyStep(BY_HAND, INTO_RANGE)]
    add = f"add {', '.join(addresses)} to containers"
    values = {"containers": [*map(str, case.network.containers), *addresses]}
    return f"{add} in macvlan_networks, and run linuxnet.macvlan.site", [RemedyStep(DECLARE, add, values=values)]


def _astray(case: Case, target: TargetData) -> bool:
    path = case.after.own.path(target["target"])
    return path is None or path["link"] != case.network.link


def declared(case: Case) -> str:
    """What is declared for containers, in words."""
    ranges = ", ".join(map(str, case.network.ranges))
    listed = ", ".join(map(str, case.network.containers[:5]))
    parts = (ranges and f"container_range {ranges}", listed and f"containers {listed}")
    return " and ".join(filter(None, parts))


def _item(case: Case, container: ContainerData) -> EvidenceItem:
    path = case.after.own.path(container["address"])
    route = f", and the kernel sends it out of {path['link']}" if path and path["link"] else ""
    text = f"{container['address']} is on {container['link']}, a macvlan link of {case.parent_name}{route}"
    return case.item("container", text, container["link"], container["namespace"])


CAUSE = Cause(
    id="container_outside_range",
    rank=18,
    title="a container's address is outside of what is declared",
    explanation="The host routes the declared container_range and the declared containers over its own link. A"
    " container with another address of the subnet reaches the LAN, but the host sends packets for it out of the"
    " parent, which never delivers them. An engine's network without ip-range assigns addresses from the bottom of the"
    " subnet.",
    remedy="create the engine's network with the container_range as its ip-range and start the container again, or"
    " give it an address of that range; where no range is declared, add its address to containers in macvlan_networks",
    signature="from the start, for some containers alone",
    proof="a macvlan link of the parent has an address of the subnet that lies in no declared range and is no declared"
    " container, no route over the host's link leads to it, and pings to it are lost",
    must="D",
    by=BY_HAND,
    needs=("watch", "after"),
    breaks=BEYOND_PARENT,
    judge=judge,
)
