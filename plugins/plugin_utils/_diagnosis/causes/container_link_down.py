# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""container_link_down: the link of a container is set down in its own namespace."""

from __future__ import annotations

from shlex import quote

from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.schema import LinkData
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.lost import is_lost
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.containers import (
    container_links,
    deletions,
    empty_links,
)
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.outages import (
    events_of,
    lost_during,
    outages,
    recovers,
)
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import BY_HAND, CONTAINER, RemedyStep
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.snapshot import NamespaceView
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict, whoever

FIND_OUT = "find out what set it down or restarted the container (the engine's log); nothing has to be restored now"


def judge(case: Case) -> CauseVerdict:
    down = [(item, item.targets(case.broken())) for item in container_links(case) if not item.link["up"]]
    hurt = [(item, lost) for item, lost in down if lost]
    if not hurt:
        return _without_address(case) or _passed(case)
    item = hurt[0][0]
    name, namespace = item.link["name"], item.space.label
    events = case.link_events("change", name, namespace)
    events = [event for event in events if event["data"].get("changed", {}).get("up") == [True, False]][-1:]
    after = events[0]["after"] if events else None
    who = whoever(events[0]) if events else None
    when = f" at +{after:.1f} s" if after is not None else ""
    names = ", ".join(one.where for one, _lost in hurt[:5])
    return case.confirmed(
        f"the link of {len(hurt)} container{'s' if len(hurt) > 1 else ''} on {case.host} is down: {names}{when}",
        [
            *(
                case.item("link", f"{one.link['name']} is down", one.link["name"], one.space.label)
                for one, _lost in hurt
            ),
            *map(case.event_item, events),
            *case.loss_items([target for _one, targets in hurt for target in targets]),
        ],
        after,
        who,
        remedy=f"restart the container, or: {item.space.enter}ip link set {quote(name)} up (its routes went as well)",
        steps=[RemedyStep(CONTAINER, "restart the container", namespace=one.space.label) for one, _lost in hurt],
    )


def _without_address(case: Case) -> CauseVerdict | None:
    """The kernel removes IPv6 addresses with the link, and nothing can be asked then of what was there.

    Somebody may ask for an address that a container should have and nothing has: the only link that is down and has no
    address is that container's. Otherwise it counts where it was so before the watch and after it: no container that
    is being started keeps its link down for so long.
    """
    down = [(space, link) for space, link in empty_links(case) if not link["up"]]
    asked = [
        item
        for item in case.requested()
        if is_lost(item) and case.claims(item["target"]) and not case.fleet.holding(case.segment, item["target"])
    ]
    if len(down) != 1 or not asked:
        asked, down = [], _lastingly(case, down)
    if not down:
        return None
    (space, link), more = down[0], f" (and {len(down) - 1} more)" if len(down) > 1 else ""
    missed = f", and nothing has {asked[0]['target']}" if asked else ", so nothing could be asked of it"
    restart = "restart the container"
    return case.confirmed(
        f"{link['name']} in {space.label} on {case.host} is down and has no address{more}{missed}",
        [
            *(
                case.item("link", f"{one['name']} is down and has no address", one["name"], where.label)
                for where, one in down[:5]
            ),
            *case.loss_items(asked),
        ],
        remedy=f"{restart}, whose engine then sets its link up, with its address",
        steps=[RemedyStep(CONTAINER, restart, namespace=where.label) for where, dummy in down],
    )


def _lastingly(case: Case, down: list[tuple[NamespaceView, LinkData]]) -> list[tuple[NamespaceView, LinkData]]:
    """Those that were down and without address when the watch began, too."""
    if case.lacks("before"):
        return []
    before = {
        (space.label, link["name"], link["index"]) for space, link in empty_links(case, case.before) if not link["up"]
    }
    return [(space, link) for space, link in down if (space.label, link["name"], link["index"]) in before]


def _passed(case: Case) -> CauseVerdict:
    """Links that were down during the watch, and are up again or were created anew."""
    for item in container_links(case):
        name, label = item.link["name"], item.space.label
        found = outages(case, "up", name, label)
        hurt = lost_during(case, found, item.targets(case.broken()))
        # What is lost from then on has another cause: the container's new MAC address that nobody knows, or its routes.
        if not found or not hurt or not all(recovers(case, one, found[-1]) for one in hurt):
            continue
        # One that has lost its address is often restarted then: container_address_wrong.
        if any(event["after"] < found[0].start for event in deletions(case, item)):
            continue
        who = whoever(found[0].begun_by)
        return case.confirmed(
            f"the link of {label} on {case.host} was set down at +{found[0].start:.1f} s, and is up again",
            [*map(case.event_item, events_of(found)[:4]), *case.loss_items(hurt)],
            found[0].start,
            who,
            remedy=FIND_OUT,
            steps=[RemedyStep(BY_HAND, FIND_OUT)],
        )
    return case.ruled_out("the links of the containers that do not answer are up, and were all the time")


CAUSE = Cause(
    id="container_link_down",
    rank=11,
    title="a container's own link is set down",
    explanation="Inside the container its network link is administratively down: somebody set it down there, or its"
    " program did. The kernel removed its routes at the same time. Host and network are as they should be.",
    remedy="restart the container: the engine then sets its link up, with its address and routes",
    signature="for one container alone",
    proof="the flags of the link in the container's namespace lack IFF_UP, and probes to or from it are lost",
    must="D",
    by=CONTAINER,
    needs=("watch", "before", "after"),
    explains=(
        "container_address_wrong",
        "container_route_absent",
        "stale_neighbour",
        "announcement_lost",
        "container_default_route",
    ),
    everywhere=True,
    judge=judge,
)
