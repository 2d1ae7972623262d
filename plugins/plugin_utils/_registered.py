# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The variables in which roles and playbooks leave results on a host. On the controller only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleError

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.text import clean_data
from ansible_collections.linuxnet.macvlan.plugins.module_utils._survey import names as _names
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._ansible import Result, Variables

#: What the roles register.
PREPARE_KERNEL = "prepare_kernel"
PREPARE_LIBRARY = "prepare_library"
INTERFACES_PROBE = "interfaces_probe"
NM_EXCLUSION_RESULT = "nm_exclusion_result"
INTERFACES_RESULT = "interfaces_result"
VERIFY_DRIFT_RESULT = "verify_drift_result"
CONTAINER_NETWORK_RESULT = "container_network_result"
VERIFY_CONTAINERS_RESULT = "verify_containers_result"
VERIFY_RESULT = "verify_result"
DIAGNOSE_RESULT = "diagnose_result"

#: What the playbooks site and verify register of macvlan_survey.
SURVEYED = "macvlan_surveyed"
VERIFIED = "macvlan_verified"

#: The parts of macvlan_survey that stand for what a role would have registered, the later playbook first. Where a role
#: has registered something, that is newer.
_PARTS = {
    VERIFIED: {
        INTERFACES_PROBE: _names.CONFLICTS,
        VERIFY_DRIFT_RESULT: _names.LINKS,
        VERIFY_CONTAINERS_RESULT: _names.CONTAINERS,
        VERIFY_RESULT: _names.REACHABILITY,
    },
    SURVEYED: {
        PREPARE_KERNEL: _names.KERNEL,
        INTERFACES_PROBE: _names.CONFLICTS,
        INTERFACES_RESULT: _names.LINKS,
        CONTAINER_NETWORK_RESULT: _names.CONTAINERS,
        VERIFY_RESULT: _names.REACHABILITY,
    },
}
#: What a survey says of links counts only for a host on which nothing was refused: the roles have not run there.
_ACCEPTED = (INTERFACES_RESULT, CONTAINER_NETWORK_RESULT, VERIFY_DRIFT_RESULT, VERIFY_RESULT)

#: What the playbook mac_list registers.
INVENTORY = "macvlan_inventory"

#: The fact that playbooks set where a task failed: ``task`` and ``msg``.
FAILURE = "macvlan_failure"

#: The option of the role interfaces that says which conflicts count.
CONFLICT_FAIL_ON = "interfaces_conflict_fail_on"


def value(variables: Variables, name: str) -> Any:
    """A variable, cleaned, as a host may run something else than our modules; None where it is not defined.

    Empty where it cannot be templated: the plan, or the role that needed it, has reported that.
    """
    try:
        return clean_data(variables.get(name))
    except AnsibleError:
        return ""


def result(variables: Variables, name: str) -> Result | None:
    """What a task of a role returned on a host, None where it has not run."""
    found = value(variables, name)
    return found if isinstance(found, dict) else None


class Found:
    """What roles and surveys have found on a host. Each survey is read once, as it is long."""

    def __init__(self, variables: Variables) -> None:
        self._variables = variables
        self._surveys = {name: _mapping(variables.get(name)) for name in _PARTS}

    def result(self, name: str) -> Result | None:
        """What a task of a role returned, or the same as a survey found it; None where neither has run."""
        registered = result(self._variables, name)
        if registered is not None and not registered.get("skipped"):
            return registered
        for survey, parts in _PARTS.items():
            if name in parts and (name not in _ACCEPTED or self._accepted(survey)):
                whole = self._surveys[survey]
                surveyed = clean_data(whole if whole.get("unreachable") else whole.get(parts[name]))
                if isinstance(surveyed, dict):
                    return surveyed
        return registered

    @property
    def unprepared(self) -> bool:
        """Whether the survey says nothing of addresses yet: roles have to do something first, or to fail."""
        survey = self._surveys[SURVEYED]
        kernel = _mapping(survey.get(_names.KERNEL))
        unusable = kernel.get("changed") or kernel.get("failed") or _failed(survey, _names.CONFLICTS)
        return bool(survey.get("skipped") or unusable)

    @property
    def settled(self) -> bool:
        """Whether the survey leaves nothing to do for this run: all is as declared and answers, or it found no host."""
        survey = self._surveys[SURVEYED]
        return bool(not survey or survey.get("unreachable") or survey.get("settled"))

    def _accepted(self, survey: str) -> bool:
        if survey == SURVEYED:
            return bool(self._surveys[survey].get("settled")) and result(self._variables, FAILURE) is None
        return not _failed(self._surveys[survey], _names.CONFLICTS)


def _mapping(found: object) -> Mapping[str, object]:
    """Not cleaned; empty where it is none."""
    return found if isinstance(found, Mapping) else {}


def _failed(survey: Mapping[str, object], part: str) -> bool:
    return bool(_mapping(survey.get(part)).get("failed"))
