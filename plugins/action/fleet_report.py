# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prints what a run found, host by host, as one table for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from ansible.plugins.action import ActionBase
from ansible.utils.vars import load_extra_vars

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.declaration import Intent
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils import _registered
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._ansible import Result, Variables, show
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._declared import LINKS, NETWORKS, Play, as_list
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._fleet import earlier
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._fleet.notes import untouched
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._fleet.plan import HostDeclaration, read
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._fleet.table import HostResults, summary, table
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._fleet.verdict import CLONED_MACHINE
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._fleet.words import ConflictData, FleetVerdictData
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._run.job import artifacts
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._run.job import read as read_job
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._run.playbooks import PLAYBOOKS

#: What the roles and playbooks leave behind on each host, in the order in which they do.
RESULTS = (
    _registered.PREPARE_KERNEL,
    _registered.PREPARE_LIBRARY,
    _registered.INTERFACES_PROBE,
    _registered.NM_EXCLUSION_RESULT,
    _registered.INTERFACES_RESULT,
    _registered.CONTAINER_NETWORK_RESULT,
    _registered.VERIFY_DRIFT_RESULT,
    _registered.VERIFY_CONTAINERS_RESULT,
    _registered.VERIFY_RESULT,
    _registered.FAILURE,
)

#: How many blind spots are named.
NOTES_MAX = 5


class ActionModule(ActionBase):
    """Reads the results of all hosts of the play from their variables."""

    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: Variables | None = None) -> Result:
        super().run(tmp, task_vars)
        dummy, options = self.validate_argument_spec({
            "full_up_to": {"type": "int", "default": 50},
            "verdict": {"type": "dict", "default": {}},
            "steps": {"type": "list", "elements": "str", "default": []},
            "playbook": {"type": "str", "choices": ["site", "verify"], "default": "site"},
        })  # fmt: skip
        play = Play(task_vars or {})
        extra = load_extra_vars(self._loader)
        job, steps, playbook = read_job(extra), _some_steps(options), options["playbook"]
        verdict = cast(FleetVerdictData, options["verdict"])
        conflicts = verdict.get("conflicts") or {}
        hosts = [_results(play, name, conflicts.get(name) or [], bool(steps)) for name in play.hosts]
        notes = [*_notes(verdict), *untouched(hosts), *_about(steps, job.sentence(len(hosts)))]
        before = earlier.merge(artifacts(extra, earlier.PUBLISHED.values()))
        # a slice has a part of the hosts, and can not say whether another job had them all
        notes += earlier.lines(before, 0 if job.sliced else len(hosts))
        lines = table(hosts, options["full_up_to"], notes)
        show("\n".join(["", *lines, ""]))
        failures = {host.host: host.first_failure() for host in hosts if host.first_failure()}
        counted = summary(hosts)
        published = {**counted, "failures": failures, "playbook": playbook, **job.published()}
        result = {"changed": False, "table": lines, "summary": counted, "failures": failures}
        merged = [item.data() for item in before]
        return {**result, "earlier": merged, "artifacts": {job.artifact(earlier.PUBLISHED[playbook]): published}}


def _some_steps(options: Variables) -> list[str]:
    """The steps that ran, where not all of the playbook did."""
    every = PLAYBOOKS[options["playbook"]].steps
    return [] if tuple(options["steps"]) in ((), every) else options["steps"]


def _about(steps: Sequence[str], slice_of: str) -> list[str]:
    """What a reader has to know of the run. slice_of: what is to be said of a slice, empty where this is none."""
    ran = [f"Only these steps ran: {', '.join(steps)}."] if steps else []
    return [*ran, *([f"Note: {slice_of}."] if slice_of else [])]


def _notes(verdict: FleetVerdictData) -> list[str]:
    """Conflicts that are no host's alone, and the blind spots of the verdict."""
    found = [item for items in (verdict.get("conflicts") or {}).values() for item in items]
    cloned = dict.fromkeys(item["message"] for item in found if item["status"] == CLONED_MACHINE)
    unseen = list(verdict.get("unseen") or [])
    more = [f"and {len(unseen) - NOTES_MAX} more"] if len(unseen) > NOTES_MAX else []
    heading = ["Not seen by the comparison of addresses:"] if unseen else []
    return [*cloned, *heading, *(f"  {line}" for line in unseen[:NOTES_MAX] + more)]


def _results(play: Play, name: str, conflicts: Sequence[ConflictData], partial: bool) -> HostResults:
    variables = play.variables(name)
    found = _registered.Found(variables)
    networks, links = (_registered.value(variables, key) for key in (NETWORKS, LINKS))
    return HostResults(
        host=name,
        intent=_intent(play, name, networks, links),
        results={key: result for key in RESULTS if (result := found.result(key)) is not None},
        declared=networks is not None or links is not None,
        check_mode=play.check_mode,
        conflicts=[item["message"] for item in conflicts if item["counts"]],
        partial=partial,
    )


def _intent(play: Play, name: str, networks: object, links: object) -> Intent:
    # fleet_plan reports what is wrong with a declaration
    problems = Problems(name)
    declared = HostDeclaration(
        name, as_list(networks, NETWORKS, problems), as_list(links, LINKS, problems), groups=play.groups
    )
    return read(declared, problems).intent
