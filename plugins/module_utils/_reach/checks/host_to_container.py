# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Does each container answer its host?

An echo by normal routing to each container address, declared or found on the parent's macvlan links in other
namespaces. Pure.
"""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.route_lookup import Path
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach import causes, kinds
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.kinds import ECHO
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.probes import FAIL, PASS, SKIPPED, Probe
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.scope import Container, Scope

from . import proof
from .model import Check, CheckFact, CheckResult, Findings

KIND = kinds.HOST_TO_CONTAINER
SOURCE = "host"


def checks(scope: Scope) -> list[Check]:
    name = scope.network.name
    if scope.network.link is None:
        return [proof.skipped(name, KIND, SOURCE, "containers", ISOLATED)]
    if scope.parent is None:
        return [proof.no_parent(scope, KIND, SOURCE, "containers")]
    addresses = {*scope.network.containers, *(item.address for item in scope.containers)}
    made = [_check(scope, address) for address in sorted(addresses, key=lambda item: (item.version, int(item)))]
    for stray in scope.strays:
        reason = f"{stray.label} has it, outside of every container range: no route over {scope.network.link} covers it"
        made.append(proof.skipped(name, KIND, SOURCE, str(stray.address), reason))
    return made or [proof.skipped(name, KIND, SOURCE, "containers", "no container is declared, and none was found")]


#: Why host and containers are not checked where the host has no link in the network.
ISOLATED = (
    "the network declares no host_address: macvlan isolates a parent from its children, so host and containers do not "
    "reach each other by design"
)

#: What helps where the link of a container is down.
DOWN = "restart the container: its engine then sets the link up, with its address and routes"


def _check(scope: Scope, address: Address) -> Check:
    own = scope.own(address)
    if own is None:
        return Check(scope.network.name, KIND, SOURCE, str(address), (Probe(ECHO, address),))
    evidence = (
        CheckFact("address", f"the host itself has {address}, on {own.name}"),
        proof.suspect(causes.ADDRESS_BELONGS_TO_HOST),
    )
    remedy = "give the container another address"
    return Check(scope.network.name, KIND, SOURCE, str(address), (), FAIL, evidence, remedy)


def verdict(check: Check, findings: Findings) -> CheckResult:
    address = check.probes[0].target
    series = proof.series_of(findings, check.probes[0])
    if series.status == PASS:
        return proof.passed(check, series)
    before, after = findings.before.holder(address), findings.after.holder(address)
    declared = address in findings.before.network.containers
    if before and not declared and before.identity not in findings.after.namespaces:
        return CheckResult(
            check, SKIPPED, series, (CheckFact("reason", f"{before.label} ended while it was being checked"),)
        )
    path = findings.paths.get(("", address), Path())
    evidence = [*proof.answers(series), proof.route(address, path)]
    cause, remedy = _cause(address, path, before, after, findings.after)
    if not path.error:
        evidence.append(proof.neighbour(address, path))
    evidence += [*proof.links(findings.after), *proof.siblings(findings.after)]
    evidence += [*proof.holder(address, findings), *cause]
    return CheckResult(check, FAIL, series, tuple(evidence), remedy)


def _cause(
    address: Address, path: Path, before: Container | None, after: Container | None, scope: Scope
) -> tuple[list[CheckFact], str]:
    """What explains the loss, and the remedy; the first that fits."""
    shim = scope.shim
    if path.interface == scope.parent_name:
        if scope.shim_problem:
            why = f"{path.interface} is the parent of the container's link"
            return [proof.suspect(causes.HOST_ISOLATION, why=why)], proof.DEPLOY
        why = f"the route goes out of the parent {path.interface}, which never delivers to its own children"
        return [proof.suspect(causes.ROUTE_ORDER, why=why)], (
            f"give {scope.network.link} a host prefix (/{address.max_prefixlen}) and a route to the containers, as the "
            "role linuxnet.macvlan.interfaces does: of two equal connected routes the kernel uses the older one"
        )
    if scope.shim_problem or path.error or path.interface != scope.network.link:
        return [], proof.DEPLOY
    if after is None:
        what = "put the address back on the container's link" if before else "start the container"
        return [], f"{what}, or remove the address from containers"
    if not after.link.up:
        return [], DOWN
    if after.link.mode != "bridge" or (shim and shim.mode != "bridge"):
        modes = f"{after.link.name} is in mode {after.link.mode}, {scope.network.link} in {shim.mode if shim else '?'}"
        return [proof.suspect(causes.WRONG_MODE, why=modes)], proof.BRIDGE
    if path.mac and path.mac != after.link.mac:
        why = f"{path.mac} is not the container's MAC address {after.link.mac}"
        suspected = proof.suspect(causes.STALE_NEIGHBOUR, causes.DUPLICATE_IP, why=why)
        return [suspected], f"look for a second holder of {address} with arp_conflict_check"
    if path.mac:
        return [], "check the firewall and the return route in the container: it answers ARP and no pings"
    return [], "check the container's own settings for ARP (arp_ignore, NOARP) and its firewall"
