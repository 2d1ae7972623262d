# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Does the gateway answer the host over the parent?

Asked in two ways at once: an echo by normal routing, and an ARP request (for IPv6 a neighbour solicitation) from the
parent. Where a gateway drops pings, its ARP answers count. Pure.
"""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach import causes, kinds
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.kinds import ECHO, WHO_HAS
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.probes import FAIL, PASS, Probe, Series
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.scope import Scope

from . import proof
from .model import Check, CheckFact, CheckResult, Findings

KIND = kinds.GATEWAY_FROM_PARENT


def checks(scope: Scope) -> list[Check]:
    if not scope.network.gateways:
        return [proof.no_gateway(scope, KIND, scope.parent_name)]
    return [_check(scope, gateway) for gateway in scope.network.gateways]


def _check(scope: Scope, gateway: Address) -> Check:
    name, source, target = scope.network.name, scope.parent_name, str(gateway)
    parent = scope.parent
    if parent is None:
        return proof.no_parent(scope, KIND, source, target)
    if scope.own(gateway):
        return proof.skipped(name, KIND, source, target, "this host is the gateway itself")
    probes = []
    if scope.addresses_inside(parent, gateway):
        probes.append(Probe(ECHO, gateway))
    if gateway.version == 4 or scope.nd_source(parent):
        probes.append(Probe(WHO_HAS, gateway, interface=parent.name))
    if not probes:
        return proof.skipped(name, KIND, source, target, f"{source} has no IPv{gateway.version} address to ask from")
    return Check(name, KIND, source, target, tuple(probes))


def verdict(check: Check, findings: Findings) -> CheckResult:
    series = {probe.method: proof.series_of(findings, probe) for probe in check.probes}
    echo, asked = series.get(ECHO), series.get(WHO_HAS)
    protocol = "ARP" if check.probes[0].target.version == 4 else "neighbour discovery"
    if echo is None:
        reason = f"asked by {protocol} alone, {check.source} has no address in the gateway's subnet"
        return _judge(check, findings, asked or Series(), CheckFact("method", reason))
    if not echo.received and asked is not None and asked.received:
        reason = f"the gateway answers no pings ({echo}) but {protocol} ({asked})"
        return _judge(check, findings, asked, CheckFact("method", reason))
    misled = _misled(check, findings)
    if misled and echo.status == PASS:
        remedy = "give the gateway's subnet one connected route only, over the parent"
        return CheckResult(check, FAIL, echo, misled, remedy)
    if echo.status == PASS:
        return proof.passed(check, echo)
    if asked is None:
        return _judge(check, findings, echo)
    answered = f"{asked} requests from {check.source} were answered"
    return _judge(check, findings, echo, CheckFact(protocol, answered))


def _misled(check: Check, findings: Findings) -> tuple[CheckFact, ...]:
    """The route, where it does not lead over the parent."""
    gateway = check.probes[0].target
    path = findings.paths.get(("", gateway))
    if path is None or path.interface == check.source or path.error:
        return ()
    return proof.route(gateway, path), proof.suspect(causes.ROUTE_ORDER)


def _judge(check: Check, findings: Findings, series: Series, *known: CheckFact) -> CheckResult:
    if series.status == PASS:
        return proof.passed(check, series, *known)
    gateway = check.probes[0].target
    evidence = [*known, *proof.answers(series), *proof.links(findings.after)]
    path = findings.paths.get(("", gateway))
    if path is not None:
        evidence += [proof.route(gateway, path), *([] if path.error else [proof.neighbour(gateway, path)])]
    remedy = f"check the cable, the switch port and its VLAN, and whether {gateway} is the gateway"
    if path is not None and (path.error or path.interface != check.source):
        remedy = f"give {check.source} the connected route to the gateway's subnet"
    if findings.after.holder(gateway):
        evidence += [*proof.holder(gateway, findings), proof.suspect(causes.HOST_ISOLATION)]
        remedy = "route the gateway over the host's own macvlan link: it is a container of this host"
    return CheckResult(check, FAIL, series, tuple(evidence), remedy)
