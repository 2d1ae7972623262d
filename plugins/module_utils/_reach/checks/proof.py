# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Observations and results that several kinds of check share. Pure."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.facts import Link
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.route_lookup import Path
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach import causes
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.probes import (
    FAIL,
    NOT_RUN,
    PASS,
    SKIPPED,
    Probe,
    Series,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.scope import Scope

from .model import Check, CheckFact, CheckResult, Findings

DEPLOY = "deploy the link with the role linuxnet.macvlan.interfaces or the module macvlan_link"
BRIDGE = "set the mode of both links to bridge, which works on a live link"


def skipped(network: str, kind: str, source: str, target: str, reason: str) -> Check:
    return Check(network, kind, source, target, decided=SKIPPED, evidence=(CheckFact("reason", reason),))


def no_gateway(scope: Scope, kind: str, source: str) -> Check:
    return skipped(scope.network.name, kind, source, "gateway", "the network declares no gateway")


def no_parent(scope: Scope, kind: str, source: str, target: str) -> Check:
    """The check of a network whose parent is missing."""
    evidence = (CheckFact("parent", scope.parent_problem),)
    remedy = "correct the parent in macvlan_networks, or restore the interface"
    return Check(scope.network.name, kind, source, target, decided=FAIL, evidence=evidence, remedy=remedy)


def not_run(check: Check) -> CheckResult:
    return CheckResult(check, NOT_RUN)


def decided(check: Check) -> CheckResult:
    """The result that follows from the facts alone, without a packet."""
    return CheckResult(check, check.decided, None, check.evidence, check.remedy)


def series_of(findings: Findings, probe: Probe) -> Series:
    return findings.series.get(probe, Series())


def passed(check: Check, series: Series, *evidence: CheckFact) -> CheckResult:
    """PASS; a single loss is reported."""
    losses = series.losses
    if losses:
        text = f"one of {series.sent} probes, sent after {losses[0].after:.1f} s, was not answered, the next was"
        evidence = (*evidence, CheckFact("single_loss", text))
    return CheckResult(check, PASS, series, evidence)


def suspect(*ids: str, why: str = "") -> CheckFact:
    """The causes that may be behind a loss, by their ids, and why."""
    return CheckFact("suspected_cause", ": ".join(filter(None, [" or ".join(ids), why])))


def answers(series: Series) -> list[CheckFact]:
    """How many were answered, and the errors of the kernel for the others."""
    found = [CheckFact("answered", str(series))]
    if series.errors:
        found.append(CheckFact("kernel", series.errors))
    return found


def link(role: str, device: Link | None, name: str) -> list[CheckFact]:
    """What keeps a link from carrying packets; nothing where nothing does."""
    if device is None:
        return [CheckFact(role, f"{name} is not there")]
    if not device.up:
        return [CheckFact(role, f"{name} is down")]
    return [] if device.carrier else [CheckFact(role, f"{name} has no carrier")]


def links(scope: Scope) -> list[CheckFact]:
    """The same of the parent and of the host's own link."""
    if scope.parent is None:
        return [CheckFact("parent", scope.parent_problem)]
    found = link("parent", scope.facts.by_index(scope.parent.index), scope.parent.name)
    if scope.shim_problem:
        found.append(CheckFact("link", scope.shim_problem))
    return found


def siblings(scope: Scope) -> list[CheckFact]:
    """Other links of the host in the network's subnets, over which packets may leave."""
    return [
        CheckFact("sibling", f"{link.name} is a {link.kind} link of {scope.parent_name} too, with {item.interface}")
        for link, item in scope.siblings
    ]


def route(target: Address, path: Path) -> CheckFact:
    """Where the kernel sends the target's packets."""
    if path.error:
        return CheckFact("route", f"the kernel has no route to {target}: {path.error}")
    gateway = f" through {path.gateway}" if path.gateway else ""
    source = f" with source {path.source}" if path.source else ""
    return CheckFact("route", f"the kernel sends {target} out of {path.interface}{gateway}{source}")


def neighbour(target: Address, path: Path) -> CheckFact:
    """What the kernel knows of the next hop's MAC address."""
    hop = path.gateway or target
    if path.mac:
        return CheckFact("neighbour", f"{hop} is {path.mac} ({path.state}) on {path.interface}")
    protocol = "ARP" if hop.version == 4 else "neighbour discovery"
    state = f" ({path.state})" if path.state else ""
    return CheckFact("neighbour", f"no {protocol} answer for {hop} on {path.interface}{state}")


def holder(address: Address, findings: Findings) -> list[CheckFact]:
    """Which container of this host has the address, at the start and at the end."""
    before, after = findings.before.holder(address), findings.after.holder(address)
    if after is not None:
        state = "up" if after.link.up else "down"
        text = f"{after.label}: link {after.link.name}, mode {after.link.mode}, MAC {after.link.mac}, {state}"
        why = "somebody else had the address first"
        failed = [suspect(causes.IPV6_DAD_FAILED, why=why)] if after.found.dadfailed else []
        return [CheckFact("container", text), *failed]
    if before is not None:
        text = f"{before.label}: link {before.link.name} had {address} at the start and has lost it"
        return [CheckFact("container", text)]
    return [CheckFact("container", f"no container on this host's {findings.after.parent_name} has {address}")]
