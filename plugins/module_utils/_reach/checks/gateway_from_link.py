# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Does the gateway answer a second MAC address on the parent's switch port?

An ARP request without sender address (RFC 5227, 1.1: no neighbour cache is changed by it), or a neighbour solicitation,
from the host's own macvlan link; without one, from a temporary child. When the parent is answered and the link is not,
the network forwards frames of the parent's MAC address only. Pure.
"""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach import causes, kinds
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.kinds import ECHO, WHO_HAS
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.probes import (
    FAIL,
    PASS,
    SKIPPED,
    TEMPORARY_CHILD,
    Probe,
    Series,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.scope import Scope

from . import proof
from .model import Check, CheckFact, CheckResult, Findings

KIND = kinds.GATEWAY_FROM_LINK


def checks(scope: Scope) -> list[Check]:
    source = scope.network.link or f"temporary child of {scope.parent_name}"
    if not scope.network.gateways:
        return [proof.no_gateway(scope, KIND, source)]
    return [_check(scope, source, gateway) for gateway in scope.network.gateways]


def _check(scope: Scope, source: str, gateway: Address) -> Check:
    name, target, link = scope.network.name, str(gateway), scope.network.link
    if scope.parent is None:
        return proof.no_parent(scope, KIND, source, target)
    if scope.own(gateway):
        return proof.skipped(name, KIND, source, target, "this host is the gateway itself")
    if link is None:
        if not scope.temporary_child:
            reason = "the network declares no host_address, so the host has no link in it, and temporary_child is off"
            return proof.skipped(name, KIND, source, target, reason)
        probe = Probe(WHO_HAS, gateway, interface=TEMPORARY_CHILD + scope.parent.name)
        return Check(name, KIND, source, target, (probe,))
    shim = scope.shim
    if shim is None or scope.shim_problem:
        evidence = (CheckFact("link", scope.shim_problem),)
        return Check(name, KIND, source, target, decided=FAIL, evidence=evidence, remedy=proof.DEPLOY)
    if gateway.version == 6 and scope.nd_source(shim) is None:
        reason = f"{link} has no IPv6 address to ask from"
        if all(address.version == 4 for address in scope.network.host_addresses):
            return proof.skipped(name, KIND, source, target, reason)
        evidence = (CheckFact("link", reason),)
        return Check(name, KIND, source, target, decided=FAIL, evidence=evidence, remedy=proof.DEPLOY)
    return Check(name, KIND, source, target, (Probe(WHO_HAS, gateway, interface=link),))


def verdict(check: Check, findings: Findings) -> CheckResult:
    probe = check.probes[0]
    series = proof.series_of(findings, probe)
    if series.status == PASS:
        return proof.passed(check, series)
    protocol = "ARP" if probe.target.version == 4 else "neighbour discovery"
    parent = findings.before.parent_name
    asked = proof.series_of(findings, Probe(WHO_HAS, probe.target, interface=parent))
    if not series.received and series.errors and probe.interface.startswith(TEMPORARY_CHILD):
        return CheckResult(check, SKIPPED, None, (CheckFact("reason", series.errors),))
    if not series.received and not asked.received and proof.series_of(findings, Probe(ECHO, probe.target)).received:
        reason = f"the gateway answers pings and no {protocol} requests of this form, nor the parent's ({asked})"
        return CheckResult(check, SKIPPED, series, (CheckFact("reason", reason),))
    evidence = [*proof.answers(series), *proof.links(findings.after)]
    if not asked.received:
        remedy = "repair the path from the parent to the gateway first"
        silent = f"the gateway does not answer {parent} either ({asked} {protocol} requests)"
        evidence.append(CheckFact("parent", silent))
        return CheckResult(check, FAIL, series, tuple(evidence), remedy)
    if len(evidence) > 1:
        return CheckResult(check, FAIL, series, tuple(evidence), proof.DEPLOY)
    return _filtered(check, findings, series, asked, protocol)


def _filtered(check: Check, findings: Findings, series: Series, asked: Series, protocol: str) -> CheckResult:
    """The link works and the parent is answered: frames of the link's MAC address are dropped on the way."""
    parent, shim = findings.before.parent, findings.before.shim
    mac = f"{shim.mac} of {shim.name}" if shim else "a temporary child's"
    evidence = [
        *proof.answers(series),
        CheckFact("parent", f"{asked} {protocol} requests from {parent.name if parent else ''} were answered"),
        CheckFact("filter", f"the network filters the link's MAC address: {mac}"),
        proof.suspect(causes.MAC_LIMIT_AFTER_AGEING if series.received else causes.MAC_FILTERING_UPSTREAM),
    ]
    remedy = (
        "allow the MAC addresses of macvlan links on the switch port (port security, 802.1X, MAC limit) or in the "
        "hypervisor (forged transmits, MAC address changes), or use ipvlan"
    )
    return CheckResult(check, FAIL, series, tuple(evidence), remedy)
