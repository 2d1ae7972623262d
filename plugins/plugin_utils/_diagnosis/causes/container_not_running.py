# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""container_not_running: nothing has a declared container's address."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.kinds import HOST_TO_CONTAINER
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.lost import is_lost
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis import engines
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case, bare
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.containers import (
    about,
    empty_links,
    unplaced,
)
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import CONTAINER
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict

#: Links of virtual machines: the address is inside the guest, where nobody can look.
MACVTAP = "macvtap"


def judge(case: Case) -> CauseVerdict:
    if not case.network.containers:
        return case.ruled_out("no container is declared by its address")
    absent = [item for item in unplaced(case) if not case.fleet.holding(case.segment, item)]
    targets = [item for item in case.targets(HOST_TO_CONTAINER) if item["target"] in absent and item["sent"]]
    lost = [item for item in targets if is_lost(item)]
    silent = list(dict.fromkeys(item["target"] for item in lost))
    if not silent:
        return case.ruled_out("every declared container is there, or answers")
    parent = case.parent_name
    evidence = [case.item("container", f"no link on {parent} has {item}", parent) for item in silent]
    reasons = _reasons(case, silent)
    evidence += [case.item("engine", text) for text in reasons[:5]]
    deleted = case.address_events("delete", namespace=None)
    gone = [event for event in deleted if bare(event["data"]["address"]) in silent]
    beside = [item for item in about(case, silent, case.broken()) if item not in lost]
    evidence += [*map(case.event_item, gone[:3]), *case.loss_items([*lost, *beside])]
    names = ", ".join(silent[:5])
    if case.after.data["unseen_namespaces"] or _guests(case) or empty_links(case):
        return case.suspected(
            f"no container on {case.host} has the declared address {names}, as far as its namespaces can be seen",
            evidence,
        )
    after = gone[0]["after"] if gone else case.first_loss(lost)
    why = f": {reasons[0]}" if reasons else ""
    return case.confirmed(
        f"no container with the declared address {names} runs on {case.host}, nor anywhere else in the fleet{why}",
        evidence,
        after,
    )


def _reasons(case: Case, addresses: list[str]) -> list[str]:
    """Why those do not run of which an engine knows it, in its words."""
    if case.lacks("system.engines"):
        return []
    known = [found for found in (engines.stopped(case, item) for item in addresses) if found]
    return [f"{name} says that {engines.why_stopped(container)}" for name, container in known]


def _guests(case: Case) -> bool:
    return any(link["kind"] == MACVTAP and link["parent"] == case.parent_name for link in case.after.own.links)


CAUSE = Cause(
    id="container_not_running",
    rank=12,
    title="a declared container does not run",
    explanation="The declaration names the address of a container, and no link on the host, or on another host of the"
    " fleet, has it: the container was stopped, has ended, or was never started.",
    remedy="start the container and read its log, or take its address out of containers in macvlan_networks",
    signature="from the moment when it ends, for one container alone",
    proof="no network namespace of the host has a link on the parent with the declared address, no other host of the"
    " inventory has it, and nothing answers",
    must="D",
    by=CONTAINER,
    needs=("watch", "after"),
    explains=("stale_neighbour", "announcement_lost"),
    everywhere=True,
    judge=judge,
)
