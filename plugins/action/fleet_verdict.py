# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds against each other what all hosts saw and have, on the controller."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ansible.plugins.action import ActionBase

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.slices import Groups
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils import _registered
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._declared import declaration, hosts_of
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._fleet.evidence import HostEvidence, read
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._fleet.plan import read as read_declaration
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._fleet.verdict import FATAL, judge
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._fleet.words import as_data, listing
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._vendors import vendor


class ActionModule(ActionBase):
    """Reads what the hosts' tasks registered out of their variables."""

    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        dummy, options = self.validate_argument_spec({"list_all": {"type": "bool", "default": False}})
        task_vars = task_vars or {}
        groups = Groups(task_vars["groups"])
        selected = set(task_vars["ansible_play_hosts_all"])
        check_mode = bool(task_vars.get("ansible_check_mode"))
        found = [
            _evidence(name, task_vars["hostvars"][name], groups, name in selected, check_mode)
            for name in hosts_of(task_vars)
        ]
        # a host that has nothing to do with macvlan is not missed
        hosts = [host for host in found if host.wanted or host.declared_macs or host.homes or not host.absence]
        verdict = judge(hosts)
        result = {"changed": False, **as_data(verdict, hosts, vendor)}
        for name, conflicts in result["conflicts"].items():
            fatal = _fatal(task_vars["hostvars"][name])
            for item in conflicts:
                item["counts"] = item["status"] in fatal
        return {**result, **listing(verdict)} if options["list_all"] else result


def _fatal(variables: Any) -> Sequence[str]:
    """What the host takes for a conflict; the role's default is not to be seen from here."""
    told = _registered.value(variables, _registered.CONFLICT_FAIL_ON)
    if isinstance(told, str) and told:
        told = [word.strip() for word in told.split(",")]
    return FATAL if told is None else told


def _evidence(name: str, variables: Any, groups: Groups, selected: bool, check_mode: bool) -> HostEvidence:
    # what is wrong with a declaration was said by the plan
    plan = read_declaration(declaration(name, variables, groups, Problems()), Problems())
    probe = _registered.result(variables, _registered.INTERFACES_PROBE)
    made = _registered.result(variables, _registered.INTERFACES_RESULT) or {}
    # in check mode nothing was made
    if check_mode or made.get("failed") or made.get("unreachable"):
        made = {}
    return read(plan, probe or {}, made, _absence(variables, probe, selected))


def _absence(variables: Any, probe: _registered.Result | None, selected: bool) -> str:
    """Why a host gave no evidence, empty where it may have."""
    if not selected:
        return "not in this run"
    failure = _registered.result(variables, _registered.FAILURE)
    if failure:
        return f"it failed before: {failure.get('task')}"
    kernel = _registered.result(variables, _registered.PREPARE_KERNEL) or {}
    if kernel.get("unreachable") or (probe or {}).get("unreachable"):
        return "it is unreachable"
    if kernel.get("missing_library"):
        return "a library is missing there"
    if probe is not None and probe.get("skipped"):
        return "there was nothing to ask for, or its conflict check is turned off"
    return "" if probe is not None else "it has not been asked yet"
