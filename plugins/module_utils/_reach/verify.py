# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Verification of deployed networks: catalogue, soak, results. Changes nothing."""

from __future__ import annotations

import contextlib
import functools
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from ansible_collections.linuxnet.macvlan.plugins.module_utils._announce import unit
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import InvalidInput, Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
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
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.rtnetlink import Rtnetlink
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.checks.model import Check, CheckResult, Findings
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.checks.registry import CHECKS

from . import survey as _survey
from .checks import proof
from .probes import FAIL, STATUSES, Probe, Series
from .scope import Scope
from .soak import Soak, Times, times
from .transports import open_all

if TYPE_CHECKING:
    from ansible_collections.linuxnet.macvlan.plugins.module_utils._engines.api import EngineError

#: Seconds. Duplicate address detection waits up to 1 s and then 1 s for objections (RFC 4862, 5.1 and 5.4.2).
SETTLE_LONGEST = 3.0
SETTLE_STEP = 0.25


@dataclass(frozen=True)
class VerifyReport:
    """All results in the order of the catalogue. started: of the first round, since the epoch; seconds: in all."""

    results: tuple[CheckResult, ...]
    started: float
    seconds: float

    @property
    def failures(self) -> list[CheckResult]:
        """The earliest first; a check that failed from the facts alone counts from the start."""
        failed = [result for result in self.results if result.status == FAIL]
        return sorted(failed, key=lambda result: result.first_loss.after if result.first_loss else 0.0)

    @property
    def message(self) -> str:
        """For people: what failed, the first failure first."""
        failures = self.failures
        if not failures:
            return ""
        return "\n".join([f"{len(failures)} of {len(self.results)} checks failed", *(str(item) for item in failures)])

    def as_data(self) -> dict[str, object]:
        failures = self.failures
        return {
            "checks": [result.as_data(self.started) for result in self.results],
            "passed": not failures,
            "summary": {kind: _count(self.results, kind) for kind in CHECKS},
            "first_failure": str(failures[0]) if failures else None,
            "seconds": round(self.seconds, 1),
        }


def _count(results: tuple[CheckResult, ...], kind: str) -> dict[str, int]:
    """How many checks of a kind have each status."""
    found = [result.status for result in results if result.check.kind == kind]
    names = ("passed", "failed", "skipped", "not_run")
    return {name: found.count(status) for name, status in zip(names, STATUSES)}


def run(
    networks: list[dict],
    soak: float,
    interval: float,
    timeout: float,
    temporary_child: bool = True,
    check: bool = False,
) -> VerifyReport:
    """Verify one host.

    networks: as `Intent.as_data` returns them. soak, interval, timeout: seconds.
    check: only build the catalogue, send nothing.
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

    problems_of_engines = {name: _engine_problem(name) for name in {item.engine for item in declared} - {"none"}}

    def observe() -> list[Scope]:
        found = _survey.survey(declared, _facts.read_all(), temporary_child)
        return [_with_engine(item, problems_of_engines.get(item.network.engine)) for item in found]

    scopes = [_with_unit(scope) for scope in (observe() if check else _settled(observe))]
    catalogue = [(scope, item) for scope in scopes for kind in CHECKS.values() for item in kind.checks(scope)]
    if check:
        unasked = tuple(proof.not_run(item) for dummy, item in catalogue)
        return VerifyReport(unasked, time.time(), time.monotonic() - began)
    results, started = _results(catalogue, rounds, observe)
    return VerifyReport(tuple(results), started, time.monotonic() - began)


def _engine_problem(name: str) -> EngineError | None:
    # most hosts have networks of no engine; what asks one brings the library for HTTP with it
    from ansible_collections.linuxnet.macvlan.plugins.module_utils._engines import presence

    return presence.problem(name)


def _with_engine(scope: Scope, problem: EngineError | None) -> Scope:
    return scope if problem is None else replace(scope, engine_problem=problem.problem, engine_remedy=problem.remedy)


def _with_unit(scope: Scope) -> Scope:
    network = scope.network
    if not network.announce or network.link is None:
        return scope
    return replace(scope, announcer_problem=unit.problem(network.link))


def _settled(observe: Callable[[], list[Scope]]) -> list[Scope]:
    """The scopes, as soon as no address waits for duplicate address detection any more."""
    deadline = time.monotonic() + SETTLE_LONGEST
    while True:
        scopes = observe()
        if not any(scope.settling for scope in scopes) or time.monotonic() >= deadline:
            return scopes
        time.sleep(SETTLE_STEP)


def _results(
    catalogue: list[tuple[Scope, Check]], times: Times, observe: Callable[[], list[Scope]]
) -> tuple[list[CheckResult], float]:
    """The results, and when the first round was."""
    probes = list(dict.fromkeys(probe for dummy, item in catalogue for probe in item.probes))
    paths: dict[tuple[str, Address], Path] = {}
    series: dict[Probe, Series] = {}
    started = time.time()
    if probes:
        with contextlib.ExitStack() as stack:
            transports = open_all(probes, catalogue[0][0], stack)
            netlink = stack.enter_context(Rtnetlink())

            def note(lost: list[Probe]) -> None:
                """Look up the route of what leaves our own namespace, at the moment of the loss."""
                targets = [probe.target for probe in lost if not probe.namespace]
                paths.update({("", target): path for target, path in _paths.lookup_with(netlink, targets).items()})

            note([probe for scope, item in catalogue for probe in item.probes if _routed(probe, scope)])
            started = time.time()
            series = Soak(transports, times, note).run()
    failed = [probe for probe, made in series.items() if made.status == FAIL]
    paths.update(_paths_inside(failed))
    after = {scope.network.name: scope for scope in observe()} if failed else {}
    results = []
    for scope, item in catalogue:
        if item.decided:
            results.append(proof.decided(item))
            continue
        findings = Findings(scope, after.get(scope.network.name, scope), series, paths)
        results.append(CHECKS[item.kind].verdict(item, findings))
    return results, started


def _routed(probe: Probe, scope: Scope) -> bool:
    """Whether the route counts although nothing was lost."""
    network = scope.network
    return probe.target in network.gateways or (network.link is not None and not scope.host_addresses)


def _paths_inside(failed: list[Probe]) -> dict[tuple[str, Address], Path]:
    """The routes of what was lost from inside other namespaces, as they are afterwards."""
    targets: dict[str, list[Address]] = {}
    for probe in failed:
        if probe.namespace:
            targets.setdefault(probe.namespace, []).append(probe.target)
    result = {}
    for namespace, addresses in targets.items():
        with contextlib.suppress(NamespaceGone):
            found = run_in(namespace, functools.partial(_paths.lookup, addresses))
            result.update({(namespace, target): path for target, path in found.items()})
    return result
