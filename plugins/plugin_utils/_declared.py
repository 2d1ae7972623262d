# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the inventory declares, read from Ansible's variables. On the controller only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml
from ansible.errors import AnsibleError

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.values import plain
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.slices import Groups
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._ansible import Variables
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._fleet.plan import HostDeclaration
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._hostvars import of_host

#: The variables of a declaration.
NETWORKS, LINKS = "macvlan_networks", "macvlan_links"
_ADDRESS = "ansible_host"
_LIST = "write a list of mappings, one for each network or link, such as [{name: lan0, parent: eth0}]"


class Play:
    """The play and the inventory of a task.

    hosts: of the play, in its order; selected: the same as a set; batch: those of them that run now. inventory: all
    hosts that the inventory lists, and localhost where only the play has it.
    """

    def __init__(self, task_vars: Variables) -> None:
        listed = [str(name) for name in task_vars["groups"]["all"]]
        self.hosts = [str(name) for name in task_vars["ansible_play_hosts_all"]]
        self.selected = frozenset(self.hosts)
        self.batch = frozenset(str(name) for name in task_vars.get("ansible_play_batch") or self.hosts)
        self.inventory = [*listed, *sorted(self.selected.difference(listed))]
        self.groups = Groups(task_vars["groups"])
        self.check_mode = bool(task_vars.get("ansible_check_mode"))
        self._hostvars: Mapping[str, Variables] = task_vars["hostvars"]

    def variables(self, name: str) -> Variables:
        """Those of a host."""
        return of_host(self._hostvars, name)

    def declaration(self, name: str, problems: Problems) -> HostDeclaration:
        """What a host declares."""
        return declaration(name, self.variables(name), self.groups, problems)


def declaration(name: str, variables: Variables, groups: Groups, problems: Problems) -> HostDeclaration:
    """The variables of a declaration, templated; what cannot be templated is a problem of that host."""
    found = Problems(name)
    values: dict[str, object] = {}
    for key in (NETWORKS, LINKS, _ADDRESS):
        try:
            values[key] = variables.get(key)
        except AnsibleError as error:
            reason = str(error).strip().split("\n", maxsplit=1)[0]
            # an inventory may need a connection to say where its hosts are
            if key != _ADDRESS:
                found.add(key, None, f"this cannot be templated: {reason}", "define what it refers to")
    made = HostDeclaration(
        host=name,
        networks=as_list(values.get(NETWORKS), NETWORKS, found),
        links=as_list(values.get(LINKS), LINKS, found),
        address=str(values[_ADDRESS]) if values.get(_ADDRESS) else None,
        groups=groups,
    )
    problems.extend(found)
    return made


def as_list(value: object, key: str, problems: Problems) -> list[Any]:
    """A list, or the YAML or JSON text of one: a survey of AWX delivers text. Nothing at all is an empty list."""
    if isinstance(value, str):
        try:
            value = yaml.safe_load(value)
        # PyYAML itself fails at numbers of more than 4,300 digits, dates that are none, and deep nesting.
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            reason = str(error).split("\n", maxsplit=1)[0]
            problems.add(key, None, f"this text is not YAML: {reason}", _LIST)
            return []
    if value is None:
        return []
    if not isinstance(value, (list, tuple)):
        problems.add(key, value, "this is not a list", _LIST)
        return []
    listed: list[Any] = plain(value)
    return listed
