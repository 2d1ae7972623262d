# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""port_flaps: the parent lost its carrier for a while, once or again and again."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.outages import described, lost_during, outages
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import ASK
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict


def judge(case: Case) -> CauseVerdict:
    name = case.parent_name
    found = outages(case, "carrier", name)
    if not any(one.end is not None for one in found):
        return case.ruled_out(f"{name} did not lose and regain its carrier during the watch")
    hurt = lost_during(case, found, case.broken())
    events = [event for one in found for event in (one.begun_by, one.ended_by) if event]
    summary = f"{name} of {case.host} lost its carrier {described(found)}, first at +{found[0].start:.1f} s"
    if not hurt:
        return case.ruled_out(f"{summary}, and nothing was lost meanwhile", map(case.event_item, events[:4]))
    return case.confirmed(
        summary,
        [*map(case.event_item, events[:6]), *case.loss_items(hurt)],
        found[0].start,
        remedy=f"replace the cable of {name}, and ask the network team why the switch port of {case.host} {name} went"
        f" down at {case.moment(found[0].start)} (log of the port: errors, spanning tree, err-disable, power saving)",
    )


CAUSE = Cause(
    id="port_flaps",
    rank=7,
    title="the parent's port goes down and comes back",
    explanation="The carrier of the parent is lost and comes back: a bad cable or transceiver, a switch that restarts"
    " or shuts the port for some seconds, power saving. Everything beyond the parent is lost meanwhile, and on some"
    " switches for some seconds more, until spanning tree forwards again.",
    remedy="replace the cable or transceiver, and read the switch's log of that port",
    signature="for seconds, again and again, for everything beyond the parent at the same time",
    proof="the kernel's notifications that the carrier was lost and came back, and packets that were lost in between",
    must="D",
    by=ASK,
    needs=("watch", "after"),
    explains=(
        "address_removed_by_other",
        "announcement_lost",
        "gateway_dead",
        "mac_limit_after_ageing",
        "stale_neighbour",
    ),
    everywhere=True,
    judge=judge,
)
