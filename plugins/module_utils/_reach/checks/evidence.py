# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Evidence that several kinds of check give, and the verdicts that they share. Pure."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.facts import Link
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.route_lookup import Path
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.probes import (
    FAIL,
    NOT_RUN,
    PASS,
    SKIPPED,
    Probe,
    Series,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.scope import Scope

from .model import Check, Evidence, Findings, Verdict

#: What ``what`` says where a cause is named. The names are those of the collection's list of causes.
CAUSE = "suspected_cause"

DEPLOY = "deploy the link with the role linuxnet.macvlan.interfaces or the module macvlan_link"
BRIDGE = "set the mode of both links to bridge, which works on a live link"


def skipped(network: str, kind: str, source: str, target: str, reason: str) -> Check:
    return Check(network, kind, source, target, decided=SKIPPED, evidence=(Evidence("reason", reason),))


def no_gateway(scope: Scope, kind: str, source: str) -> Check:
    return skipped(scope.network.name, kind, source, "gateway", "the network declares no gateway")


def no_parent(scope: Scope, kind: str, source: str, target: str) -> Check:
    """The check of a network whose parent is not there."""
    evidence = (Evidence("parent", scope.parent_problem),)
    remedy = "correct the parent in macvlan_networks, or bring the interface back"
    return Check(scope.network.name, kind, source, target, decided=FAIL, evidence=evidence, remedy=remedy)


def not_run(check: Check) -> Verdict:
    return Verdict(check, NOT_RUN)


def decided(check: Check) -> Verdict:
    """The verdict that the facts gave without a packet."""
    return Verdict(check, check.decided, None, check.evidence, check.remedy)


def series_of(findings: Findings, probe: Probe) -> Series:
    return findings.series.get(probe, Series())


def passed(check: Check, series: Series, *evidence: Evidence) -> Verdict:
    """PASS; a single loss is told."""
    losses = series.losses
    if losses:
        text = f"one of {series.sent} probes, sent after {losses[0].after:.1f} s, was not answered, the next was"
        evidence = (*evidence, Evidence("single_loss", text))
    return Verdict(check, PASS, series, evidence)


def answers(series: Series) -> list[Evidence]:
    """How many were answered, and what the kernel said to the others."""
    found = [Evidence("answered", str(series))]
    if series.errors:
        found.append(Evidence("kernel", series.errors))
    return found


def link(role: str, device: Link | None, name: str) -> list[Evidence]:
    """What keeps a link from carrying packets; nothing where nothing does."""
    if device is None:
        return [Evidence(role, f"{name} is not there")]
    if not device.up:
        return [Evidence(role, f"{name} is down")]
    return [] if device.carrier else [Evidence(role, f"{name} has no carrier")]


def links(scope: Scope) -> list[Evidence]:
    """The same of the parent and of the host's own link."""
    if scope.parent is None:
        return [Evidence("parent", scope.parent_problem)]
    found = link("parent", scope.facts.by_index(scope.parent.index), scope.parent.name)
    if scope.shim_problem:
        found.append(Evidence("link", scope.shim_problem))
    return found


def route(target: Address, path: Path) -> Evidence:
    """Where the kernel sends the target's packets."""
    if path.error:
        return Evidence("route", f"the kernel has no way to {target}: {path.error}")
    gateway = f" through {path.gateway}" if path.gateway else ""
    source = f" with source {path.source}" if path.source else ""
    return Evidence("route", f"the kernel sends {target} out of {path.interface}{gateway}{source}")


def neighbour(target: Address, path: Path) -> Evidence:
    """What the kernel knows of the next hop's MAC address."""
    hop = path.gateway or target
    if path.mac:
        return Evidence("neighbour", f"{hop} is {path.mac} ({path.state}) on {path.interface}")
    protocol = "ARP" if hop.version == 4 else "neighbour discovery"
    state = f" ({path.state})" if path.state else ""
    return Evidence("neighbour", f"no {protocol} answer for {hop} on {path.interface}{state}")


def holder(address: Address, findings: Findings) -> list[Evidence]:
    """Which container of this host has the address, at the start and at the end."""
    before, after = findings.before.holder(address), findings.after.holder(address)
    if after is not None:
        state = "up" if after.link.up else "down"
        text = f"{after.label}: link {after.link.name}, mode {after.link.mode}, MAC {after.link.mac}, {state}"
        failed = (
            [Evidence(CAUSE, "ipv6_dad_failed: somebody else had the address first")] if after.found.dadfailed else []
        )
        return [Evidence("container", text), *failed]
    if before is not None:
        text = f"{before.label}: link {before.link.name} had {address} at the start and has not now"
        return [Evidence("container", text)]
    return [Evidence("container", f"no container on this host's {findings.after.parent_name} has {address}")]
