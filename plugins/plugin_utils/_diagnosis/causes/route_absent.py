# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""route_absent: a declared route over the host's link is missing from the start."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import parse_network
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import OF_HOST, Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import APPLY
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.snapshot import SnapshotView
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict


def judge(case: Case) -> CauseVerdict:
    link = case.network.link
    declared = case.declared_link(link)
    if link is None or declared is None or not declared["routes"]:
        return case.ruled_out("no route over a link of the host is declared")
    if case.after.own.link(link) is None:
        return case.ruled_out(f"{link} does not exist, so no route can lead over it")
    wanted = [text.split()[0] for text in declared["routes"] if text.split()]
    absent = [text for text in wanted if not any(_has(moment, link, text) for moment in (case.before, case.after))]
    if not absent:
        return case.ruled_out(f"the declared routes over {link} exist, or did when the watch began")
    return case.confirmed(
        f"the declared route to {', '.join(absent)} over {link} does not exist on {case.host}",
        [case.item("route", f"{text} is declared over {link}, and no such route exists", link) for text in absent]
        + case.loss_items(case.broken()),
    )


def _has(snapshot: SnapshotView, link: str, destination: str) -> bool:
    network = parse_network({"default": "0.0.0.0/0"}.get(destination, destination))
    routes = [item for item in snapshot.own.data["routes"] if item["link"] == link]
    return network is None or any(parse_network(item["destination"]) == network for item in routes)


CAUSE = Cause(
    id="route_absent",
    rank=6,
    title="a declared route over the host's link is missing",
    explanation="The host needs a route over its own macvlan link to each range of containers. Without it the kernel"
    " sends packets for them out of the parent, which never delivers them to its own macvlan links.",
    remedy="run linuxnet.macvlan.site, which adds the route; if it vanishes again, diagnose while that happens: the"
    " watch names the process",
    signature="from the start",
    proof="no route of the host to the declared destination leads over the link, neither when the watch begins nor when"
    " it ends",
    must="P D",
    by=APPLY,
    needs=("before", "after", "drift"),
    explains=("host_isolation",),
    breaks=OF_HOST,
    judge=judge,
)
