# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""container_route_absent: a container has no route to its own network."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.containers import container_links
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import CONTAINER, RemedyStep
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict


def judge(case: Case) -> CauseVerdict:
    for item in container_links(case):
        lost = item.targets(case.broken())
        name, namespace = item.link["name"], item.space.label
        bad = [path for path in item.space.paths if path["error"] or (not path["local"] and path["link"] != name)]
        if not lost or not bad:
            continue
        deleted = [
            event
            for event in case.events("delete", name, namespace)
            if event["kind"] == "route" and event["data"]["table"] != LOCAL
        ]
        after = deleted[0]["after"] if deleted else case.first_loss(lost)
        said = bad[0]["error"] or f"out of {bad[0]['link'] or 'no link'}"
        return case.confirmed(
            f"the container in {namespace} on {case.host} has no route over {name} to {bad[0]['target']}",
            [
                *(
                    case.item("route lookup", f"{path['target']}: {path['error'] or said}", name, namespace)
                    for path in bad[:3]
                ),
                *map(case.event_item, deleted[:3]),
                *case.loss_items(lost),
            ],
            after,
            steps=[RemedyStep(CONTAINER, "restart the container", namespace=namespace)],
        )
    return case.ruled_out("the containers that do not answer have routes to the network over their links")


#: The routing table local (RT_TABLE_LOCAL).
LOCAL = 255

CAUSE = Cause(
    id="container_route_absent",
    rank=15,
    title="a container has no route to its network",
    explanation="The kernel routes inside each container's namespace by that namespace's own table. Without a route to"
    " the network's subnet over its link, a container can neither ask nor answer, though its link and address are"
    " there.",
    remedy="restart the container, whose engine then adds its routes, and keep what runs inside from changing them",
    signature="for one container alone",
    proof="the kernel's route lookup in the container's namespace fails or leads elsewhere, and probes to or from the"
    " container are lost",
    must="D",
    by=CONTAINER,
    needs=("watch", "before", "after"),
    explains=("stale_neighbour", "announcement_lost", "container_default_route"),
    everywhere=True,
    judge=judge,
)
