# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prints what a run found, host by host, as one table for people."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.declaration import Intent
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.slices import Groups
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils import _registered
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._declared import as_list
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._fleet.plan import HostDeclaration, read
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._fleet.table import HostResults, summary, table
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._fleet.verdict import CLONED_MACHINE

#: What the roles and playbooks leave behind on each host, in the order in which they do.
RESULTS = (
    _registered.PREPARE_KERNEL,
    _registered.PREPARE_LIBRARY,
    _registered.INTERFACES_PROBE,
    _registered.NM_EXCLUSION_RESULT,
    _registered.INTERFACES_RESULT,
    _registered.VERIFY_DRIFT_RESULT,
    _registered.VERIFY_RESULT,
    _registered.FAILURE,
)

#: How many blind spots are named.
NOTES_MAX = 5


class ActionModule(ActionBase):
    """Reads the results of all hosts of the play out of their variables."""

    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        dummy, options = self.validate_argument_spec({
            "full_up_to": {"type": "int", "default": 50},
            "verdict": {"type": "dict", "default": {}},
        })  # fmt: skip
        task_vars = task_vars or {}
        groups = Groups(task_vars["groups"])
        check_mode = bool(task_vars.get("ansible_check_mode"))
        conflicts = options["verdict"].get("conflicts") or {}
        hosts = [
            _results(name, task_vars["hostvars"][name], groups, check_mode, conflicts.get(name) or [])
            for name in task_vars["ansible_play_hosts_all"]
        ]
        lines = table(hosts, options["full_up_to"], _notes(options["verdict"]))
        Display().display("\n".join(["", *lines, ""]))
        failures = {host.host: host.first_failure() for host in hosts if host.first_failure()}
        return {"changed": False, "table": lines, "summary": summary(hosts), "failures": failures}


def _notes(verdict: dict[str, Any]) -> list[str]:
    """What is wrong with the fleet and with no host of it, and what the verdict could not see."""
    found = [item for items in (verdict.get("conflicts") or {}).values() for item in items]
    cloned = dict.fromkeys(item["message"] for item in found if item["status"] == CLONED_MACHINE)
    unseen = list(verdict.get("unseen") or [])
    more = [f"and {len(unseen) - NOTES_MAX} more"] if len(unseen) > NOTES_MAX else []
    heading = ["Not seen by the comparison of addresses:"] if unseen else []
    return [*cloned, *heading, *(f"  {line}" for line in unseen[:NOTES_MAX] + more)]


def _results(
    name: str, variables: Any, groups: Groups, check_mode: bool, conflicts: list[dict[str, Any]]
) -> HostResults:
    declared = {key: _registered.value(variables, key) for key in ("macvlan_networks", "macvlan_links")}
    return HostResults(
        host=name,
        intent=_intent(name, declared, groups),
        results={name: found for name in RESULTS if (found := _registered.result(variables, name)) is not None},
        declared=any(value is not None for value in declared.values()),
        check_mode=check_mode,
        conflicts=[item["message"] for item in conflicts if item["counts"]],
    )


def _intent(name: str, declared: dict[str, Any], groups: Groups) -> Intent:
    problems = Problems(name)
    lists = [as_list(value, key, problems) for key, value in declared.items()]
    return read(HostDeclaration(name, *lists, groups=groups), problems).intent
