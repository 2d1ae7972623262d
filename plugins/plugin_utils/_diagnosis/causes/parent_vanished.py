# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""parent_vanished: the parent is gone, and the kernel removed all its macvlan links with it."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.timeline import LinkEvent
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import (
    APPLY,
    CONTAINER,
    RemedyStep,
    apply,
)
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.report_data import Culprit
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import (
    MANAGER,
    UNKNOWN,
    CauseVerdict,
    whoever,
)

NETWORKMANAGER = "NetworkManager"
#: Seconds between the kernel's notification that a link is gone and NetworkManager's that it removed it.
TOGETHER = 1.0


def judge(case: Case) -> CauseVerdict:
    if case.after.parent is not None:
        if case.before.parent is not None and case.before.parent["index"] != case.after.parent["index"]:
            return _came_back(case)
        return case.ruled_out(f"the parent {case.parent_name} exists")
    gone = case.link_events("delete", link=case.parent_name)
    evidence = [case.item("parent", case.after.scope["parent_problem"], case.parent_name)]
    evidence += [case.event_item(event) for event in gone[:1]]
    taken = [event for event in case.link_events("delete", namespace=None) if event["link"] != case.parent_name]
    evidence += [case.event_item(event) for event in taken[:5]]
    if not gone and case.before.parent is None:
        return case.confirmed(
            f"the parent {case.parent_name} of {case.network.name} does not exist on {case.host}, so no macvlan link"
            " can",
            evidence,
            steps=_steps(case),
        )
    after = gone[0]["after"] if gone else case.first_loss()
    who = _remover(case, gone)
    when = f" at +{after:.1f} s" if after is not None else ""
    by = f", removed by {who['text']}" if who and who["rule"] != UNKNOWN else ""
    return case.confirmed(
        f"the parent {case.parent_name} vanished from {case.host}{when}{by}, and its macvlan links with it",
        [*evidence, *case.loss_items(case.broken())],
        after=after,
        culprit=who,
        steps=_steps(case),
    )


def _steps(case: Case) -> list[RemedyStep]:
    """The links of containers went with the parent, and only their engine creates them again."""
    snapshots = [case.before, case.after]
    spaces = dict.fromkeys(item["namespace"] for snapshot in snapshots for item in snapshot.containers)
    return [apply(), *(RemedyStep(CONTAINER, "restart the containers", namespace=space) for space in spaces)]


def _came_back(case: Case) -> CauseVerdict:
    gone = case.link_events("delete", link=case.parent_name)
    evidence = [case.event_item(event) for event in gone[:1]]
    evidence.append(case.item("parent", f"{case.parent_name} is another device than at the start", case.parent_name))
    after = gone[0]["after"] if gone else None
    when = f" at +{after:.1f} s" if after is not None else ""
    summary = f"the parent {case.parent_name} of {case.host} was removed and created again{when}"
    if case.broken():
        who = _remover(case, gone)
        lost = case.loss_items(case.broken())
        return case.confirmed(summary, [*evidence, *lost], after=after, culprit=who, steps=_steps(case))
    return case.ruled_out(f"{summary}, and everything came back", evidence)


def _remover(case: Case, gone: list[LinkEvent]) -> Culprit | None:
    """Who removed the parent: NetworkManager reports it if it did, and the kernel does not report who asked."""
    if not gone:
        return None
    asked = [
        event
        for event in case.manager_events(case.parent_name)
        if event["action"] == "change"
        and (event["data"]["manager"], event["data"].get("reason")) == (NETWORKMANAGER, "user-requested")
        and abs(event["after"] - gone[0]["after"]) <= TOGETHER
    ]
    if asked:
        unit = f"{NETWORKMANAGER}.service"
        return {
            "name": NETWORKMANAGER,
            "unit": unit,
            "text": f"{NETWORKMANAGER} ({unit}), on request of a user",
            "rule": MANAGER,
        }
    return whoever(gone[0])


CAUSE = Cause(
    id="parent_vanished",
    rank=70,
    title="the parent interface is gone",
    explanation="A macvlan link depends on its parent. When the parent is unregistered (a USB adapter, a driver that is"
    " reloaded, a VLAN or bond that is created again) the kernel deletes all its macvlan links with it, those of"
    " containers too, and they do not come back by themselves.",
    remedy="restore the interface, or correct parent in macvlan_networks, run linuxnet.macvlan.site, and restart the"
    " containers",
    signature="when the parent is removed",
    proof="the kernel's notifications that parent and links were deleted, or a declared parent that does not exist",
    must="P D",
    by=APPLY,
    needs=("before", "after"),
    explains=(
        "host_isolation",
        "address_removed_by_other",
        "not_persistent",
        "route_order",
        "carrier_loss_drops_config",
        "boot_order",
        "foreign_default_route",
        "link_absent",
        "address_absent",
        "route_absent",
        "no_carrier",
        "parent_down",
        "link_down",
        "port_flaps",
        "gateway_dead",
    ),
    everywhere=True,
    closes_parent=True,
    judge=judge,
)
