# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""link_absent: a declared link of the host does not exist."""

from __future__ import annotations

from collections.abc import Sequence

from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.timeline import LinkEvent
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import OF_HOST, Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.outages import SLACK
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import APPLY, BY_HAND, RemedyStep
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import (
    CauseVerdict,
    requester,
    unknown,
    whoever,
)

BEFORE = "it was absent before the watch began"
FIND_OUT = "find out who deletes it; nothing has to be restored now"


def judge(case: Case) -> CauseVerdict:
    link = case.network.link
    if link is None:
        return case.ruled_out("no link of the host is declared")
    deleted = case.link_events("delete", link)
    if case.after.own.link(link) is not None:
        return _came_back(case, link, deleted)
    evidence = [case.item("link", f"{link} is declared, and {case.host} has no link of that name", link)]
    evidence += [*map(case.event_item, deleted[-3:]), *case.loss_items(case.broken())]
    if not deleted:
        return case.confirmed(f"the declared link {link} does not exist on {case.host}", evidence)
    # What was lost since it was deleted for the first time is lost by this.
    after = deleted[0]["after"]
    often = f", for the last time of {len(deleted)} at +{deleted[-1]['after']:.1f} s" if len(deleted) > 1 else ""
    summary = f"{link} was deleted from {case.host} at +{after:.1f} s{often}{_by(deleted)}"
    return case.confirmed(summary, evidence, after, whoever(deleted[-1]))


def _came_back(case: Case, link: str, deleted: Sequence[LinkEvent]) -> CauseVerdict:
    """It exists. deleted: when it did not for a while. It may have been made only during the watch."""
    made = case.link_events("new", link)
    late = made[:1] if made and not (deleted and deleted[0]["after"] < made[0]["after"]) else []
    if not deleted and not late:
        return case.ruled_out(f"{link} exists")
    slack = SLACK + case.watch["interval"]
    ends = [item["after"] for item in made]
    absent = [(0.0, item["after"]) for item in late]
    absent += [(one["after"], min((end for end in ends if end > one["after"]), default=0.0)) for one in deleted]
    hurt = [
        item
        for item in case.broken()
        if any(
            start - slack <= loss[0] <= end + slack and loss[1] < case.watch["duration"]
            for start, end in absent
            for loss in item["losses"]
        )
    ]
    if not hurt:
        return case.ruled_out(f"{link} exists, also again after it was absent")
    evidence = [*map(case.event_item, [*late, *deleted[:4]]), *case.loss_items(hurt)]
    if not deleted:
        summary = f"{link} did not exist on {case.host} until it was created at +{late[0]['after']:.1f} s"
        return case.confirmed(
            summary, evidence, 0.0, unknown(BEFORE), remedy=FIND_OUT, steps=[RemedyStep(BY_HAND, FIND_OUT)]
        )
    after = deleted[0]["after"]
    return case.confirmed(
        f"{link} was deleted from {case.host} at +{after:.1f} s{_by(deleted)}, and created again",
        evidence,
        after,
        whoever(deleted[-1]),
        remedy=FIND_OUT,
        steps=[RemedyStep(BY_HAND, FIND_OUT)],
    )


def _by(deleted: Sequence[LinkEvent]) -> str:
    known = requester(deleted[-1])
    return f" by {known['text']}" if known else ""


CAUSE = Cause(
    id="link_absent",
    rank=3,
    title="a declared link does not exist",
    explanation="The declaration gives the host a macvlan link that the kernel does not have: it was never created, or"
    " somebody deleted it, and its addresses and routes with it. Without it the host sends packets for its containers"
    " out of the parent, which never delivers them.",
    remedy="when the parent exists, run linuxnet.macvlan.site, which creates the link",
    signature="from the start, or from the moment of the deletion until it is created again",
    proof="the declared name is not among the host's links; the kernel's notification of the deletion where the watch"
    " saw it",
    must="P D",
    by=APPLY,
    needs=("after",),
    explains=(
        "address_absent",
        "announcement_lost",
        "host_isolation",
        "route_absent",
        "route_order",
        "stale_neighbour",
    ),
    breaks=OF_HOST,
    judge=judge,
)
