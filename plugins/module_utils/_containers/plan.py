# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is to be done to the networks of a host's engines, and what of it is refused. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import overlap
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.difference import Difference
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.requirements import version_tuple
from ansible_collections.linuxnet.macvlan.plugins.module_utils._engines.model import (
    ON_PARENT,
    Attachment,
    EngineNetwork,
    NetworkSpec,
)

from . import connected, drift
from .compare import compare, spec
from .desired import DesiredNetwork
from .drift import NetworkDrift

CREATE, REPLACE, REMOVE = "create", "replace", "remove"
#: From this release on, several networks of docker may have one parent (moby#47318).
SHARED_PARENT = (28,)


@dataclass(frozen=True)
class EngineState:
    """What an engine has. endpoints: by the ID of their network, of networks with a parent."""

    name: str
    version: str
    networks: tuple[EngineNetwork, ...]
    endpoints: Mapping[str, tuple[Attachment, ...]] = field(default_factory=dict)

    def of(self, one: EngineNetwork) -> tuple[Attachment, ...]:
        return self.endpoints.get(one.id, ())


@dataclass(frozen=True)
class State:
    """parents: the interface of each desired network, by its key. engines: by name, those that were asked."""

    desired: tuple[DesiredNetwork, ...]
    engines: Mapping[str, EngineState]
    parents: Mapping[str, str]
    recreate: bool = False
    adopt: bool = False
    purge: bool = False


@dataclass(frozen=True)
class NetworkAction:
    """kind: CREATE, REPLACE or REMOVE. found: what is there, with its endpoints. wanted: what shall be there."""

    kind: str
    engine: str
    name: str
    found: EngineNetwork | None = None
    wanted: NetworkSpec | None = None
    endpoints: tuple[Attachment, ...] = ()


@dataclass
class NetworkPlan:
    """drift: what is not as declared, also where there is no action, as the operator has not agreed to it."""

    difference: Difference = field(default_factory=Difference)
    drift: list[NetworkDrift] = field(default_factory=list)
    actions: list[NetworkAction] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def plan(state: State, problems: Problems) -> NetworkPlan:
    """Everything that is refused is a problem; the plan is only valid without any."""
    planned = NetworkPlan()
    for engine, found in _undeclared(state):
        _remove(engine, found, planned, problems)
    for desired in state.desired:
        engine = state.engines[desired.engine]
        same = [one for one in engine.networks if one.name == desired.name]
        if len(same) > 1:
            what = f"{desired.engine} has {len(same)} networks of this name"
            problems.add(f"{desired.key}.name", desired.name, what, f"remove all but one, by its ID: {same[0].id[:12]}")
            planned.drift.append(drift.several(engine.name, same))
        elif same:
            _existing(state, engine, desired, same[0], planned, problems)
        else:
            _create(state, engine, desired, planned, problems)
    return planned


def _undeclared(state: State) -> Iterator[tuple[EngineState, EngineNetwork]]:
    """Networks of this collection that nobody declares any more."""
    declared = {(one.engine, one.name) for one in state.desired}
    for engine in state.engines.values() if state.purge else ():
        for found in engine.networks:
            if found.owned and (engine.name, found.name) not in declared:
                yield engine, found


def _remove(engine: EngineState, found: EngineNetwork, planned: NetworkPlan, problems: Problems) -> None:
    endpoints = engine.of(found)
    planned.drift.append(drift.undeclared(engine.name, found, endpoints))
    if endpoints:
        what = f"it is not declared any more, and containers use it: {connected.names(endpoints)}"
        leave = shlex.join([engine.name, "network", "disconnect", found.name, endpoints[0].name])
        remedy = f"disconnect each ({leave}) or remove it, or declare the network again"
        problems.add(f"{engine.name} network {found.name}", None, what, remedy)
        return
    planned.difference.compare(f"{engine.name} network {found.name}", "", True, None)
    planned.actions.append(NetworkAction(REMOVE, engine.name, found.name, found))


def _create(
    state: State, engine: EngineState, desired: DesiredNetwork, planned: NetworkPlan, problems: Problems
) -> None:
    wanted = spec(desired, state.parents.get(desired.key, ""))
    _free(state, engine, desired, wanted, problems)
    planned.drift.append(drift.absent(engine.name, desired.name))
    planned.difference.compare(str(desired), "", None, True)
    planned.actions.append(NetworkAction(CREATE, engine.name, desired.name, wanted=wanted))


