# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Verification of deployed networks: catalogue, soak, verdicts. Changes nothing."""

from __future__ import annotations

import contextlib
import functools
import time
from collections.abc import Callable
from dataclasses import dataclass

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import InvalidInput, Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.requirements import (
    CAP_NET_ADMIN,
    CAP_NET_RAW,
    CAP_SYS_ADMIN,
    check_capabilities,
    check_pyroute2,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent import network as _networks
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel import read as _facts
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel import route_lookup as _paths
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.netns import NamespaceGone, run_in
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.route_lookup import Path
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.checks.model import Check, Findings, Verdict
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.checks.registry import KINDS

from . import survey as _survey
from .checks import evidence
from .kinds import ECHO
from .probes import FAIL, STATUSES, Probe, Series
from .scope import Scope
from .soak import Soak, Times, times
from .transports import open_all

#: Seconds. Duplicate address detection waits up to 1 s and then 1 s for objections (RFC 4862, 5.1 and 5.4.2).
SETTLE_LONGEST = 3.0
SETTLE_STEP = 0.25


@dataclass(frozen=True)
class Report:
    """All verdicts in the order of the catalogue. started: of the first round, since the epoch; seconds: in all."""

    verdicts: tuple[Verdict, ...]
    started: float
    seconds: float

    @property
    def failures(self) -> list[Verdict]:
        """Those that were lost first come first; those that failed from the facts alone are there from the start."""
        failed = [verdict for verdict in self.verdicts if verdict.status == FAIL]
        return sorted(failed, key=lambda verdict: verdict.first_loss.after if verdict.first_loss else 0.0)

    @property
    def message(self) -> str:
        """For people: what failed, the first failure first."""
        failures = self.failures
        if not failures:
            return ""
        return "\n".join([f"{len(failures)} of {len(self.verdicts)} checks failed", *(str(item) for item in failures)])

    def as_data(self) -> dict[str, object]:
        failures = self.failures
        return {
            "checks": [verdict.as_data(self.started) for verdict in self.verdicts],
            "passed": not failures,
            "summary": {kind: _count(self.verdicts, kind) for kind in KINDS},
            "first_failure": str(failures[0]) if failures else None,
            "seconds": round(self.seconds, 1),
        }


def _count(verdicts: tuple[Verdict, ...], kind: str) -> dict[str, int]:
    """How many checks of a kind came out in each way."""
    found = [verdict.status for verdict in verdicts if verdict.check.kind == kind]
    names = ("passed", "failed", "skipped", "not_run")
    return {name: found.count(status) for name, status in zip(names, STATUSES)}


def run(
    networks: list[dict],
    soak: float,
    interval: float,
    timeout: float,
    temporary_child: bool = True,
    check: bool = False,
) -> Report:
    """Verify one host.

    networks: as `Intent.as_data` gives them. soak, interval, timeout: seconds.
    check: make the catalogue and send nothing.
    Errors: InvalidInput with all problems.
    """
    began = time.monotonic()
    problems = Problems()
    declared = _networks.networks(networks, problems)
    rounds = times(soak, interval, timeout, problems)
    check_pyroute2(problems)
    check_capabilities(problems, CAP_NET_ADMIN, CAP_NET_RAW, CAP_SYS_ADMIN)
    if problems:
        raise InvalidInput(problems)

    def look() -> list[Scope]:
        return _survey.survey(declared, _facts.read_all(), temporary_child)

    scopes = look() if check else _settled(look)
    catalogue = [(scope, item) for scope in scopes for kind in KINDS.values() for item in kind.checks(scope)]
    if check:
        return Report(tuple(evidence.not_run(item) for dummy, item in catalogue), time.time(), time.monotonic() - began)
    verdicts, started = _verdicts(catalogue, rounds, look)
    return Report(tuple(verdicts), started, time.monotonic() - began)


def _settled(look: Callable[[], list[Scope]]) -> list[Scope]:
    """The scopes, as soon as no address waits for duplicate address detection any more."""
    deadline = time.monotonic() + SETTLE_LONGEST
    while True:
        scopes = look()
        if not any(scope.settling for scope in scopes) or time.monotonic() >= deadline:
            return scopes
        time.sleep(SETTLE_STEP)


def _verdicts(
    catalogue: list[tuple[Scope, Check]], times: Times, look: Callable[[], list[Scope]]
) -> tuple[list[Verdict], float]:
    """The verdicts, and when the first round was."""
    probes = list(dict.fromkeys(probe for dummy, item in catalogue for probe in item.probes))
    paths: dict[tuple[str, Address], Path] = {}
    series: dict[Probe, Series] = {}
    started = time.time()
    if probes:
        with contextlib.ExitStack() as stack:
            transports = open_all(probes, catalogue[0][0], stack)
            netlink = stack.enter_context(_facts.open_rtnetlink())

            def note(lost: list[Probe]) -> None:
                """The way of what leaves our own namespace, at the moment of the loss."""
                targets = [probe.target for probe in lost if probe.method == ECHO and not probe.namespace]
                paths.update({("", target): path for target, path in _paths.look_with(netlink, targets).items()})

            note(
                [probe for scope, item in catalogue for probe in item.probes if probe.target in scope.network.gateways]
            )
            started = time.time()
            series = Soak(transports, times, note).run()
    failed = [probe for probe, made in series.items() if made.status == FAIL]
    paths.update(_paths_inside(failed))
    after = {scope.network.name: scope for scope in look()} if failed else {}
    verdicts = []
    for scope, item in catalogue:
        if item.decided:
            verdicts.append(evidence.decided(item))
            continue
        findings = Findings(scope, after.get(scope.network.name, scope), series, paths)
        verdicts.append(KINDS[item.kind].verdict(item, findings))
    return verdicts, started


def _paths_inside(failed: list[Probe]) -> dict[tuple[str, Address], Path]:
    """The ways of what was lost from inside other namespaces, as they are when it is over."""
    targets: dict[str, list[Address]] = {}
    for probe in failed:
        if probe.namespace:
            targets.setdefault(probe.namespace, []).append(probe.target)
    result = {}
    for namespace, addresses in targets.items():
        with contextlib.suppress(NamespaceGone):
            found = run_in(namespace, functools.partial(_paths.look, addresses))
            result.update({(namespace, target): path for target, path in found.items()})
    return result
