# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The evidence of one host: snapshot, watch, second snapshot, drift, experiments. Never fails on a sick host."""

from __future__ import annotations

import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import InvalidInput, Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.requirements import (
    CAP_NET_ADMIN,
    CAP_NET_RAW,
    CAP_SYS_ADMIN,
    check_capabilities,
    check_pyroute2,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.experiments.model import (
    ASKING,
    REPAIRING,
    Context,
    Experiment,
)
from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.experiments.registry import EXPERIMENTS
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent import network as _networks
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.network import MacvlanNetwork
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.scope import Scope
from ansible_collections.linuxnet.macvlan.plugins.module_utils._reach.survey import survey
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch import request as _watch_request
from ansible_collections.linuxnet.macvlan.plugins.module_utils._watch import watch as _watch

from . import snapshot, system

#: Of the evidence; a reader of another schema has to refuse it.
SCHEMA = 1
#: Experiments that run at the same time.
PARALLEL = 16


@dataclass(frozen=True)
class Options:
    """The options of macvlan_diagnose, by their names. Times in seconds."""

    networks: list[dict]
    links: list[dict] = field(default_factory=list)
    persistence: str = "auto"
    targets: list[str] = field(default_factory=list)
    duration: float = 60.0
    interval: float = 0.5
    after_break: float | None = None
    active: bool = True
    host_id: str = ""


def collect(options: Options) -> dict[str, Any]:
    """The evidence. Errors: InvalidInput with everything that is wrong with the options, or missing to look at all."""
    declared = _parse(options)
    started = time.time()
    problems: list[str] = []
    seen = _look(problems)
    before = _snapshot(declared, seen, problems)
    with ThreadPoolExecutor(max_workers=1) as executor:
        parents = sorted({scope.parent.name for scope in _scopes(declared, seen, problems) if scope.parent})
        links = sorted({network.link for network in declared if network.link})
        machine = executor.submit(system.gather, parents, links, problems)
        timeline = system.careful("watch", lambda: _watch.observe(_request(options)), problems)
        known = machine.result()
    if any(event["kind"] == "manager" for event in (timeline or {}).get("events", [])):
        known.update(system.managers(problems))
    seen = _look(problems)
    after = _snapshot(declared, seen, problems)
    scopes = _scopes(declared, seen, problems)
    with ThreadPoolExecutor(max_workers=1) as executor:
        drift = executor.submit(_drift, options, problems)
        experiments = _experiments(declared, scopes, timeline or {}, before or {}, options.active, problems)
    return {
        "schema": SCHEMA,
        "host": options.host_id,
        "started": started,
        "ended": time.time(),
        "networks": options.networks,
        "system": known,
        "before": before,
        "watch": timeline,
        "after": after,
        "drift": drift.result(),
        "experiments": experiments,
        "problems": problems,
    }


def _parse(options: Options) -> list[MacvlanNetwork]:
    problems = Problems()
    declared = _networks.networks(options.networks, problems)
    if not problems:
        _watch_request.parse(_request(options), problems)
    check_pyroute2(problems)
    check_capabilities(problems, CAP_NET_ADMIN, CAP_NET_RAW, CAP_SYS_ADMIN)
    if problems:
        raise InvalidInput(problems)
    return declared


def _request(options: Options) -> dict[str, Any]:
    return {
        "networks": options.networks,
        "targets": [{"target": target} for target in options.targets],
        "duration": options.duration,
        "interval": options.interval,
        "after_break": options.after_break,
        "temporary_child": options.active,
    }


def _look(problems: list[str]) -> snapshot.Seen | None:
    found: snapshot.Seen | None = system.careful("survey", snapshot.look, problems)
    return found


def _snapshot(declared: list[MacvlanNetwork], seen: snapshot.Seen | None, problems: list[str]) -> Any:
    return None if seen is None else system.careful("snapshot", lambda: snapshot.take(declared, seen), problems)


def _scopes(declared: list[MacvlanNetwork], seen: snapshot.Seen | None, problems: list[str]) -> list[Scope]:
    if seen is None:
        return []
    return system.careful("survey", lambda: survey(declared, seen.everywhere), problems) or []


def _drift(options: Options, problems: list[str]) -> Any:
    return system.careful("drift", lambda: system.drift(options.links, options.host_id, options.persistence), problems)


def _experiments(
    declared: list[MacvlanNetwork],
    scopes: list[Scope],
    timeline: dict[str, Any],
    before: dict[str, Any],
    active: bool,
    problems: list[str],
) -> list[dict[str, Any]]:
    """Every experiment for every network: its result, or why it was not made."""
    contexts = [_context(scope, declared, timeline, before) for scope in scopes]
    tasks = [(experiment, context) for experiment in EXPERIMENTS for context in contexts]
    if not active:
        return [_not_made(*task, "experiments are turned off (diagnose_active: false)") for task in tasks]
    with ThreadPoolExecutor(max_workers=PARALLEL) as executor:
        asking = _of(tasks, ASKING)
        made = list(executor.map(lambda task: _made(task[0], task[1], problems), asking))
    knowing = [(experiment, replace(context, made=_results(made, context))) for experiment, context in tasks]
    return made + [_made(task[0], task[1], problems) for task in _of(knowing, REPAIRING)]


def _results(made: list[dict[str, Any]], context: Context) -> dict[str, Any]:
    return {item["id"]: item["result"] for item in made if item["ran"] and item["network"] == context.network.name}


def _of(tasks: Iterable[tuple[Experiment, Context]], phase: str) -> list[tuple[Experiment, Context]]:
    return [task for task in tasks if task[0].phase == phase]


def _context(scope: Scope, declared: list[MacvlanNetwork], timeline: dict[str, Any], before: dict[str, Any]) -> Context:
    targets = [target for target in timeline.get("targets", []) if target["network"] == scope.network.name]
    return Context(scope, declared, targets, timeline.get("events", []), before)


def _made(experiment: Experiment, context: Context, problems: list[str]) -> dict[str, Any]:
    name = f"{experiment.id} on {context.network.name}"
    reasons: list[str] = []
    why_not = system.careful(name, lambda: experiment.why_not(context), reasons)
    if why_not or reasons:
        problems.extend(reasons)
        return _not_made(experiment, context, why_not or reasons[0])
    at = snapshot.now()
    result = system.careful(name, lambda: experiment.run(context), reasons)
    problems.extend(reasons)
    if result is None:
        return _not_made(experiment, context, reasons[0] if reasons else "it gave no result")
    return {
        "id": experiment.id,
        "network": context.network.name,
        "at": at,
        "ran": True,
        "sent": experiment.sends,
        "why_not": None,
        "result": result,
    }


def _not_made(experiment: Experiment, context: Context, reason: str) -> dict[str, Any]:
    return {
        "id": experiment.id,
        "network": context.network.name,
        "at": None,
        "ran": False,
        "sent": "",
        "why_not": reason,
        "result": None,
    }
