# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Validates what the whole inventory declares, on the controller, before any host is touched."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from ansible.plugins.action import ActionBase
from ansible.plugins.loader import strategy_loader
from ansible.utils.vars import load_extra_vars

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._ansible import Result, Variables, without_collector
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._declared import LINKS, NETWORKS, Play, declaration
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._fleet.plan import FleetPlan, plan
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._run import role_options
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._run.plan import Asked, Run, read_run
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._run.playbooks import PLAYBOOKS


class ActionModule(ActionBase):
    """Reads the variables of all hosts, compares them, and fails with everything that is wrong."""

    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: Variables | None = None) -> Result:
        super().run(tmp, task_vars)
        dummy, options = self.validate_argument_spec({
            "roles": {"type": "list", "elements": "str", "default": []},
            "declarations": {"type": "bool", "default": True},
            "playbook": {"type": "str", "choices": list(PLAYBOOKS)},
        })  # fmt: skip
        with without_collector():
            return self._plan(task_vars or {}, options)

    def _plan(self, task_vars: Variables, options: Variables) -> Result:
        play = Play(task_vars)
        run = self._run(play, task_vars, options["playbook"]) if options["playbook"] else Run()
        unreadable, refused = Problems(), run.problems
        declared = []
        for name in play.inventory:
            variables = play.variables(name)
            if name in play.selected and options["roles"]:
                refused.extend(_refused(name, variables, options["roles"]))
            if options["declarations"]:
                declared.append(declaration(name, variables, play.groups, unreadable))
        if not options["declarations"]:
            return {"changed": False, "problems": refused.as_data(), **run.as_data(), **_failure(refused)}
        fleet = plan(declared, play.selected)
        for problem in unreadable.items:
            (fleet.problems if problem.host in play.selected else fleet.elsewhere).items.insert(0, problem)
        fleet.problems.extend(refused)
        result = _result(fleet, play.selected, {problem.host for problem in unreadable.items})
        return {**result, **run.as_data(result["warnings"])}

    def _run(self, play: Play, task_vars: Variables, playbook: str) -> Run:
        """What was asked of a playbook: its own variables, the extra variables, the tags."""
        asked = Asked(
            playbook,
            play.variables(play.hosts[0]),
            load_extra_vars(self._loader),
            list(task_vars.get("ansible_run_tags") or ()),
            list(task_vars.get("ansible_skip_tags") or ()),
            frozenset(self._task.tags),
            len(play.hosts),
            lambda name: bool(strategy_loader.find_plugin(name)),
        )
        return read_run(asked)


def _refused(name: str, variables: Variables, roles: list[str]) -> Problems:
    """The options that roles would refuse on a host, if they ran there: nothing runs where nothing is declared."""
    problems = Problems(name)
    if NETWORKS in variables or LINKS in variables:
        role_options.check(variables, roles, problems)
    return problems


def _failure(problems: Problems) -> Result:
    return {"failed": True, "msg": problems.report()} if problems else {}


def _result(fleet: FleetPlan, selected: AbstractSet[str], unreadable: AbstractSet[str]) -> Result:
    mine = [host for host in fleet.hosts if host.host in selected]
    silent = [host.host for host in mine if not (host.intent.networks or host.intent.links or host.host in unreadable)]
    absent = len(fleet.hosts) - len(mine)
    counts = {
        "hosts": len(mine),
        "networks": sum(len(host.intent.networks) for host in mine),
        "links": sum(len(host.desired.present) for host in mine),
        "without_declaration": len(silent),
        "not_in_play": absent,
    }
    warnings = list(fleet.warnings)
    if silent:
        warnings.append(f"nothing is declared for {_some(silent)}: nothing to do there")
    if fleet.elsewhere:
        first = fleet.elsewhere.items[0]
        warnings.append(f"hosts that this run leaves out have {len(fleet.elsewhere)} problems, such as: {first}")
    slices = fleet.slices()
    warnings += [
        f"container range {', '.join(one['ranges'])}: the last of {one['count']} slices is taken, no further host fits"
        for one in slices
        if one["free"] == 0 and one["count"] > 1
    ]
    result = {
        "changed": False,
        "warnings": warnings,
        "problems": fleet.problems.as_data(),
        **counts,
        "container_slices": slices,
        "msg": f"{counts['links']} links and {counts['networks']} networks on {len(mine)} hosts, compared with {absent}"
        " hosts that are not in this play. What the inventory does not list, as in a slice of a job, is not seen.",
    }
    return result | _failure(fleet.problems)


def _some(names: list[str], most: int = 5) -> str:
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more hosts" if rest > 0 else "")