def _existing(
    state: State,
    engine: EngineState,
    desired: DesiredNetwork,
    found: EngineNetwork,
    planned: NetworkPlan,
    problems: Problems,
) -> None:
    if found.driver != "macvlan":
        what = f"{engine.name} has a network of this name with the driver {found.driver}"
        problems.add(f"{desired.key}.name", desired.name, what, "choose another name, or remove that network")
        planned.drift.append(drift.foreign(engine.name, found))
        return
    wanted, endpoints = spec(desired, state.parents.get(desired.key, "")), engine.of(found)
    difference = compare(str(desired), found, wanted)
    planned.drift += drift.differing(engine.name, found, endpoints, difference)
    planned.warnings += connected.warnings(desired, endpoints, bool(difference))
    if not difference:
        return
    before = len(problems)
    _consented(state, desired, found, endpoints, difference, problems)
    if len(problems) == before:
        _free(state, engine, desired, wanted, problems)
        connected.check(desired, wanted, endpoints, problems)
    planned.difference.extend(difference)
    planned.actions.append(NetworkAction(REPLACE, engine.name, desired.name, found, wanted, endpoints))


def _consented(
    state: State,
    desired: DesiredNetwork,
    found: EngineNetwork,
    endpoints: Sequence[Attachment],
    difference: Difference,
    problems: Problems,
) -> None:
    """A problem where the operator has not agreed to what it takes: engines cannot change a network."""
    changes = "; ".join(f"{change.attribute}: {change.words()}" for change in difference)
    where = f"{desired.key}.engine"
    if not found.owned and not state.adopt:
        what = f"{desired} exists, was created by something else and differs ({changes})"
        remedy = (
            "declare it as it is, choose another name, or set container_network_adopt: true and"
            " container_network_recreate: true, which create it again"
        )
        problems.add(where, desired.engine, what + connected.effect(desired.engine, endpoints), remedy)
    elif endpoints and not state.recreate:
        what = f"{desired} differs ({changes}), and an engine cannot change a network"
        remedy = "declare it as it is, or set container_network_recreate: true"
        problems.add(where, desired.engine, what + connected.effect(desired.engine, endpoints), remedy)


def _free(state: State, engine: EngineState, desired: DesiredNetwork, wanted: NetworkSpec, problems: Problems) -> None:
    """A problem for each network that has the parent or a part of a subnet already."""
    leaving = {(name.name, one.id) for name, one in _undeclared(state)}
    for other in engine.networks:
        if other.name == desired.name or (engine.name, other.id) in leaving:
            continue
        if _shares_parent(engine, other, wanted):
            what = f"the {engine.name} network {other.name} has this parent, and {engine.name} allows one on each"
            remedy = f"{engine.name} network rm {other.name}, or use it: declare name: {other.name}"
            problems.add(f"{desired.key}.parent", wanted.parent, what, remedy)
        for mine, theirs in ((mine.subnet, theirs.subnet) for mine in wanted.pools for theirs in other.pools):
            if overlap(mine, theirs):
                what = f"this overlaps {theirs} of the {engine.name} network {other.name}"
                remedy = f"{engine.name} network rm {other.name}, or declare name: {other.name}"
                problems.add(f"{desired.key}.subnet", str(mine), what, remedy)
    _apart_from_other_engines(state, desired, wanted, problems)


def _shares_parent(engine: EngineState, other: EngineNetwork, wanted: NetworkSpec) -> bool:
    alone = engine.name == "docker" and version_tuple(engine.version) < SHARED_PARENT
    return alone and other.driver in ON_PARENT and other.parent == wanted.parent


def _apart_from_other_engines(state: State, desired: DesiredNetwork, wanted: NetworkSpec, problems: Problems) -> None:
    for engine in state.engines.values():
        for other in engine.networks:
            if engine.name == desired.engine or other.driver not in ON_PARENT or other.parent != wanted.parent:
                continue
            for mine in wanted.pools:
                for theirs in other.pools:
                    start, end = theirs.assigned or (theirs.subnet[0], theirs.subnet[-1])
                    ours = mine.assigned
                    if ours and ours[0].version == start.version and ours[0] <= end and start <= ours[1]:  # type: ignore[operator]
                        what = f"the {engine.name} network {other.name} assigns {start}-{end}"
                        remedy = "choose ranges that are apart, or remove one of the two networks"
                        problems.add(f"{desired.key}.container_range", f"{ours[0]}-{ours[1]}", what, remedy)
