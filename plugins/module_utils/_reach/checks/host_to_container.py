# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Does each container answer its host?

An echo by normal routing to each container address, declared or found on the parent's macvlan links in other
namespaces. Pure.
"""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent import ways as _ways
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.route_lookup import Path
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach import causes, declined, kinds
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.kinds import ECHO, TCP, WHO_HAS
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.probes import (
    FAIL,
    PASS,
    SKIPPED,
    Probe,
    TcpProbe,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.scope import Container, Scope

from . import proof
from .model import Check, CheckFact, CheckResult, Findings

KIND = kinds.HOST_TO_CONTAINER
SOURCE = "host"


def checks(scope: Scope) -> list[Check]:
    return [*_engine(scope), *_containers(scope)]


def _engine(scope: Scope) -> list[Check]:
    """A declared engine that cannot be used, as a check that fails: whatever answers, it starts no container."""
    if not scope.engine_problem:
        return []
    evidence = (CheckFact("engine", scope.engine_problem), proof.suspect(causes.ENGINE_STOPPED))
    name, engine = scope.network.name, scope.network.engine
    return [Check(name, KIND, SOURCE, engine, decided=FAIL, evidence=evidence, remedy=scope.engine_remedy)]


def _containers(scope: Scope) -> list[Check]:
    name = scope.network.name
    if scope.network.link is None:
        return [_isolated(scope)]
    if scope.parent is None:
        return [proof.no_parent(scope, KIND, SOURCE, "containers")]
    addresses = {*scope.network.containers, *(item.address for item in (*scope.containers, *scope.strays))}
    made = [_check(scope, address) for address in sorted(addresses, key=lambda item: (item.version, int(item)))]
    return made or [proof.skipped(name, KIND, SOURCE, "containers", "no container is declared, and none was found")]


def _isolated(scope: Scope) -> Check:
    """Without a link of the host there is nothing to ask; containers that run all the same are named."""
    found = [*scope.containers, *scope.strays]
    evidence = [CheckFact("reason", ISOLATED)]
    if found:
        names = ", ".join(f"{item.address} ({item.label})" for item in found[:5])
        evidence.append(CheckFact(UNCHECKED, f"{names} on {scope.parent_name}: {UNDECLARED}"))
    return Check(scope.network.name, KIND, SOURCE, "containers", decided=SKIPPED, evidence=tuple(evidence))


#: What containers are reported under that nothing is declared about, and what to do about it.
UNCHECKED = "unchecked"
UNDECLARED = (
    "the host does not reach them; declare host_address and container_range for the network in macvlan_networks, and"
    " run linuxnet.macvlan.site"
)
#: Why host and containers are not checked where the host has no link in the network.
ISOLATED = (
    "the network declares no host_address: macvlan isolates a parent from its children, so host and containers do not "
    "reach each other by design"
)

#: What helps where a container has an address that the host does not expect.
OUTSIDE = (
    "give the container an address of the container_range, which the engine assigns by itself where its network has"
    " that as ip-range; or add the address to containers in macvlan_networks, and deploy the link"
)
#: What helps where the link of a container is down.
DOWN = "restart the container: its engine then sets the link up, with its address and routes"


def _check(scope: Scope, address: Address) -> Check:
    own = scope.own(address)
    if own is None:
        return Check(scope.network.name, KIND, SOURCE, str(address), (_probe(scope, address),))
    evidence = (
        CheckFact("address", f"the host itself has {address}, on {own.name}"),
        proof.suspect(causes.ADDRESS_BELONGS_TO_HOST),
    )
    remedy = "give the container another address"
    return Check(scope.network.name, KIND, SOURCE, str(address), (), FAIL, evidence, remedy)


def _probe(scope: Scope, address: Address) -> Probe:
    """As it is declared, else an echo."""
    way = _ways.of(scope.network.checks, address)
    if way is not None and way.method == _ways.ARP:
        return Probe(WHO_HAS, address, interface=scope.network.link or "")
    if way is not None and way.method == _ways.TCP:
        return TcpProbe(TCP, address, port=way.port)
    return Probe(ECHO, address)


def _said(probe: Probe) -> list[CheckFact]:
    """How it was asked, where not by pings."""
    if isinstance(probe, TcpProbe):
        return [CheckFact("method", f"asked by connections to TCP port {probe.port}, as declared")]
    protocol = "ARP" if probe.target.version == 4 else "neighbour discovery"
    return [CheckFact("method", f"asked by {protocol}, as declared")] if probe.method == WHO_HAS else []


def _source(address: Address, findings: Findings) -> list[CheckFact]:
    """From where the host asked, where its link has no address of its own."""
    path, scope = findings.paths.get(("", address)), findings.before
    if path is None or path.source is None or scope.host_addresses:
        return []
    holder = scope.own(path.source)
    of = f", the address of {holder.name}" if holder else ""
    return [CheckFact("source", f"{scope.network.link} has no address of its own: asked from {path.source}{of}")]


def verdict(check: Check, findings: Findings) -> CheckResult:
    probe = check.probes[0]
    address = probe.target
    series = proof.series_of(findings, probe)
    if series.status == PASS:
        return proof.passed(check, series, *_said(probe), *_source(address, findings))
    before, after = findings.before.holder(address), findings.after.holder(address)
    declared = address in findings.before.network.containers
    if before and not declared and before.identity not in findings.after.namespaces:
        return CheckResult(
            check, SKIPPED, series, (CheckFact("reason", f"{before.label} ended while it was being checked"),)
        )
    path = findings.paths.get(("", address), Path())
    chosen = declined.choice(probe, series, path.mac, findings.after, findings.series)
    if chosen:
        return CheckResult(check, PASS, series, (CheckFact("method", chosen),))
    evidence = [*proof.answers(series), *_said(probe), proof.route(address, path)]
    cause, remedy = _cause(probe, path, before, after, findings.after)
    if not path.error:
        evidence.append(proof.neighbour(address, path))
    evidence += [*proof.links(findings.after), *proof.siblings(findings.after)]
    evidence += [*proof.holder(address, findings), *cause]
    return CheckResult(check, FAIL, series, tuple(evidence), remedy)


def _cause(
    probe: Probe, path: Path, before: Container | None, after: Container | None, scope: Scope
) -> tuple[list[CheckFact], str]:
    """What explains the loss, and the remedy; the first that fits."""
    address, shim = probe.target, scope.shim
    if after in scope.strays and path.interface != scope.network.link:
        where = "the declared container_range" if scope.network.ranges else "what containers declares"
        why = f"{address} is outside of {where}, so no route over {scope.network.link} leads to it"
        return [proof.suspect(causes.CONTAINER_OUTSIDE_RANGE, why=why)], OUTSIDE
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
    if path.mac and isinstance(probe, TcpProbe):
        return [], f"start what listens at TCP port {probe.port} in the container, or set another check for it"
    if path.mac:
        return [], (
            "check the firewall and the return route in the container: it answers ARP and no pings. Where it is to drop"
            " pings, set check: arp, or tcp:PORT, for the network in macvlan_networks"
        )
    return [], "check the container's own settings for ARP (arp_ignore, NOARP) and its firewall"
