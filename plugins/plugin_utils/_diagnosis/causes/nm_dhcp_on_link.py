# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""nm_dhcp_on_link: NetworkManager configures the host's link, and asks for an address where none is handed out."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case, since
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.networkmanager import takeover
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict


def judge(case: Case) -> CauseVerdict:
    link = case.network.link
    if link is None:
        return case.ruled_out("no link of the host is declared that NetworkManager could take")
    found = takeover(case)
    if found is None:
        return case.ruled_out(f"NetworkManager does not configure {link}")
    broken = case.broken()
    summary = f"NetworkManager configures {link} on {case.host}{since(found.after)}, which others have configured"
    if not broken:
        return case.suspected(summary, found.evidence, after=found.after, culprit=found.who)
    return case.confirmed(
        f"{summary}, and took its addresses away",
        [*found.evidence, *case.loss_items(broken)],
        after=found.after,
        culprit=found.who,
    )


CAUSE = Cause(
    id="nm_dhcp_on_link",
    rank=260,
    title="NetworkManager configures the link",
    explanation="NetworkManager brings a profile up on the link, somebody's or one of its own, removes the addresses"
    " and routes that are not in it, and asks for others by DHCP. Without an answer it gives up after 45 s, and begins"
    " again.",
    remedy="run the role linuxnet.macvlan.nm_exclusion, or set macvlan_persistence: networkmanager",
    signature="when a profile is brought up, and again and again after 45 s",
    proof="NetworkManager's state of the link, and addresses of it that are gone",
    must="P D",
    needs=("watch", "after", "system.networkmanager"),
    explains=("address_removed_by_other", "host_isolation", "foreign_default_route", "route_order"),
    repairable=True,
    judge=judge,
)
