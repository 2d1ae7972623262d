# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""strict_rp_filter: the kernel drops packets that arrive on one link and whose return path is over the other."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case, since
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import OF_HOST, Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import DECLARE, RemedyStep
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import CauseVerdict

#: Documentation/networking/ip-sysctl.rst, rp_filter: 1 drops packets whose return path is over another link (RFC 3704).
STRICT = 1
COUNTER = "TcpExtIPReversePathFilter"
#: What the network gets in ``macvlan_networks``.
LOOSE = {"sysctl": {"rp_filter": 2}, "parent_sysctl": {"rp_filter": 2}}


def judge(case: Case) -> CauseVerdict:
    names = [name for name in (case.parent_name, case.network.link) if name and case.after.own.link(name)]
    settings = {name: case.after.own.strictest(name, "rp_filter") for name in names}
    evidence = [case.item("setting", f"rp_filter is {value} (the larger of all and {name})", name)
                for name, value in settings.items()]  # fmt: skip
    strict = [name for name, value in settings.items() if value == STRICT]
    dropped = max(case.counted(COUNTER), case.after.own.netstat(COUNTER) - case.before.own.netstat(COUNTER))
    evidence.append(case.item("counter", f"{COUNTER} grew by {dropped} during the watch"))
    broken = case.lost()
    if not strict:
        return case.ruled_out("reverse path filtering is not strict on parent and link", evidence)
    if dropped <= 0 or not broken:
        return case.ruled_out("reverse path filtering is strict, and dropped no packet or none is missing", evidence)
    after = case.first_loss(broken)
    return case.confirmed(
        f"{case.host} itself drops packets that arrive on {' or '.join(strict)}{since(after)}, as their return path is"
        f" over another link (rp_filter is 1, {dropped} dropped)",
        [*evidence, *case.loss_items(broken)],
        after=after,
        steps=[RemedyStep(DECLARE, "set sysctl", values=LOOSE)],
    )


CAUSE = Cause(
    id="strict_rp_filter",
    rank=40,
    title="strict reverse path filtering drops the packets",
    explanation="Parent and macvlan link are two links into one subnet. A neighbour that learned the link's MAC"
    " address for the host's address sends to the link, and with rp_filter=1 the kernel drops the packet, because the"
    " return path is over the parent.",
    remedy="set sysctl: {rp_filter: 2} and parent_sysctl: {rp_filter: 2} for the network in macvlan_networks, or keep"
    " one MAC address per IP address with arp_filter, as linuxnet.macvlan.site does",
    signature="when a neighbour resolves the address again and accepts the other MAC address",
    proof="rp_filter is 1 on the link, and the kernel's counter of these drops grew while pings were lost",
    must="P D",
    by=DECLARE,
    needs=("watch", "before", "after"),
    explains=("gateway_dead",),
    breaks=OF_HOST,
    judge=judge,
)
