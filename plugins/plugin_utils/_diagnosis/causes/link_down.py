# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""link_down: the host's macvlan link is set down."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import OF_HOST, Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.outages import (
    Outage,
    again,
    events_of,
    lasting,
    lost_during,
    outages,
    recovers,
)
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import APPLY, BY_HAND, RemedyStep
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import (
    CauseVerdict,
    requester,
    whoever,
)

FIND_OUT = "find out who set it down; nothing has to be restored now"


def judge(case: Case) -> CauseVerdict:
    link = case.after.shim
    if link is None:
        return case.ruled_out("the host has no link of the network that could be down")
    name = link["name"]
    found = [item for item in outages(case, "up", name) if not _deleted(case, name, item)]
    events = events_of(found)
    known = requester(found[-1].begun_by) if found else None
    by = f" by {known['text']}" if known else ""
    who = whoever(found[-1].begun_by) if found else None
    if not link["up"]:
        after = lasting(found)
        when = f" at +{after:.1f} s{again(found)}" if after is not None else ""
        summary = f"{name} of {case.host} {'was set' if when else 'is'} down{when}{by if when else ''}"
        evidence = [case.item("link", f"{name} is down", name), *map(case.event_item, events[-4:])]
        return case.confirmed(
            f"{summary}, and the kernel flushed its routes",
            [*evidence, *case.loss_items(case.broken())],
            found[0].start if when else None,
            who if when else None,
            # ip link set up alone does not bring its routes back
            remedy="find out who set it down, then run linuxnet.macvlan.site",
        )
    hurt = lost_during(case, found, case.broken()) if found else []
    if not hurt or not all(recovers(case, item, found[-1]) for item in hurt):
        return case.ruled_out(f"{name} is up" + (", also again after it was down" if found else ""))
    return case.confirmed(
        f"{name} of {case.host} was set down at +{found[0].start:.1f} s{by}, and is up again",
        [*map(case.event_item, events[:4]), *case.loss_items(hurt)],
        found[0].start,
        who,
        remedy=FIND_OUT,
        steps=[RemedyStep(BY_HAND, FIND_OUT)],
    )


def _deleted(case: Case, name: str, outage: Outage) -> bool:
    """Whether the link was down as it was being deleted: the kernel sets it down first."""
    ended = outage.end if outage.end is not None else case.watch["duration"]
    return any(outage.start <= event["after"] <= ended for event in case.link_events("delete", name))


CAUSE = Cause(
    id="link_down",
    rank=4,
    title="the host's macvlan link is set down",
    explanation="A link that is administratively down sends and receives nothing. The kernel removes its IPv4 routes"
    " and its IPv6 addresses at that moment, and only the connected routes come back when it is set up again.",
    remedy="run linuxnet.macvlan.site, which sets the link up and adds its addresses and routes",
    signature="from the moment when it is set down",
    proof="the link's flags lack IFF_UP; the kernel's notification of the change where the watch saw it",
    must="P D",
    by=APPLY,
    needs=("watch", "after"),
    explains=(
        "address_absent",
        "address_removed_by_other",
        "announcement_lost",
        "host_isolation",
        "mac_filtering_upstream",
        "mac_limit_after_ageing",
        "route_absent",
        "route_order",
        "stale_neighbour",
    ),
    breaks=OF_HOST,
    judge=judge,
)
