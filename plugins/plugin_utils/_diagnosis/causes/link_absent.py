# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""link_absent: a declared link of the host does not exist."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import APPLY
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import (
    CauseVerdict,
    requester,
    whoever,
)


def judge(case: Case) -> CauseVerdict:
    link = case.network.link
    if link is None:
        return case.ruled_out("no link of the host is declared")
    if case.after.own.link(link) is not None:
        return case.ruled_out(f"{link} exists")
    deleted = case.link_events("delete", link)[-1:]
    evidence = [case.item("link", f"{link} is declared, and {case.host} has no link of that name", link)]
    evidence += [*map(case.event_item, deleted), *case.loss_items(case.broken())]
    if not deleted:
        return case.confirmed(f"the declared link {link} does not exist on {case.host}", evidence)
    known = requester(deleted[0])
    by = f" by {known['text']}" if known else ""
    who = whoever(deleted[0])
    after = deleted[0]["after"]
    return case.confirmed(f"{link} was deleted from {case.host} at +{after:.1f} s{by}", evidence, after, who)


CAUSE = Cause(
    id="link_absent",
    rank=3,
    title="a declared link does not exist",
    explanation="The declaration gives the host a macvlan link that the kernel does not have: it was never created, or"
    " somebody deleted it, and its addresses and routes with it. Without it the host sends packets for its containers"
    " out of the parent, which never delivers them.",
    remedy="when the parent exists, run linuxnet.macvlan.site, which creates the link",
    signature="from the start, or from the moment of the deletion",
    proof="the declared name is not among the host's links; the kernel's notification of the deletion where the watch"
    " saw it",
    must="P D",
    by=APPLY,
    needs=("after",),
    explains=("host_isolation", "address_absent", "route_absent", "route_order"),
    judge=judge,
)
