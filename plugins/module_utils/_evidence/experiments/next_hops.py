# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Is the machine there by which a container sends to other networks, where that is not the declared gateway?

The kernel's route in the container's namespace says which one it is. Nothing is sent to other networks.
"""

from __future__ import annotations

import functools
import ipaddress
from collections.abc import Iterator

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import within
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.netns import NamespaceGone, run_in
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.route_lookup import lookup

from . import holders
from .belief import doubt
from .model import Context, Experiment, silence
from .results import NextHop, NextHopsResult

#: Containers whose routes are looked up, and addresses that are asked for, at most.
CONTAINERS_MAX, HOPS_MAX = 64, 8
#: Addresses that are in no network: for documentation (RFC 5737), and to be discarded (RFC 6666).
ELSEWHERE = {4: ipaddress.ip_address("192.0.2.1"), 6: ipaddress.ip_address("100::1")}
#: Requests for each address (RFC 5227, 1.1: PROBE_NUM), and seconds between them at least.
QUESTIONS, GAP = 3, 0.1


def _hops(context: Context) -> Iterator[NextHop]:
    """The next hops in the network that are no declared gateway, each once for each container."""
    scope, network = context.scope, context.network
    versions = {gateway.version for gateway in network.gateways}
    places = {item.label: item for item in reversed(scope.containers) if item.link.up and item.path}
    for label, container in sorted(places.items())[:CONTAINERS_MAX]:
        wanted = [address for version, address in ELSEWHERE.items() if version in versions]
        try:
            paths = run_in(container.path, functools.partial(lookup, wanted))
        except NamespaceGone:
            continue
        for path in paths.values():
            hop = path.gateway
            if hop is None or hop in network.gateways or path.interface != container.link.name:
                continue
            if any(within(hop, subnet) for subnet in network.subnets):
                yield {"namespace": label, "link": path.interface, "address": str(hop), "answered": []}


def _why_not(context: Context) -> str:
    parent = context.scope.parent
    if parent is None:
        return context.scope.parent_problem
    if not context.network.gateways:
        return "the network declares no gateway"
    return silence(parent) or doubt(context.gateway_noise, QUESTIONS, GAP)


def _run(context: Context) -> NextHopsResult:
    hops, parent = list(_hops(context)), context.scope.parent
    addresses = list(dict.fromkeys(hop["address"] for hop in hops))[:HOPS_MAX]
    if not addresses or parent is None:
        return {"hops": []}
    found = {item["address"]: item["holders"] for item in holders.ask(parent.name, addresses)["results"]}
    for hop in hops:
        hop["answered"] = sorted({one["mac"] for one in found.get(hop["address"], ())})
    return {"hops": [hop for hop in hops if hop["address"] in found]}


EXPERIMENT = Experiment(
    id="next_hops",
    sends="three probes without a sender address for each address of the network by which containers send to other"
    f" networks and that is not the declared gateway, at most {HOPS_MAX}",
    run=_run,
    why_not=_why_not,
)
