# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which other machines hold addresses of this network? Probes from the parent and from a temporary child."""

from __future__ import annotations

from typing import List, cast

from ansible_collections.linuxnet.macvlan.plugins.module_utils._conflicts.check import ConflictOptions, check
from ansible_collections.linuxnet.macvlan.plugins.module_utils._conflicts.verdict import FOREIGN

from .model import Context, Experiment, silence
from .results import HoldersOfAddress, HoldersResult, ProbingVantage

#: Addresses that are asked for at most.
ADDRESSES_MAX = 128


def _why_not(context: Context) -> str:
    parent = context.scope.parent
    if parent is None:
        return context.scope.parent_problem
    return silence(parent)


def _addresses(context: Context) -> list[str]:
    """Those of the host's link, of declared and found containers, and of the parent in the subnets."""
    scope = context.scope
    found = [*context.network.host_addresses, *context.network.containers]
    found += [container.address for container in scope.containers]
    found += [item.interface.ip for item in scope.addresses_inside(scope.parent)] if scope.parent else []
    return list(dict.fromkeys(str(address) for address in found))[:ADDRESSES_MAX]


def _run(context: Context) -> HoldersResult:
    addresses = _addresses(context)
    parent = context.scope.parent
    if not addresses or parent is None:
        return {"results": [], "vantages": []}
    result = ask(parent.name, addresses)
    doubtful = [item["address"] for item in result["results"] if foreign(item)]
    if doubtful:
        # A container that ended before the host was read again is no other machine, which would answer a second time.
        again = {item["address"]: foreign(item) for item in ask(parent.name, doubtful)["results"]}
        for item in result["results"]:
            known = foreign(item) & again.get(item["address"], set())
            item["holders"] = [one for one in item["holders"] if one["owner"] != FOREIGN or one["mac"] in known]
    return result


def ask(parent: str, addresses: list[str]) -> HoldersResult:
    """Who answers for these addresses."""
    result, dummy = check(ConflictOptions(probes=[{"parent": parent, "addresses": addresses}]))
    return {
        "results": cast(List[HoldersOfAddress], result["results"]),
        "vantages": cast(List[ProbingVantage], result["vantages"]),
        "started": str(result["started"]),
    }


def shared(parent: str, addresses: list[str]) -> set[str]:
    """Those of these addresses that another machine answers for, asked as the experiment asks."""
    return {item["address"] for item in ask(parent, addresses)["results"] if foreign(item)}


def foreign(result: HoldersOfAddress) -> set[str]:
    """The MAC addresses that answered for an address and are not of this host."""
    return {one["mac"] for one in result["holders"] if one["owner"] == FOREIGN}


EXPERIMENT = Experiment(
    id="holders",
    sends="three probes without a sender address for each address of the network, from the parent and from a temporary"
    f" macvlan link, at most {ADDRESSES_MAX} addresses, and once more for each that another machine answers for",
    run=_run,
    why_not=_why_not,
)
