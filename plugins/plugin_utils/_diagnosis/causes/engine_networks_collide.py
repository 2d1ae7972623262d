# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""engine_networks_collide: two networks of engines on one parent assign the same addresses, or exclude each other."""

from __future__ import annotations

from itertools import combinations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.schema import EngineNetworkData
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis import engines
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import BY_HAND
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict


def judge(case: Case) -> CauseVerdict:
    beside = [
        (name, item) for name, item in engines.networks(case) if not item["user"] and engines.on_parent(case, item)
    ]
    for one, other in combinations(beside, 2):
        if _collide(one[1], other[1]):
            return case.suspected(
                f"the {engines.words(*one)} and the {engines.words(*other)} on {case.host} assign the same addresses:"
                " two containers can get one",
                [engines.item(case, *one), engines.item(case, *other)],
            )
    taken = [(name, item) for name, item in beside if name == case.network.engine and not engines.overlaps(case, item)]
    mine = [item for name, item in beside if name == case.network.engine and engines.overlaps(case, item)]
    if case.network.engine == "docker" and taken and not mine:
        return case.confirmed(
            f"docker allows one macvlan network for each parent, and the {engines.words(*taken[0])} has the one of"
            f" {case.network.name} on {case.host}",
            [engines.item(case, *taken[0])],
            remedy=f"remove the docker network {taken[0][1]['name']}, or give {case.network.name} another parent, such"
            " as a VLAN",
        )
    return case.ruled_out("no two networks of engines on this parent assign the same addresses")


def _collide(one: EngineNetworkData, other: EngineNetworkData) -> bool:
    pairs = ((engines.span(mine), engines.span(theirs)) for mine in one["pools"] for theirs in other["pools"])
    return any(mine and theirs and mine[0] <= theirs[1] and theirs[0] <= mine[1] for mine, theirs in pairs)


CAUSE = Cause(
    id="engine_networks_collide",
    rank=19,
    title="two engine networks on one parent",
    explanation="Each network of an engine assigns addresses by itself and knows nothing of others: where two on one"
    " parent assign the same ones, as those of Docker and Podman do, two containers get one address. Docker refuses a"
    " second macvlan network on a parent, so that the declared one cannot be created.",
    remedy="give each network on the parent an ip-range of its own, or remove one of them",
    signature="when a container of the second network starts",
    proof="the engines have two networks on this parent whose addresses overlap, or Docker has another one there and"
    " none of the declared subnet",
    must="D H",
    by=BY_HAND,
    needs=("after", "system.engines"),
    explains=("container_not_running",),
    judge=judge,
)
