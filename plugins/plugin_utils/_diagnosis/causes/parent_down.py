# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""parent_down: the parent is set down, and all its macvlan links lose their carrier with it."""

from __future__ import annotations

from shlex import quote

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.outages import (
    again,
    events_of,
    lasting,
    lost_during,
    outages,
)
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import (
    BY_HAND,
    RemedyStep,
    apply,
    command,
)
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import (
    CauseVerdict,
    requester,
    whoever,
)


def judge(case: Case) -> CauseVerdict:
    parent = case.after.parent
    if parent is None:
        return case.ruled_out(f"the parent {case.parent_name} does not exist")
    name = parent["name"]
    found = outages(case, "up", name)
    events = events_of(found)
    known = requester(found[0].begun_by) if found else None
    by = f" by {known['text']}" if known else ""
    who = whoever(found[0].begun_by) if found else None
    if not parent["up"]:
        after = lasting(found)
        when = f" at +{after:.1f} s{again(found)}" if after is not None else ""
        return case.confirmed(
            f"the parent {name} of {case.host} {'was set' if when else 'is'} down{when}{by if when else ''}, and no"
            " frame passes it",
            [
                case.item("parent", f"{name} is down", name),
                *map(case.event_item, events[-4:]),
                *case.loss_items(case.broken()),
            ],
            found[0].start if when else None,
            who if when else None,
            remedy=f"find out who set it down; then ip link set {quote(name)} up, or have the manager that configures"
            f" {name} do it, as its own addresses and routes went as well; then run linuxnet.macvlan.site",
            steps=[
                command(f"ip link set {quote(name)} up"),
                RemedyStep(BY_HAND, "its own addresses and routes"),
                apply(),
            ],
        )
    hurt = lost_during(case, found, case.broken()) if found else []
    if not hurt:
        return case.ruled_out(f"{name} is up")
    return case.confirmed(
        f"the parent {name} of {case.host} was set down at +{found[0].start:.1f} s{by}, and is up again",
        [*map(case.event_item, events[:4]), *case.loss_items(hurt)],
        found[0].start,
        who,
        remedy=f"find out who set {name} down; run linuxnet.macvlan.site where routes over it are missing now",
        steps=[apply()],
    )


CAUSE = Cause(
    id="parent_down",
    rank=1,
    title="the parent is set down",
    explanation="A macvlan link sends and receives through its parent. While the parent is administratively down, no"
    " frame passes, and all its macvlan links report that their lower layer is down. The kernel removes the parent's"
    " routes and IPv6 addresses at that moment.",
    remedy="set the parent up again, by the manager that configures it",
    signature="from the moment when it is set down, for everything on this parent",
    proof="the parent's flags lack IFF_UP; the kernel's notification of the change where the watch saw it",
    must="D",
    by=BY_HAND,
    needs=("watch", "after"),
    explains=(
        "address_absent",
        "address_removed_by_other",
        "announcement_lost",
        "carrier_loss_drops_config",
        "foreign_default_route",
        "gateway_dead",
        "host_isolation",
        "mac_filtering_upstream",
        "mac_limit_after_ageing",
        "no_carrier",
        "port_flaps",
        "route_absent",
        "route_order",
        "stale_neighbour",
        "two_uplinks_one_subnet",
        "vlan_mismatch",
        "wrong_parent",
    ),
    everywhere=True,
    closes_parent=True,
    judge=judge,
)
