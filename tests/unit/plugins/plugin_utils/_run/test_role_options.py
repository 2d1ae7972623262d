# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of roles, as the plan validates them for every host."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleError, AnsibleUndefinedVariable

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._run.role_options import check

ROLES = ("prepare", "interfaces", "nm_exclusion", "verify")


def faults(**variables: object) -> list[str]:
    problems = Problems("web1")
    check(variables, ROLES, problems)
    return [str(item) for item in problems.items]


def test_what_roles_accept_is_no_problem() -> None:
    assert faults() == []
    assert faults(prepare_load_modules="true", verify_soak_seconds="0", interfaces_conflict_fail_on="in_use") == []
    assert faults(macvlan_persistence="systemd", macvlan_purge=False, verify_networks=None) == []


def test_every_problem_names_host_variable_value_and_role() -> None:
    found = faults(verify_soak_seconds="long", interfaces_dhcp_check="often", verify_networks=7)
    assert len(found) == 2
    assert found[0].startswith("web1: interfaces_dhcp_check = 'often': the role interfaces refuses it: value of")
    assert "first, always, never" in found[0]
    assert found[1].startswith("web1: verify_soak_seconds = 'long': the role verify refuses it: ")
    assert found[1].endswith("Remedy: see ansible-doc -t role linuxnet.macvlan.verify.")


def test_a_shared_variable_is_named_once_by_its_own_name() -> None:
    (found,) = faults(macvlan_purge="perhaps")
    assert found.startswith("web1: macvlan_purge = 'perhaps': the role interfaces refuses it: ")


def test_a_template_that_cannot_be_rendered_is_a_problem() -> None:
    class Broken(dict):
        def __getitem__(self, key: str) -> object:
            raise AnsibleUndefinedVariable("'nowhere' is undefined")

    problems = Problems("web1")
    check(Broken(verify_interval="{{ nowhere }}"), ROLES, problems)
    assert [item.problem for item in problems.items] == [
        "the role verify refuses it: this cannot be templated: 'nowhere' is undefined"
    ]


def test_an_unknown_role_is_an_error() -> None:
    with pytest.raises(AnsibleError, match=r"there is no role linuxnet\.macvlan\.nothing"):
        check({}, ["nothing"], Problems())
