# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run of container_network: ask the engines, plan everything, then write, then read back."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Dict, Union

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.addresses import Address
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.files import require_directories
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import InvalidInput, Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._confirm.lock import held
from ansible_collections.linuxnet.macvlan.plugins.module_utils._confirm.request import NO_REQUEST
from ansible_collections.linuxnet.macvlan.plugins.module_utils._engines import docker, podman, presence
from ansible_collections.linuxnet.macvlan.plugins.module_utils._engines.api import EngineError, Missing, Unanswered
from ansible_collections.linuxnet.macvlan.plugins.module_utils._engines.docker import Docker
from ansible_collections.linuxnet.macvlan.plugins.module_utils._engines.model import MACVLAN, ON_PARENT, addresses
from ansible_collections.linuxnet.macvlan.plugins.module_utils._engines.podman import Podman
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent import parents as _parents
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel import read as _kernel
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.decode import decode
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.netlink import RTM_NEWNEIGH
from ansible_collections.linuxnet.macvlan.plugins.module_utils._kernel.rtnetlink import Rtnetlink, encode

from . import record as _record
from .compare import compare, spec
from .desired import DesiredNetwork, parse
from .drift import NetworkDrift, unfinished
from .plan import CREATE, REMOVE, EngineState, NetworkAction, NetworkPlan, State, plan
from .proposal import Proposal, lines
from .proposal import of as proposal_of
from .record import ReplaceRecord
from .replace import complete, replace

Engine = Union[Docker, Podman]
#: What a module returns.
JsonResult = Dict[str, Any]


@dataclass(frozen=True)
class ContainerOptions:
    """Of the module. engines: those that are asked although no network names them, where they are there.

    taken, offered: addresses that a proposal avoids.
    """

    networks: list[dict]
    engines: list[str]
    purge: bool = False
    recreate: bool = False
    adopt: bool = False
    docker_socket: str = docker.SOCKET
    podman_socket: str = podman.SOCKET
    taken: list[str] = dataclasses.field(default_factory=list)
    offered: list[str] = dataclasses.field(default_factory=list)


class NotConsented(InvalidInput):
    """What the plan refuses. drift: what is not as declared all the same. proposals: how to go on."""

    def __init__(
        self, problems: Problems, drift: Iterable[NetworkDrift] = (), proposals: Iterable[Proposal] = ()
    ) -> None:
        super().__init__(problems)
        self.drift = [one.as_data() for one in drift]
        self.proposals = list(proposals)

    def __str__(self) -> str:
        return "\n".join([super().__str__(), *(line for one in self.proposals for line in lines(one))])


class NotAsDeclared(Exception):
    """What was read back is not what was declared."""


def converge(options: ContainerOptions, check: bool) -> JsonResult:
    """What the module returns. Errors: InvalidInput and Busy before the first write; ReplaceFailed, EngineError,
    NotAsDeclared and OSError after it."""
    require_directories(Problems())
    problems = Problems()
    desired = parse(options.networks, problems)
    # without a range, what the engine has says which to declare
    if problems and not (check and any(pool.assigned is None for one in desired for pool in one.pools)):
        raise InvalidInput(problems)
    with contextlib.ExitStack() as stack:
        if not check:
            stack.enter_context(held(NO_REQUEST))
        return _converge(options, desired, check, stack, problems)


def _converge(
    options: ContainerOptions,
    desired: list[DesiredNetwork],
    check: bool,
    stack: contextlib.ExitStack,
    problems: Problems,
) -> JsonResult:
    """problems: of the options, with which nothing but a proposal is made."""
    invalid = bool(problems)
    warnings: list[str] = []
    engines = _open(options, desired, stack, problems, warnings)
    if any(one.engine not in engines for one in desired):
        raise InvalidInput(problems)
    records = [_there(one, engines[one.engine]) for one in _record.read() if one.engine in engines]
    state = _state(options, desired, engines, records, problems)
    if invalid:
        raise NotConsented(problems, proposals=_proposals(options, state))
    planned = plan(state, problems)
    if problems:
        raise NotConsented(problems, planned.drift, _proposals(options, state))
    messages = [*map(_unfinished, records), *planned.difference.messages()]
    left = [] if not check else [_unfinished_drift(one) for one in records]
    if messages and not check:
        state, planned = _apply(options, desired, engines, records, planned)
    return {
        "changed": bool(messages),
        "messages": messages,
        "networks": _rows(state),
        "drift": [one.as_data() for one in (*left, *planned.drift)],
        "diff": [*map(_unfinished_diff, records), *planned.difference.ansible_diff()],
        "msg": "; ".join(messages) or "all container networks are as declared",
        "warnings": [*warnings, *planned.warnings],
    }


def _proposals(options: ContainerOptions, state: State) -> list[Proposal]:
    """For each network that was made by something else and differs, or whose declaration has no range."""
    taken = [*addresses(*options.taken), *_neighbours(), *(one.interface.ip for one in _kernel.read(False).addresses)]
    offered, found = addresses(*options.offered), []
    for desired in state.desired:
        engine = state.engines[desired.engine]
        same = [one for one in engine.networks if one.name == desired.name and one.driver == MACVLAN]
        there = same[0] if len(same) == 1 else None
        gap = any(pool.assigned is None for pool in desired.pools)
        parent = state.parents.get(desired.key, "")
        others = [
            item for one in engine.networks if one is not there for end in engine.of(one) for item in end.addresses
        ]
        foreign = there is not None and not there.owned and not state.adopt
        if parent and (gap or (foreign and compare(str(desired), there, spec(desired, parent)))):  # type: ignore[arg-type]
            endpoints = () if there is None else engine.of(there)
            known = None if there is None or there.owned else there
            found.append(proposal_of(desired, parent, known, endpoints, [*taken, *others], offered))
    return found


