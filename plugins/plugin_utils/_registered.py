# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The variables in which roles and playbooks leave results on a host. On the controller only."""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleError

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.text import clean_data
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._ansible import Result, Variables

#: What the roles register.
PREPARE_KERNEL = "prepare_kernel"
PREPARE_LIBRARY = "prepare_library"
INTERFACES_PROBE = "interfaces_probe"
NM_EXCLUSION_RESULT = "nm_exclusion_result"
INTERFACES_RESULT = "interfaces_result"
VERIFY_DRIFT_RESULT = "verify_drift_result"
VERIFY_RESULT = "verify_result"
DIAGNOSE_RESULT = "diagnose_result"

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
