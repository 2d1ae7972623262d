# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Does the host answer each of its containers?

An echo from inside the namespace of each container found, to the host's address on the macvlan side and to the parent's
own IPv4 addresses in the subnet. Where the host's address is leased, there has to be a lease. Pure.
"""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import within
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.links import LEASED
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.route_lookup import Path
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach import causes, kinds
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.kinds import ECHO
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.probes import FAIL, PASS, SKIPPED, Probe
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.scope import Scope

from . import proof
from .host_to_container import DOWN, ISOLATED
from .model import Check, CheckFact, CheckResult, Findings

KIND = kinds.CONTAINER_TO_HOST


def checks(scope: Scope) -> list[Check]:
    name = scope.network.name
    if scope.network.link is None:
        return [proof.skipped(name, KIND, "containers", "host", ISOLATED)]
    if scope.parent is None:
        return [proof.no_parent(scope, KIND, "containers", "host")]
    # Neighbour discovery answers for a link's own addresses only (net/ipv6/ndisc.c ndisc_recv_ns), ARP for all of the
    # host's (net/ipv4/arp.c arp_process): over the shim the parent's IPv6 addresses cannot be reached. With a lease the
    # link answers ARP for its own only as well.
    parents = [item.interface.ip for item in scope.addresses_inside(scope.parent) if item.interface.version == 4]
    targets = [*scope.host_addresses, *([] if scope.network.leased else parents)]
    made = {check.id: check for check in _lease(scope)}
    for container in scope.containers:
        for target in targets:
            if target.version == container.address.version:
                check = Check(name, KIND, container.label, str(target), (Probe(ECHO, target, container.path),))
                made[check.id] = check
    return list(made.values()) or [
        proof.skipped(name, KIND, "containers", "host", "no container was found on this host")
    ]


def _lease(scope: Scope) -> list[Check]:
    """What is wrong with the lease of the host's own address, as a check that fails."""
    if not scope.network.leased:
        return []
    network, leased = scope.network, scope.leased
    what, remedy = "", f"see that a DHCP server answers on {scope.parent_name} (dhcp_check)"
    if scope.shim_problem:
        what, remedy = scope.shim_problem, proof.DEPLOY
    elif not leased:
        what = f"{network.link} has no leased address"
    for address in leased:
        inside = next((outer for outer in network.ranges if within(address, outer)), None)
        if inside is not None:
            what = f"the server leased {address}, which is in the container range {inside}"
            remedy = "keep the server's pool and the container range apart"
        elif not any(within(address, subnet) for subnet in network.subnets):
            what = f"the server leased {address}, which is outside of {', '.join(map(str, network.subnets))}"
            remedy = "declare the subnet that the server serves, or another parent"
    if not what:
        return []
    evidence = (CheckFact("lease", what),)
    return [Check(network.name, KIND, "containers", LEASED, decided=FAIL, evidence=evidence, remedy=remedy)]


def verdict(check: Check, findings: Findings) -> CheckResult:
    probe = check.probes[0]
    series = proof.series_of(findings, probe)
    if series.ended:
        return CheckResult(check, SKIPPED, series, (CheckFact("reason", series.ended),))
    if series.status == PASS:
        return proof.passed(check, series)
    before = next(item for item in findings.before.containers if item.path == probe.namespace)
    scope = findings.after
    evidence = proof.answers(series)
    path = findings.paths.get((probe.namespace, probe.target))
    if path is not None:
        evidence += [proof.route(probe.target, path), *([] if path.error else [proof.neighbour(probe.target, path)])]
    evidence += [*proof.links(scope), *proof.siblings(scope), *proof.holder(before.address, findings)]
    cause, remedy = _cause(probe, path or Path(), scope)
    return CheckResult(check, FAIL, series, (*evidence, *cause), remedy)


def _cause(probe: Probe, path: Path, scope: Scope) -> tuple[list[CheckFact], str]:
    """What explains the loss, and the remedy; the first that fits."""
    if scope.shim_problem:
        isolated = "without a link of its own the host is unreachable for its containers"
        return [proof.suspect(causes.HOST_ISOLATION, why=isolated)], proof.DEPLOY
    if scope.own(probe.target) is None:
        return [CheckFact("address", f"no link of the host has {probe.target}")], proof.DEPLOY
    now = next((item for item in scope.containers if item.path == probe.namespace), None)
    if now is None:
        return [], "put the address back on the container's link"
    # Its routes went when it was set down.
    if not now.link.up:
        return [], DOWN
    if path.error:
        return [], "restart the container, so that its engine adds the route to the host's subnet again"
    shim = scope.shim
    if now.link.mode != "bridge" or (shim and shim.mode != "bridge"):
        modes = f"{now.link.name} is in mode {now.link.mode}, {scope.network.link} in {shim.mode if shim else '?'}"
        return [proof.suspect(causes.WRONG_MODE, why=modes)], proof.BRIDGE
    return [], (
        f"check the host's firewall, rp_filter on {scope.network.link}, and the return route to the container, "
        f"which must use {scope.network.link}"
    )
