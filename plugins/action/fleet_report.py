# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prints what a run found, host by host, as one table for people."""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.linuxnet.macvlan.plugins.module_utils._fleet import HostDeclaration, read
from ansible_collections.linuxnet.macvlan.plugins.module_utils._networks import Intent
from ansible_collections.linuxnet.macvlan.plugins.module_utils._problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._report import HostResults, summary, table
from ansible_collections.linuxnet.macvlan.plugins.module_utils._slices import Groups
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._declared import as_list

#: What the roles and playbooks leave behind on each host, in the order in which they do.
REGISTERED = (
    "prepare_kernel",
    "prepare_library",
    "interfaces_probe",
    "nm_exclusion_result",
    "interfaces_result",
    "verify_drift_result",
    "verify_result",
    "macvlan_failure",
)


class ActionModule(ActionBase):
    """Reads the results of all hosts of the play out of their variables."""

    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        dummy, options = self.validate_argument_spec({"full_up_to": {"type": "int", "default": 50}})
        task_vars = task_vars or {}
        groups = Groups(task_vars["groups"])
        hosts = [
            _results(name, task_vars["hostvars"][name], groups, bool(task_vars.get("ansible_check_mode")))
            for name in task_vars["ansible_play_hosts_all"]
        ]
        lines = table(hosts, options["full_up_to"])
        Display().display("\n".join(["", *lines, ""]))
        failures = {host.host: host.first_failure() for host in hosts if host.first_failure()}
        return {"changed": False, "table": lines, "summary": summary(hosts), "failures": failures}


def _results(name: str, variables: Any, groups: Groups, check_mode: bool) -> HostResults:
    declared = {key: _get(variables, key) for key in ("macvlan_networks", "macvlan_links")}
    return HostResults(
        host=name,
        intent=_intent(name, declared, groups),
        results={key: value for key in REGISTERED if isinstance(value := _get(variables, key), dict)},
        declared=any(value is not None for value in declared.values()),
        check_mode=check_mode,
    )


def _get(variables: Any, key: str) -> Any:
    try:
        return variables.get(key)
    except AnsibleError:
        # said before, by the plan or by the role that needed it
        return ""


def _intent(name: str, declared: dict[str, Any], groups: Groups) -> Intent:
    problems = Problems(name)
    lists = [as_list(value, key, problems) for key, value in declared.items()]
    return read(HostDeclaration(name, *lists, groups=groups), problems).intent
