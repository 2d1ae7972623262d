# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""dhcp_pool_overlap: a DHCP server offers addresses that are declared for containers or the host's link."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.case import Case
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.cause import Cause
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.remedy import DECLARE
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._diagnosis.verdict import (
    MAC_ADDRESS,
    CauseVerdict,
    EvidenceItem,
)


def judge(case: Case) -> CauseVerdict:
    made = case.experiments.result("dhcp_ask")
    if made is None:
        return case.not_tested(case.experiments.why_not("dhcp_ask"))
    servers = {item["server"]: item for item in made["servers"]}
    if not servers:
        return case.ruled_out("no DHCP server answered")
    if not made["overlaps"]:
        return case.ruled_out(f"{', '.join(servers)} offered nothing that is declared here")
    first = made["overlaps"][0]
    name = first["servers"][0]
    macs = servers[name]["macs"] if name in servers else []
    more = f" (and of {len(made['overlaps']) - 1} more ranges)" if len(made["overlaps"]) > 1 else ""
    evidence = [EvidenceItem("DHCP", item["message"], f"{case.host}: {case.parent_name}") for item in made["overlaps"]]
    return case.confirmed(
        f"the DHCP server {name} offered {', '.join(first['addresses'][:3])} to an unknown client, which is declared"
        f" here as {first['declared']}{more}",
        evidence,
        culprit={
            "mac": macs[0] if macs else None,
            "host": None,
            "text": f"DHCP server {name}{f' ({macs[0]})' if macs else ''}",
            "rule": MAC_ADDRESS,
        },
        remedy=f"exclude {first['declared']} from the pool of {name}, or give container_range a part of the subnet that"
        " is not in the pool",
    )


CAUSE = Cause(
    id="dhcp_pool_overlap",
    rank=340,
    title="a DHCP server leases the containers' addresses",
    explanation="Container engines and DHCP servers assign addresses independently of each other. As soon as the server"
    " leases a container's address, two machines have one address. The server's check by ping and the client's by ARP"
    " notice it only while the container runs.",
    remedy="exclude the container_range from the DHCP server's pool, or choose a range outside it",
    signature="hours or days later, when the server leases such an address",
    proof="the server offers such an address to a client that it has never seen",
    must="R D",
    by=DECLARE,
    needs=("after",),
    judge=judge,
)
