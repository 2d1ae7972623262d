# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""no_carrier: the parent has no carrier now."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.outages import lasting, outages
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import ASK
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict

#: From so many outages that ended on, the port is said to flap, whatever its state at the end is.
FLAPPING = 2


def judge(case: Case) -> CauseVerdict:
    parent = case.after.parent
    if parent is None or not parent["up"]:
        return case.ruled_out(f"{case.parent_name} is not there, or is down, so its carrier says nothing")
    name = parent["name"]
    if parent["carrier"]:
        return case.ruled_out(f"{name} has its carrier", [case.item("carrier", "present", name)])
    found = outages(case, "carrier", name)
    if sum(1 for one in found if one.end is not None) >= FLAPPING:
        return case.ruled_out(f"{name} loses its carrier again and again")
    after = lasting(found)
    when = f", since +{after:.1f} s" if after is not None else ""
    return case.confirmed(
        f"{name} of {case.host} has no carrier now{when}: its cable, the switch port or the device at the other end is"
        " off",
        [
            case.item("carrier", f"{name} is up and has no carrier", name),
            *(case.event_item(one.begun_by) for one in found[-1:]),
            *case.loss_items(case.broken()),
        ],
        after,
        remedy=f"plug in the cable of {name}, or ask the network team: is the switch port of {case.host} {name}"
        f" ({parent['mac']}) enabled, and which state and errors does it report; no playbook can restore the link"
        " before",
    )


CAUSE = Cause(
    id="no_carrier",
    rank=2,
    title="the parent has no carrier",
    explanation="The parent is up, and nothing is at the other end of its cable: it is unplugged or broken, or the"
    " switch port is shut down. Nothing of the host or its containers reaches the network until the carrier is back.",
    remedy="plug in the cable, or have the switch port enabled",
    signature="from the moment when the carrier is lost, for everything beyond the parent",
    proof="the parent's flags have IFF_UP and lack IFF_LOWER_UP when the watch is over",
    must="D",
    by=ASK,
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
        "route_absent",
        "route_order",
        "stale_neighbour",
        "vlan_mismatch",
    ),
    everywhere=True,
    closes_parent=True,
    judge=judge,
)