def _neighbours() -> list[Address]:
    """Addresses that the kernel knows somebody to have."""
    with Rtnetlink() as netlink:
        entries = (decode(RTM_NEWNEIGH, 0, encode(message)) for message in netlink.dump(RTM_NEWNEIGH))
        known = [entry.fields for entry in entries if entry is not None]
    return [*addresses(*(entry["address"] for entry in known if entry["address"] and entry["mac"]))]


def _there(record: ReplaceRecord, engine: Engine) -> ReplaceRecord:
    """Without containers that have been removed since."""
    return dataclasses.replace(record, containers=tuple(one for one in record.containers if engine.has(one.container)))


def _unfinished(record: ReplaceRecord) -> str:
    names = ", ".join(one.name for one in record.containers) or "no container"
    return f"{record.engine} network {record.name}: complete what a run that was killed has left ({names})"


def _unfinished_drift(record: ReplaceRecord) -> NetworkDrift:
    return unfinished(record.engine, record.name, (one.name for one in record.containers))


def _unfinished_diff(record: ReplaceRecord) -> dict[str, str]:
    target = f"{record.engine} network {record.name}"
    return {"before_header": target, "after_header": target, "before": f"{_unfinished(record)}\n", "after": ""}


def _open(
    options: ContainerOptions,
    desired: Iterable[DesiredNetwork],
    stack: contextlib.ExitStack,
    problems: Problems,
    warnings: list[str],
) -> dict[str, Engine]:
    """The engines that are needed, and of the others those that are there."""
    needed = {one.engine: one.key for one in reversed(list(desired))}
    found: dict[str, Engine] = {}
    for name in dict.fromkeys([*needed, *options.engines]):
        try:
            found[name] = _engine(name, options, stack)
        except EngineError as error:
            if name in needed:
                problems.add(f"{needed[name]}.engine", name, error.problem, error.remedy)
            elif not isinstance(error, Missing):
                warnings.append(f"{name} was not asked for networks that are not declared any more: {error}")
    return found


def _engine(name: str, options: ContainerOptions, stack: contextlib.ExitStack) -> Engine:
    """Errors: EngineError; of one that does not run in the words that macvlan_verify has for it."""
    if name == docker.NAME:
        try:
            return docker.open_engine(options.docker_socket)
        except Unanswered as error:
            known = presence.problem(name) if options.docker_socket == docker.SOCKET else None
            raise known or error from error
    return stack.enter_context(podman.open_engine(options.podman_socket))


def _state(
    options: ContainerOptions,
    desired: Iterable[DesiredNetwork],
    engines: Mapping[str, Engine],
    records: Iterable[ReplaceRecord],
    problems: Problems,
) -> State:
    facts = _kernel.read(routes=True)
    parents = {}
    for one in desired:
        link = _parents.resolve(one.parent, facts, f"{one.key}.parent", problems)
        if link is not None:
            _parents.check_capable(link, facts, f"{one.key}.parent", one.parent, problems)
        parents[one.key] = "" if link is None else link.name
    states = {name: _record.completed(_look(engine), records) for name, engine in engines.items()}
    return State(tuple(desired), states, parents, options.recreate, options.adopt, options.purge)


def _look(engine: Engine) -> EngineState:
    networks = tuple(engine.networks())
    endpoints = {one.id: tuple(engine.endpoints(one)) for one in networks if one.driver in ON_PARENT}
    return EngineState(engine.name, engine.version, networks, endpoints)


def _apply(
    options: ContainerOptions,
    desired: Iterable[DesiredNetwork],
    engines: Mapping[str, Engine],
    records: Iterable[ReplaceRecord],
    planned: NetworkPlan,
) -> tuple[State, NetworkPlan]:
    """The state that was read back, and the plan that was made, with the warnings of what is there now."""
    for record in records:
        complete(engines[record.engine], record)
    for action in sorted(planned.actions, key=lambda one: one.kind != REMOVE):
        _act(engines[action.engine], action)
    problems = Problems()
    after = _state(options, desired, engines, (), problems)
    again = plan(after, problems)
    left = [*again.difference.messages(), *map(str, problems.items), *_lost(after, planned.actions)]
    if left:
        raise NotAsDeclared("The change was made and does not have its effect: " + "; ".join(left))
    return after, NetworkPlan(planned.difference, again.drift, planned.actions, again.warnings)


def _act(engine: Engine, action: NetworkAction) -> None:
    if action.kind == REMOVE and action.found is not None:
        engine.remove(action.found)
    elif action.kind == CREATE and action.wanted is not None:
        engine.create(action.wanted)
    else:
        replace(engine, action)


def _lost(after: State, actions: Iterable[NetworkAction]) -> Iterator[str]:
    """What containers had, and have no more."""
    for action in actions:
        now = {
            one.container: one
            for network in after.engines[action.engine].networks
            if network.name == action.name
            for one in after.engines[action.engine].of(network)
        }
        for one in action.endpoints:
            again = now.get(one.container)
            if again is None:
                yield f"{one.name} is not connected to {action.name}"
            elif (again.fixed, again.mac, again.running) != (one.fixed, one.mac, one.running):
                yield f"{one.name} is not as it was in {action.name}: {again.as_data()} instead of {one.as_data()}"


def _rows(state: State) -> list[dict]:
    """What the engines have of the declared networks."""
    return [
        {
            "engine": engine.name, "name": network.name, "id": network.id[:12], "parent": network.parent,
            "owned": network.owned, "containers": [one.as_data() for one in engine.of(network)],
        }
        for engine in state.engines.values()
        for network in sorted(engine.networks, key=lambda one: one.name)
        if network.owned or any((one.engine, one.name) == (engine.name, network.name) for one in state.desired)
    ]  # fmt: skip
