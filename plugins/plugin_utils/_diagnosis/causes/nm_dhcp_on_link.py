# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""nm_dhcp_on_link: NetworkManager configures the host's link, and requests an address that no server leases."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case, bare, since
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import OF_HOST, Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.networkmanager import takeover
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import APPLY
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict


def judge(case: Case) -> CauseVerdict:
    link = case.network.link
    if link is None:
        return case.ruled_out("no link of the host is declared that NetworkManager could manage")
    found = takeover(case)
    if found is None:
        return case.ruled_out(f"NetworkManager does not configure {link}")
    broken = case.broken()
    summary = f"NetworkManager configures {link} on {case.host}{since(found.after)}"
    missing = _missing(case, link)
    if found.removed:
        summary += ", and removed its addresses"
    elif missing:
        summary += f", and {link} does not have {', '.join(missing)}"
    # Without either it has what is declared, whoever gave it that.
    if not broken or not (found.removed or missing or found.after is not None):
        return case.suspected(summary, found.evidence, after=found.after, culprit=found.who)
    return case.confirmed(
        summary,
        [*found.evidence, *case.loss_items(broken)],
        after=found.after,
        culprit=found.who,
    )


def _missing(case: Case, link: str) -> list[str]:
    """Addresses of the host on the network that the link does not have."""
    have = {bare(item["address"]) for item in case.after.own.addresses(link)}
    return [str(address) for address in case.network.host_addresses if str(address) not in have]


CAUSE = Cause(
    id="nm_dhcp_on_link",
    rank=260,
    title="NetworkManager configures the link",
    explanation="NetworkManager activates a profile on the link, a configured or a generated one, removes the addresses"
    " and routes that are not in it, and requests others by DHCP. Without an answer it gives up after 45 s and starts"
    " again.",
    remedy="run linuxnet.macvlan.site, which excludes the link from NetworkManager (its role nm_exclusion) and restores"
    " it; or set macvlan_persistence: networkmanager before",
    signature="when a profile is activated, and again every 45 s",
    proof="NetworkManager's state of the link, and missing addresses",
    must="P D",
    by=APPLY,
    needs=("watch", "after", "system.networkmanager"),
    explains=(
        "address_removed_by_other",
        "host_isolation",
        "foreign_default_route",
        "route_order",
        "address_absent",
        "route_absent",
    ),
    breaks=OF_HOST,
    judge=judge,
)
