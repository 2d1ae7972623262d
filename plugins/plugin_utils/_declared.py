# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the inventory declares, out of Ansible's variables. On the controller only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml
from ansible.errors import AnsibleError

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.text import clean_data
from ansible_collections.linuxnet.macvlan.plugins.module_utils._intent.slices import Groups
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._fleet.plan import HostDeclaration


def hosts_of(task_vars: Mapping[str, Any]) -> list[str]:
    """All hosts of the inventory, and localhost where it is in the play and not in the inventory."""
    known = list(task_vars["groups"]["all"])
    return [*known, *sorted(set(task_vars["ansible_play_hosts_all"]).difference(known))]


def declaration(name: str, variables: Mapping[str, Any], groups: Groups, problems: Problems) -> HostDeclaration:
    """The three variables that count, templated; what cannot be templated is a problem of that host."""
    found = Problems(name)
    values: dict[str, Any] = {}
    for key in ("macvlan_networks", "macvlan_links", "ansible_host"):
        try:
            values[key] = variables.get(key)
        except AnsibleError as error:
            reason = str(error).strip().split("\n", maxsplit=1)[0]
            # an inventory may need a connection to say where its hosts are
            if key != "ansible_host":
                found.add(key, None, f"this cannot be templated: {reason}", "define what it refers to")
    made = HostDeclaration(
        host=name,
        networks=as_list(values.get("macvlan_networks"), "macvlan_networks", found),
        links=as_list(values.get("macvlan_links"), "macvlan_links", found),
        address=str(values["ansible_host"]) if values.get("ansible_host") else None,
        groups=groups,
    )
    problems.extend(found)
    return made


def registered(variables: Mapping[str, Any], key: str) -> Any:
    """What a host returned, cleaned, as a host may be somebody else's; empty where it cannot be templated, which the
    plan or the role that needed it has reported before."""
    try:
        return clean_data(variables.get(key))
    except AnsibleError:
        return ""


def as_list(value: Any, key: str, problems: Problems) -> list:
    """A list, or the YAML or JSON text of one: a survey of AWX delivers text. Nothing at all is an empty list."""
    if isinstance(value, str):
        try:
            value = yaml.safe_load(value)
        except yaml.YAMLError as error:
            reason = str(error).split("\n", maxsplit=1)[0]
            problems.add(key, None, f"this text is not YAML: {reason}", "write a list of mappings")
            return []
    if value is None:
        return []
    if not isinstance(value, (list, tuple)):
        problems.add(key, value, "this is not a list", "write a list of mappings, one item per network or link")
        return []
    return [plain(item) for item in value]


def plain(value: Any) -> Any:
    """Without Ansible's own types below str, int, list and dict: what stands here goes into messages and results."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value
