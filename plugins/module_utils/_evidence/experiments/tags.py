# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""In which VLAN do the frames of this network arrive? Listens on the parent for ARP. Sends nothing."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address, within
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.bpf import JUMP_EQUAL, LOAD_HALF, assemble
from ansible_collections.linuxnet.macvlan.plugins.module_utils._wire.frames import ETH_P_ARP, Arp, Frame, parse

from .frames import arriving
from .model import Context, Experiment, silence
from .results import TagsResult, VlanSeen

#: Seconds, frames that are read, and examples that are kept for each VLAN.
SECONDS, FRAMES_MAX, EXAMPLES = 1.5, 5000, 3


def _why_not(context: Context) -> str:
    parent = context.scope.parent
    if parent is None:
        return context.scope.parent_problem
    if not any(subnet.version == 4 for subnet in context.network.subnets):
        return "the network has no IPv4, and no ARP"
    if parent.kind == "vlan":
        return f"{parent.name} is in a VLAN itself"
    return silence(parent)


def _run(context: Context) -> TagsResult:
    """Only broadcasts from the network that name an address of the declared subnets count."""
    parent = context.scope.parent
    seen: dict[int, VlanSeen] = {}
    only_arp = assemble([(LOAD_HALF, 12, "", ""), (JUMP_EQUAL, ETH_P_ARP, "accept", "reject")])
    for arrived in arriving(parent.name, only_arp, SECONDS, FRAMES_MAX) if parent else ():
        frame = parse(arrived.data) if arrived.to_a_group else None
        named = [] if frame is None else _named(frame)
        inside = [item for item in named if any(within(item, subnet) for subnet in context.network.subnets)]
        if frame is not None and inside:
            one = seen.setdefault(arrived.vlan, {"id": arrived.vlan, "frames": 0, "examples": []})
            one["frames"] += 1
            text = f"{frame.source} about {inside[0]}"
            if text not in one["examples"] and len(one["examples"]) < EXAMPLES:
                one["examples"].append(text)
    return {"seconds": SECONDS, "vlans": sorted(seen.values(), key=lambda item: item["id"])}


def _named(frame: Frame) -> list[Address]:
    """The addresses that a frame is about: the sender's own first, where it has one."""
    return [frame.body.spa, frame.body.tpa] if isinstance(frame.body, Arp) else []


EXPERIMENT = Experiment(
    id="tags",
    sends=f"nothing: it listens on the parent for {SECONDS:g} seconds to ARP",
    run=_run,
    why_not=_why_not,
    listens=True,
)
