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

from .model import Check, CheckResult, Findings, Observation

DEPLOY = "deploy the link with the role linuxnet.macvlan.interfaces or the module macvlan_link"
BRIDGE = "set the mode of both links to bridge, which works on a live link"


def skipped(network: str, kind: str, source: str, target: str, reason: str) -> Check:
    return Check(network, kind, source, target, decided=SKIPPED, evidence=(Observation("reason", reason),))


def no_gateway(scope: Scope, kind: str, source: str) -> Check:
    return skipped(scope.network.name, kind, source, "gateway", "the network declares no gateway")


def no_parent(scope: Scope, kind: str, source: str, target: str) -> Check:
    """The check of a network whose parent is missing."""
    evidence = (Observation("parent", scope.parent_problem),)
    remedy = "correct the parent in macvlan_networks, or restore the interface"
    return Check(scope.network.name, kind, source, target, decided=FAIL, evidence=evidence, remedy=remedy)


def not_run(check: Check) -> CheckResult:
    return CheckResult(check, NOT_RUN)


def decided(check: Check) -> CheckResult:
    """The result that follows from the facts alone, without a packet."""
    return CheckResult(check, check.decided, None, check.evidence, check.remedy)


def series_of(findings: Findings, probe: Probe) -> Series:
    return findings.series.get(probe, Series())


def passed(check: Check, series: Series, *evidence: Observation) -> CheckResult:
    """PASS; a single loss is reported."""
    losses = series.losses
    if losses:
        text = f"one of {series.sent} probes, sent after {losses[0].after:.1f} s, was not answered, the next was"
        evidence = (*evidence, Observation("single_loss", text))
    return CheckResult(check, PASS, series, evidence)


def suspect(*ids: str, why: str = "") -> Observation:
    """The causes that may be behind a loss, by their ids, and why."""
    return Observation("suspected_cause", ": ".join(filter(None, [" or ".join(ids), why])))


def answers(series: Series) -> list[Observation]:
    """How many were answered, and the errors of the kernel for the others."""
    found = [Observation("answered", str(series))]
    if series.errors:
        found.append(Observation("kernel", series.errors))
    return found


def link(role: str, device: Link | None, name: str) -> list[Observation]:
    """What keeps a link from carrying packets; nothing where nothing does."""
    if device is None:
        return [Observation(role, f"{name} is not there")]
    if not device.up:
        return [Observation(role, f"{name} is down")]
    return [] if device.carrier else [Observation(role, f"{name} has no carrier")]


def links(scope: Scope) -> list[Observation]:
    """The same of the parent and of the host's own link."""
    if scope.parent is None:
        return [Observation("parent", scope.parent_problem)]
    found = link("parent", scope.facts.by_index(scope.parent.index), scope.parent.name)
    if scope.shim_problem:
        found.append(Observation("link", scope.shim_problem))
    return found


def route(target: Address, path: Path) -> Observation:
    """Where the kernel sends the target's packets."""
    if path.error:
        return Observation("route", f"the kernel has no route to {target}: {path.error}")
    gateway = f" through {path.gateway}" if path.gateway else ""
    source = f" with source {path.source}" if path.source else ""
    return Observation("route", f"the kernel sends {target} out of {path.interface}{gateway}{source}")


def neighbour(target: Address, path: Path) -> Observation:
    """What the kernel knows of the next hop's MAC address."""
    hop = path.gateway or target
    if path.mac:
        return Observation("neighbour", f"{hop} is {path.mac} ({path.state}) on {path.interface}")
    protocol = "ARP" if hop.version == 4 else "neighbour discovery"
    state = f" ({path.state})" if path.state else ""
    return Observation("neighbour", f"no {protocol} answer for {hop} on {path.interface}{state}")


def holder(address: Address, findings: Findings) -> list[Observation]:
    """Which container of this host has the address, at the start and at the end."""
    before, after = findings.before.holder(address), findings.after.holder(address)
    if after is not None:
        state = "up" if after.link.up else "down"
        text = f"{after.label}: link {after.link.name}, mode {after.link.mode}, MAC {after.link.mac}, {state}"
        why = "somebody else had the address first"
        failed = [suspect(causes.IPV6_DAD_FAILED, why=why)] if after.found.dadfailed else []
        return [Observation("container", text), *failed]
    if before is not None:
        text = f"{before.label}: link {before.link.name} had {address} at the start and has lost it"
        return [Observation("container", text)]
    return [Observation("container", f"no container on this host's {findings.after.parent_name} has {address}")]
