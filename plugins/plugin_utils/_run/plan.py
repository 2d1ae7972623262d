# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything about a run that no declaration says, validated: variables of the playbook, extra variables, tags."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any

from ansible.errors import AnsibleError

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._ansible import Variables

from . import extra, job, playbooks, role_options, steps
from .given import unpadded

_STRATEGY = "macvlan_strategy"
#: The last words of strategies that do not wait for all hosts after each task.
_UNEQUAL = ("free", "host_pinned")


@dataclass(frozen=True)
class Asked:
    """What Ansible was called with.

    variables: of one host of the play. inherited: the tags of the plan's own task. has_strategy: whether Ansible has
    one of a name.
    """

    playbook: str
    variables: Variables
    extra: Variables
    tags: Sequence[str]
    skipped: Sequence[str]
    inherited: AbstractSet[str]
    hosts: int
    has_strategy: Callable[[str], bool]


@dataclass
class Run:
    """The result. playbook: empty where none was named. steps: that run, in their order. alone: whether nothing but the
    plan was asked for."""

    playbook: str = ""
    steps: Sequence[str] = playbooks.STEPS
    alone: bool = False
    problems: Problems = field(default_factory=Problems)
    warnings: list[str] = field(default_factory=list)

    def as_data(self, warnings: Iterable[str] = ()) -> dict[str, object]:
        return {
            "playbook": self.playbook,
            "steps": list(self.steps),
            "alone": self.alone,
            "warnings": [*self.warnings, *warnings],
        }


def read_run(asked: Asked) -> Run:
    run = Run(asked.playbook)
    playbook = playbooks.PLAYBOOKS[asked.playbook]
    given = _templated(asked.variables, playbook.options, run.problems)
    playbooks.check(asked.playbook, given, run.problems)
    _check_strategy(given.get(_STRATEGY), playbook.together, asked.has_strategy, run.problems)
    extra.check(map(str, asked.extra), run.problems)
    run.warnings += extra.unknown(map(str, asked.extra), _known())
    run.steps = steps.choose(asked.playbook, asked.tags, asked.skipped, asked.inherited, run.problems)
    run.alone = steps.plan_alone(asked.playbook, asked.tags, run.steps)
    slice_of = job.read(asked.extra).sentence(asked.hosts)
    run.warnings += [slice_of] if slice_of else []
    return run


def _templated(variables: Variables, names: Iterable[str], problems: Problems) -> dict[str, Any]:
    found = {}
    for name in names:
        try:
            if name in variables:
                found[name] = variables[name]
        except AnsibleError as error:
            reason = str(error).strip().split("\n", maxsplit=1)[0]
            problems.add(name, None, f"this cannot be templated: {reason}", "define what it refers to")
    return found


def _check_strategy(value: object, together: bool, exists: Callable[[str], bool], problems: Problems) -> None:
    name = unpadded(value)
    if not isinstance(name, str) or not name:
        return
    if together and name.rpartition(".")[2].endswith(_UNEQUAL):
        what = "hosts would be configured, or judged, before the others have been probed"
        problems.add(_STRATEGY, name, what, "use linear, and macvlan_serial for batches")
    elif not exists(name):
        problems.add(_STRATEGY, name, "Ansible has no strategy of this name", "use linear")


def _known() -> set[str]:
    """The names of all options of all roles and playbooks: one for another playbook is no mistake."""
    own = {name for playbook in playbooks.PLAYBOOKS.values() for name in playbook.options}
    return own | {name for role in role_options.ROLES for name in role_options.names(role)}
