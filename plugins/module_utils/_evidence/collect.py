# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The evidence of one host: snapshot, watch, second snapshot, drift, experiments. It never fails on a broken host."""

from __future__ import annotations

import contextlib
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import field
from typing import cast

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import InvalidInput, Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.requirements import (
    CAP_NET_ADMIN,
    CAP_NET_RAW,
    CAP_SYS_ADMIN,
    check_capabilities,
    check_pyroute2,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.experiments.model import (
    Context,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.experiments.turns import Turn, of_place
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent import network as _networks
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.network import MacvlanNetwork
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.scope import Scope
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.survey import survey
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch import request as _watch_request
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch import watch as _watch
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.path.data import PathsData
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch.timeline import TimelineData

from . import engines, making, snapshot, system
from .live import Live
from .schema import SCHEMA_VERSION, DriftData, HostEvidence, NetworkData, SnapshotData, SystemData


@dataclass(frozen=True)
class CollectOptions:
    """The options of macvlan_diagnose, by their names. Times in seconds."""

    networks: list[dict]
    links: list[dict] = field(default_factory=list)
    container_networks: list[dict] = field(default_factory=list)
    persistence: str = "auto"
    targets: list[str] = field(default_factory=list)
    duration: float = 60.0
    interval: float = 0.5
    after_break: float | None = None
    active: bool = True
    host_id: str = ""
    place: int = 0
    hosts: int = 1
    live: str = ""


def collect(options: CollectOptions) -> HostEvidence:
    """The evidence. Errors: InvalidInput with all that is wrong with the options, or missing to collect anything;
    SystemExit where somebody follows the watch, and nobody is left to read the result."""
    declared = _parse(options)
    live = _live(options.live)
    try:
        return _collected(options, declared, live)
    finally:
        if live is not None:
            live.close()


def _collected(options: CollectOptions, declared: list[MacvlanNetwork], live: Live | None) -> HostEvidence:
    started = time.time()
    problems: list[str] = []
    facts = system.careful("survey", snapshot.read_host, problems)
    before = _snapshot(declared, facts, problems)
    with ThreadPoolExecutor(max_workers=1) as executor:
        scopes = _scopes(declared, facts, problems)
        parents = sorted({scope.parent.name for scope in scopes if scope.parent})
        links = sorted({network.link for network in declared if network.link})
        machine = executor.submit(system.gather, parents, links, declared, problems)
        listening = making.DuringWatch([Context(scope) for scope in scopes] if options.active else [], problems)
        watched = system.careful("watch", lambda: _observed(options, listening, live), problems)
        timeline, paths, turn = watched or (None, None, of_place(options.place, options.hosts))
        known: SystemData = machine.result()
    if timeline and any(event["kind"] == "manager" for event in timeline["events"]):
        system.read_managers_again(known, problems)
    facts = system.careful("survey", snapshot.read_host, problems)
    after = _snapshot(declared, facts, problems)
    scopes = _scopes(declared, facts, problems)
    with ThreadPoolExecutor(max_workers=1) as executor:
        drift = executor.submit(_drift, options, problems)
        containers = executor.submit(_container_drift, options, problems)
        contexts = [_context(scope, timeline, before) for scope in scopes]
        experiments = making.experiments(contexts, options.active, turn, listening, problems)
        listening.close()
    evidence: HostEvidence = {
        "schema": SCHEMA_VERSION,
        "host": options.host_id,
        "started": started,
        "ended": time.time(),
        "networks": [cast(NetworkData, network.as_data()) for network in declared],
        "system": known,
        "before": before,
        "watch": timeline,
        "after": after,
        "drift": drift.result(),
        "experiments": experiments,
        "problems": problems,
    }
    if paths is not None:
        evidence["paths"] = paths
    container_drift = containers.result()
    if container_drift is not None:
        evidence["container_drift"] = container_drift
    return evidence


def _observed(
    options: CollectOptions, listening: making.DuringWatch, live: Live | None
) -> tuple[TimelineData, PathsData | None, Turn | None]:
    """The timeline, the paths of what was lost, and the turn of this host, if it has one. Errors: SystemExit."""
    observer = _watch.Observer(_watch_options(options))
    observer.start()
    try:
        listening.start(
            observer.wait,
            lambda: observer.progress.broken is not None or (live is not None and live.others),
        )
        if live is not None:
            live.attend(observer)
        else:
            observer.wait()
    finally:
        timeline = observer.stop()
    return timeline, observer.paths, _turn(options, live, observer.progress.broken is not None)


def _turn(options: CollectOptions, live: Live | None, broken: bool) -> Turn | None:
    """The turn of this host among those that are diagnosed; None where it need not do what has turns.

    Of hosts that are followed, and whose watches end together, it is known on which something is broken.
    """
    if live is None or not live.followed or options.after_break is None:
        return of_place(options.place, options.hosts)
    if broken and not live.others:
        return Turn()
    return None if live.others and not broken else of_place(options.place, options.hosts)


def _live(token: str) -> Live | None:
    """None where nobody follows the watch, or where that is not possible: it is made all the same."""
    with contextlib.suppress(OSError):
        return Live(token) if token else None
    return None


def _parse(options: CollectOptions) -> list[MacvlanNetwork]:
    problems = Problems()
    declared = _networks.networks(options.networks, problems)
    if not problems:
        _watch_request.parse(_watch_options(options), problems)
    check_pyroute2(problems)
    check_capabilities(problems, CAP_NET_ADMIN, CAP_NET_RAW, CAP_SYS_ADMIN)
    if problems:
        raise InvalidInput(problems)
    return declared


def _watch_options(options: CollectOptions) -> _watch_request.WatchOptions:
    return {
        "networks": options.networks,
        "targets": [{"target": target} for target in options.targets],
        "duration": options.duration,
        "interval": options.interval,
        "after_break": options.after_break,
        "temporary_child": options.active,
    }


def _snapshot(
    declared: list[MacvlanNetwork], facts: snapshot.HostFacts | None, problems: list[str]
) -> SnapshotData | None:
    return None if facts is None else system.careful("snapshot", lambda: snapshot.take(declared, facts), problems)


def _scopes(declared: list[MacvlanNetwork], facts: snapshot.HostFacts | None, problems: list[str]) -> list[Scope]:
    if facts is None:
        return []
    return system.careful("survey", lambda: survey(declared, facts.everywhere), problems) or []


def _drift(options: CollectOptions, problems: list[str]) -> DriftData | None:
    return system.careful("drift", lambda: system.drift(options.links, options.host_id, options.persistence), problems)


def _container_drift(options: CollectOptions, problems: list[str]) -> list[str] | None:
    return system.careful("container networks", lambda: engines.drift(options.container_networks), problems)


def _context(scope: Scope, timeline: TimelineData | None, before: SnapshotData | None) -> Context:
    if timeline is None:
        return Context(scope, [], before)
    targets = [target for target in timeline["targets"] if target["network"] == scope.network.name]
    return Context(scope, targets, before, interval=timeline["interval"], duration=timeline["duration"])
