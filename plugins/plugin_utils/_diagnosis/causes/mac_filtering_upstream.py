# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""mac_filtering_upstream: on this port the network answers the parent's MAC address and no other."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.kinds import (
    CONTAINER_TO_GATEWAY,
    GATEWAY_FROM_LINK,
)
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.asked import (
    further_macs,
    of_other_macs,
    port,
    senders,
)
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case, since
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import BEYOND_PARENT, Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import ASK
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict

#: Part of the DMI strings -> who filters there, and the setting that allows further MAC addresses.
PLATFORMS = {
    "vmware": ("a VMware port group", "accept forged transmits, MAC address changes and promiscuous mode on it"),
    "microsoft corporation virtual": ("Hyper-V or Azure", "enable MAC address spoofing on the virtual adapter"),
    "virtualbox": ("VirtualBox", "set the adapter's promiscuous mode to allow all"),
    "amazon": ("Amazon EC2", "use secondary addresses and ipvlan: EC2 drops unknown MAC addresses"),
    "google": ("Google Compute Engine", "use alias addresses and ipvlan: it drops unknown MAC addresses"),
    "openstack": ("OpenStack port security", "allow the addresses by allowed_address_pairs, or disable port security"),
}


def judge(case: Case) -> CauseVerdict:
    made = case.experiments.result("gateway_ask")
    if made is None:
        return case.not_tested(case.experiments.why_not("gateway_ask"))
    asked = senders(case, made)
    if "parent" not in asked or "child" not in asked:
        missing = [item for item in made["asked"] if item["vantage"] in ("parent", "child") and not item["sent"]]
        reasons = [f"{item['vantage']} could not ask: {item['why_not']}" for item in missing]
        return case.not_tested("; ".join(reasons) or f"{made['gateway']} was not asked from parent and child")
    evidence = case.asked_items(made["gateway"], asked.values())
    if not asked["parent"]["answered"]:
        return case.not_tested(f"{made['gateway']} does not answer the parent either")
    if asked["child"]["answered"]:
        return case.ruled_out("a MAC address that the network has not seen before is answered", evidence)
    platform, setting = _platform(case)
    remedy = (
        f"for {port(case)}: {setting}"
        if setting
        else f"ask the network team to allow these MAC addresses on {port(case)}, or to raise its limit to hold them:"
        f" {further_macs(case)}; where that is impossible, ipvlan shares the parent's MAC address"
    )
    by = f" (this host runs on {platform}, which filters so by default)" if platform else ""
    link = asked.get("link")
    if link is not None and link["answered"]:
        case.explains(of_other_macs(case, made["gateway"]))
        return case.suspected(
            f"the network answers the known MAC addresses on port {case.parent_name} and no new one{by}",
            evidence,
            remedy=remedy,
        )
    broken = case.broken(GATEWAY_FROM_LINK)
    after = case.first_loss(broken)
    case.explains(of_other_macs(case, made["gateway"]))
    return case.confirmed(
        f"the network drops all frames that do not come from the parent's own MAC address, on the port of {case.host}"
        f" {case.parent_name}{since(after)}{by}",
        [*evidence, *case.loss_items([*broken, *case.broken(CONTAINER_TO_GATEWAY)])],
        after=after,
        remedy=remedy,
    )


def _platform(case: Case) -> tuple[str, str]:
    """The platform of this machine by its DMI that filters MAC addresses, and the remedy there."""
    dmi = " ".join((case.system["dmi"] or {}).values()).lower()
    return next((item for part, item in PLATFORMS.items() if part in dmi), ("", ""))


CAUSE = Cause(
    id="mac_filtering_upstream",
    rank=30,
    title="the network accepts only one MAC address on the port",
    explanation="A macvlan link has a MAC address of its own, so one switch port carries several. Port security, a MAC"
    " limit, or the filter of a hypervisor or cloud drops every frame whose source is not the known address.",
    remedy="have the network team allow the port's MAC addresses (macvlan_info lists them), or raise the port's limit;"
    " where that is impossible, ipvlan shares the parent's MAC address",
    signature="from the start; with a limit, after the ageing time or with the address that exceeds it",
    proof="the gateway answers the parent, and does not answer the same request from another MAC address",
    must="D, hypervisor or cloud named H",
    by=ASK,
    needs=("after",),
    breaks=BEYOND_PARENT,
    silences=(GATEWAY_FROM_LINK,),
    judge=judge,
)
