# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the state of a host to everything that has to be written there. Pure."""

from __future__ import annotations

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.difference import Difference
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import InvalidInput, Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.links import MARK
from ansible_collections.linuxnet.macvlan.plugins.module_utils._link import plan as _link_plan
from ansible_collections.linuxnet.macvlan.plugins.module_utils._link.steps import Step
from ansible_collections.linuxnet.macvlan.plugins.module_utils._makers import adoption
from ansible_collections.linuxnet.macvlan.plugins.module_utils._makers.record import Adoption
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist import plan as _persistence

from . import checks, parent_settings
from .parent_settings import Memory
from .state import ConvergeState


@dataclass(frozen=True)
class ConvergePlan:
    """difference: all that differs. links: the steps in the kernel. persistence: those of files, units and daemons.

    memory: what parents' settings were before, as it has to be remembered afterwards. taken_over: links that are there
    and are not ours yet.
    adoptions: what makes links and is disabled, before all else. given_back: what is enabled again, after all else.
    """

    difference: Difference
    links: list[Step]
    persistence: _persistence.Steps
    memory: Memory
    taken_over: tuple[str, ...] = ()
    adoptions: tuple[Adoption, ...] = ()
    given_back: tuple[Adoption, ...] = ()


def plan(state: ConvergeState) -> ConvergePlan:
    """Errors: InvalidInput with every problem of the declaration on this host."""
    problems = Problems(state.options.host)
    problems.items += state.problems
    checks.check(state, problems)
    parent_settings.check(state.present, problems)
    files = Difference()
    persistence = _persistence.plan(
        state.persisted,
        state.present,
        state.removed,
        state.options.persistence,
        files,
        problems,
        _deleted(state),
    )
    if problems:
        raise InvalidInput(problems)
    # A link is known as ours by its file; one without a file carries our mark.
    marked = {choice.link for choice in persistence.choices if choice.backend == "none"}
    difference = Difference()
    taken = [item for item in state.adoptions.values() if isinstance(item, Adoption)]
    for item in taken:
        adoption.compare(item, {edit.path: edit.before for edit in item.edits}, back=False, difference=difference)
    links = _link_plan.plan(state.present, state.deleted(), state.facts, state.sysctls, marked, difference)
    parents = parent_settings.plan(state.present, state.removed, state.memory, state.sysctls, difference)
    difference.extend(files)
    back = [item for link, item in state.given_back.items() if link in state.deleted()]
    for found in back:
        adoption.compare(found.adoption, found.now, back=True, difference=difference)
    if not difference:
        # An earlier run was killed just before its end, or what it had remembered is not there any more.
        parent_settings.compare(state.memory, parents.memory, difference)
    return ConvergePlan(
        difference,
        [*parents.before, *links, *parents.after],
        persistence,
        parents.memory,
        _taken_over(state),
        tuple(taken),
        tuple(found.adoption for found in back),
    )


def _taken_over(state: ConvergeState) -> tuple[str, ...]:
    """Declared links that are in the kernel without our mark and without a file of ours."""
    ours = {*state.persisted.links(), *state.adoptions}
    found = {link.name: state.facts.link(link.name) for link in state.present}
    return tuple(name for name, link in found.items() if link and link.alias != MARK and name not in ours)


def _deleted(state: ConvergeState) -> frozenset[str]:
    """Names of links that steps in the kernel delete or make: no daemon may do that at the same time."""
    facts = state.facts
    found = ((link, facts.link(link.name)) for link in state.present)
    made = {link.name for link, now in found if not now or _link_plan.needs_recreation(link, now, facts)}
    return frozenset({*made, *(name for name in state.deleted() if facts.link(name))})
