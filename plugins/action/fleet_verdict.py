# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares what all hosts saw and have, on the controller."""

from __future__ import annotations

import functools
from collections.abc import Collection
from typing import cast

from ansible.plugins.action import ActionBase

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils import _registered
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._ansible import Result, Variables
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._declared import Play, declaration
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._fleet.evidence import AddressEvidence, read
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._fleet.plan import read as read_declaration
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._fleet.results import ConflictCheck, Links
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._fleet.verdict import FATAL, judge
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._fleet.words import as_data, listing
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._vendors import vendor


class ActionModule(ActionBase):
    """Reads what the tasks of all hosts registered from their variables."""

    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: Variables | None = None) -> Result:
        super().run(tmp, task_vars)
        dummy, options = self.validate_argument_spec({"list_all": {"type": "bool", "default": False}})
        play = Play(task_vars or {})
        hosts, unprepared, unsettled = [], [], set()
        for name in play.inventory:
            variables = play.variables(name)
            found = _registered.Found(variables)
            if found.unprepared and name in play.selected:
                unprepared.append(name)
            if not found.settled and name in play.batch:
                unsettled.add(name)
            evidence = _evidence(play, name, variables, found)
            if _takes_part(evidence):
                hosts.append(evidence)
        verdict = judge(hosts)
        data = as_data(verdict, hosts, vendor, functools.cache(lambda name: _fatal(play.variables(name))))
        for name in play.batch.intersection(data["conflicts"]):
            if any(item["declared"] and item["counts"] for item in data["conflicts"][name]):
                unsettled.add(name)
        more = listing(verdict) if options["list_all"] else {}
        return {"changed": False, **data, "unprepared": unprepared, "settled": not (unprepared or unsettled), **more}


def _takes_part(host: AddressEvidence) -> bool:
    """A host that declares nothing and was not asked has nothing to do with macvlan."""
    return bool(host.wanted or host.declared_macs or host.homes or not host.absence)


def _fatal(variables: Variables) -> Collection[str]:
    """The statuses that keep a host from being configured. The default of the role is not visible from here."""
    statuses = _registered.value(variables, _registered.CONFLICT_FAIL_ON)
    if isinstance(statuses, str) and statuses:
        return [word.strip() for word in statuses.split(",")]
    return FATAL if statuses is None else statuses


def _evidence(play: Play, name: str, variables: Variables, found: _registered.Found) -> AddressEvidence:
    # fleet_plan reports what is wrong with a declaration
    plan = read_declaration(declaration(name, variables, play.groups, Problems()), Problems())
    probe = cast(ConflictCheck, found.result(_registered.INTERFACES_PROBE) or {})
    # a survey read the links when it probed, and nothing has changed them since
    made = cast(Links, _registered.result(variables, _registered.INTERFACES_RESULT) or {})
    if play.check_mode or made.get("failed") or made.get("unreachable"):
        # the links are what they were
        made = {}
    return read(plan, probe, made, _absence(found, probe, name in play.selected))


def _absence(found: _registered.Found, probe: ConflictCheck, selected: bool) -> str:
    """Why a host gave no evidence, empty where it may have."""
    if not selected:
        return "not in this run"
    failure = found.result(_registered.FAILURE)
    if failure:
        return f"it failed before: {failure.get('task')}"
    kernel = found.result(_registered.PREPARE_KERNEL) or {}
    if kernel.get("unreachable") or probe.get("unreachable"):
        return "it is unreachable"
    if kernel.get("missing_library"):
        return "a library is missing there"
    if probe.get("skipped"):
        return "there was nothing to ask for, or its conflict check is turned off"
    return "" if probe else "it has not been asked yet"
