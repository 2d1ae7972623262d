# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""container_elsewhere: a declared container runs on another host of the fleet."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import ip_of, parse_network, within
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.containers import about, guests, unplaced
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.fleet import segment_of
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import CONTAINER
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict, machine


def judge(case: Case) -> CauseVerdict:
    moved = {
        address: holder
        for address in unplaced(case)
        for holder in case.fleet.holding(case.segment, address)
        if holder.host != case.host and holder.namespace
    }
    arrived = guests(case)
    others = {item["address"] for item in case.after.containers}
    lost = about(case, {*(moved.keys() - others), *arrived}, case.broken())
    here = {address for address in arrived if any(item["target"] == address for item in lost)}
    if not moved and not here:
        return case.ruled_out(
            "no declared container of this host runs on another host of the inventory"
            if case.network.containers
            else "no container is declared by its address"
        )
    evidence = [
        *(case.item("container", f"{item} is on {one}, and declared on {case.host}") for item, one in moved.items()),
        *(case.item("container", f"{item} is here, and declared on {arrived[item]}") for item in sorted(here)),
    ]
    address = next(iter(moved), None) or min(here)
    holder = moved.get(address)
    declared, running = (case.host, holder.host) if holder is not None else (arrived[address], case.host)
    return case.confirmed(
        f"the container with {address} is declared on {declared} and runs on {running}",
        [*evidence[:5], *case.loss_items(lost)],
        case.first_loss(lost) if lost else None,
        machine(holder.mac, holder.host, holder.where) if holder is not None else None,
        remedy=f"move the container back to {declared}; or {_stay(case, address, running)} instead, and run"
        " linuxnet.macvlan.site on both hosts, whose routes differ",
    )


def _stay(case: Case, address: str, running: str) -> str:
    """What has to be declared for a container that stays where it runs: an address inside of that host's ranges."""
    declared = [item for item in case.fleet.hosts[running]["networks"] if segment_of(item) == case.segment]
    ranges = [text for item in declared for text in item["container_ranges"]]
    if any(within(ip_of(address), outer) for outer in map(parse_network, ranges) if outer is not None) or not ranges:
        return f"declare {address} in containers of {running}"
    return f"start it again on {running} with an address of its container_range, and declare that in containers there"


CAUSE = Cause(
    id="container_elsewhere",
    rank=13,
    title="a declared container runs on another host",
    explanation="The container was started on another host than its declaration says. It may answer all the same, over"
    " the network, but this host routes its address to its own parent's links, and the range of the other host does"
    " not contain it.",
    remedy="move the container back, or change the declaration",
    signature="from the moment when it moves",
    proof="the declared address is on a link of a container of another host, and on none of this host; also said of"
    " that other host where it loses what it sends there",
    must="D",
    by=CONTAINER,
    needs=("after",),
    explains=("stale_neighbour", "announcement_lost", "host_isolation"),
    everywhere=True,
    judge=judge,
)
