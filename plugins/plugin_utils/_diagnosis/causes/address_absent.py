# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""address_absent: the host's link lacks a declared address from the start."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import ip_of
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import OF_HOST, Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import APPLY
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.snapshot import SnapshotView
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict


def judge(case: Case) -> CauseVerdict:
    link = case.network.link
    if link is None or case.after.own.link(link) is None:
        return case.ruled_out("the host has no link of the network that could lack an address")
    absent = [item for item in _absent(case, case.after, link) if item in _absent(case, case.before, link)]
    if not absent:
        return case.ruled_out(f"{link} has its declared addresses, or had them when the watch began")
    return case.confirmed(
        f"{link} of {case.host} does not have its declared address {', '.join(absent)}",
        [case.item("address", f"{item} is declared, and not on {link}", link) for item in absent]
        + case.loss_items(case.broken()),
    )


def _absent(case: Case, snapshot: SnapshotView, link: str) -> list[str]:
    there = {ip_of(item["address"]) for item in snapshot.own.addresses(link)}
    return [str(item) for item in case.own_addresses if item not in there]


CAUSE = Cause(
    id="address_absent",
    rank=5,
    title="the host's link lacks a declared address",
    explanation="The link exists without an address that the declaration gives it: it was created by something else, or"
    " the address was deleted before the watch began. Containers cannot reach the host at that address, and routes"
    " that use it as their source cannot be added.",
    remedy="run linuxnet.macvlan.site, which adds the address; if it vanishes again, diagnose while that happens: the"
    " watch names the process",
    signature="from the start",
    proof="the declared address is not among the link's addresses, neither when the watch begins nor when it ends",
    must="P D",
    by=APPLY,
    needs=("before", "after"),
    explains=("route_absent", "host_isolation"),
    breaks=OF_HOST,
    judge=judge,
)
