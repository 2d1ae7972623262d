# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What do DHCP servers offer here? Discoveries from a temporary child; no offer is accepted."""

from __future__ import annotations

from typing import List, cast

from ansible_collections.linuxnet.macvlan.plugins.module_utils._dhcp.check import DhcpOptions, check

from .model import Context, Experiment, silence
from .results import DhcpAskResult, DhcpOverlap, DhcpServer

#: Seconds of silence that end it. A server that pings an address before it offers it answers too late.
WAIT = 1.5
#: Addresses of the ranges that a discovery asks for by name.
HINTS = 4


def _addresses(context: Context) -> list[str]:
    """The container ranges, and what is used outside of them: declared containers and the host's link."""
    network = context.network
    outside = [
        address
        for address in (*network.containers, *network.host_addresses)
        if not any(address.version == item.version and address in item for item in network.ranges)
    ]
    return [str(item) for item in (*network.assigned(), *outside) if item.version == 4]


def _why_not(context: Context) -> str:
    parent = context.scope.parent
    if parent is None:
        return context.scope.parent_problem
    undeclared = "" if _addresses(context) else "no IPv4 addresses are declared for containers and the host's link"
    return silence(parent) or undeclared


def _run(context: Context) -> DhcpAskResult:
    parent = context.scope.parent
    if parent is None:
        return {"servers": [], "overlaps": []}
    probe = {
        "parent": parent.name,
        "addresses": _addresses(context),
        "subnets": [str(subnet) for subnet in context.network.subnets],
    }
    result = check(DhcpOptions(probes=[probe], attempts=1, wait=WAIT, hints=HINTS))[0]
    findings = cast(List[DhcpOverlap], result["findings"])
    servers: list[DhcpServer] = [
        {"server": item["server"], "macs": item["macs"], "lease_seconds": item["lease_seconds"]}
        for item in cast(List[DhcpServer], result["servers"])
    ]
    return {"servers": servers, "overlaps": [item for item in findings if item["kind"] == "overlap"]}


EXPERIMENT = Experiment(
    id="dhcp_ask",
    sends=f"one DHCP discovery, and up to {HINTS} more that ask for addresses of the declared ranges by name, from a"
    " temporary macvlan link; no offer is taken",
    run=_run,
    why_not=_why_not,
    # Servers probe addresses one by one before they offer them, and keep what they have offered for a while.
    in_turns=True,
)
