# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Does the gateway answer a second MAC address on the parent's switch port?

An ARP request without sender address (RFC 5227, 1.1: no neighbour cache is changed by it), or a neighbour solicitation,
from the host's own macvlan link; without one, from a temporary child. When the parent is answered and the link is not,
the network lets only the parent's MAC address through. Pure.
"""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address
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

from . import evidence as proof
from .model import Check, Evidence, Findings, Verdict

KIND = "gateway_from_link"


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
        evidence = (Evidence("link", scope.shim_problem),)
        return Check(name, KIND, source, target, decided=FAIL, evidence=evidence, remedy=proof.DEPLOY)
    if gateway.version == 6 and scope.nd_source(shim) is None:
        reason = f"{link} has no IPv6 address to ask from"
        if all(address.version == 4 for address in scope.network.host_addresses):
            return proof.skipped(name, KIND, source, target, reason)
        evidence = (Evidence("link", reason),)
        return Check(name, KIND, source, target, decided=FAIL, evidence=evidence, remedy=proof.DEPLOY)
    return Check(name, KIND, source, target, (Probe(WHO_HAS, gateway, interface=link),))


def verdict(check: Check, findings: Findings) -> Verdict:
    probe = check.probes[0]
    series = proof.series_of(findings, probe)
    if series.status == PASS:
        return proof.passed(check, series)
    protocol = "ARP" if probe.target.version == 4 else "neighbour discovery"
    parent = findings.before.parent_name
    asked = proof.series_of(findings, Probe(WHO_HAS, probe.target, interface=parent))
    if not series.received and series.errors and probe.interface.startswith(TEMPORARY_CHILD):
        return Verdict(check, SKIPPED, None, (Evidence("reason", series.errors),))
    if not series.received and not asked.received and proof.series_of(findings, Probe(ECHO, probe.target)).received:
        reason = f"the gateway answers pings and no {protocol} requests of this form, the parent's neither ({asked})"
        return Verdict(check, SKIPPED, series, (Evidence("reason", reason),))
    evidence = [*proof.answers(series), *proof.links(findings.after)]
    if not asked.received:
        remedy = "repair the way from the parent to the gateway first"
        evidence.append(Evidence("parent", f"the gateway answers {parent} neither ({asked} {protocol} requests)"))
        return Verdict(check, FAIL, series, tuple(evidence), remedy)
    if len(evidence) > 1:
        return Verdict(check, FAIL, series, tuple(evidence), proof.DEPLOY)
    return _filtered(check, findings, series, asked, protocol)


def _filtered(check: Check, findings: Findings, series: Series, asked: Series, protocol: str) -> Verdict:
    """The link is in order and the parent is answered: it is the MAC address that does not get through."""
    parent, shim = findings.before.parent, findings.before.shim
    mac = f"{shim.mac} of {shim.name}" if shim else "a temporary child's"
    evidence = [
        *proof.answers(series),
        Evidence("parent", f"{asked} {protocol} requests from {parent.name if parent else ''} were answered"),
        Evidence("filter", f"the network filters the link's MAC address: {mac}"),
        Evidence(proof.CAUSE, "mac_limit_after_ageing" if series.received else "mac_filtering_upstream"),
    ]
    remedy = (
        "allow the MAC addresses of macvlan links on the switch port (port security, 802.1X, MAC limit) or in the "
        "hypervisor (forged transmits, MAC address changes), or use ipvlan"
    )
    return Verdict(check, FAIL, series, tuple(evidence), remedy)
