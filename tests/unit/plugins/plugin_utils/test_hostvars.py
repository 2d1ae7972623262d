# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables that are read without templating are those that Ansible's templating gives."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.vars.hostvars import HostVars
from ansible.vars.manager import VariableManager

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.values import plain
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._hostvars import HostVariables, of_host

NETWORK = {"name": "lan0", "parent": {"subnet": "10.0.0.0/8"}, "host_address": "{{ address }}", "containers": []}
PLAIN = {
    "address": "10.0.0.3",
    "address6": "fd00::3",
    "number": 7,
    "nothing": None,
    "yes": True,
    "text": "two words, {not a template}",
    "networks": [NETWORK, {"name": "lan1", "mtu": "{{ number }}", "up": "{{yes}}"}],
    "indirect": "{{ networks }}",
    "twice": "{{ indirect }}",
    "aliased": "{{ address6 }}",
}
TEMPLATED = {
    "filtered": "{{ address | upper }}",
    "mixed": "{{ address }}/24",
    "inside": [{"a": "{{ number + 1 }}"}],
    "quoted": "{{ text }}",
    "listlike": "[1, 2]",
    "of_listlike": "{{ listlike }}",
    "booleanlike": "True",
    "of_booleanlike": "{{ booleanlike }}",
    "of_nothing": "{{ nothing }}",
    "undefined": "{{ nobody_knows }}",
    "circle": "{{ circle }}",
    "broken": "{{ address",
    "comment": "a{# b #}c",
    "if": "{% if yes %}a{% endif %}",
    "global": "{{ range }}",
    "magic": "{{ inventory_hostname }}",
    "override": "#jinja2:variable_start_string:'[%',variable_end_string:'%]'\n[% address %]",
    "key": {"{{ address }}": "{{ address }}"},
}


@pytest.fixture
def hostvars(tmp_path: Path) -> HostVars:
    path = tmp_path / "inventory.json"
    path.write_text(json.dumps({"all": {"vars": PLAIN | TEMPLATED, "hosts": {"h1": {"mine": "{{ address }}"}}}}))
    loader = DataLoader()
    inventory = InventoryManager(loader=loader, sources=[str(path)])
    return HostVars(inventory, VariableManager(loader=loader, inventory=inventory), loader)


def outcome(variables: Mapping[str, Any], name: str) -> Any:
    """The value, or the kind of the error."""
    try:
        return plain(variables.get(name))
    except Exception as error:  # noqa: BLE001  (the same kind has to come from both)
        return type(error)


@pytest.mark.parametrize("name", [*PLAIN, *TEMPLATED, "mine", "absent", "inventory_hostname", "group_names"])
def test_values_are_those_of_ansible(hostvars: HostVars, name: str) -> None:
    assert outcome(of_host(hostvars, "h1"), name) == outcome(hostvars["h1"], name)


def test_names_are_those_of_ansible(hostvars: HostVars) -> None:
    found = of_host(hostvars, "h1")
    assert set(found) == set(hostvars["h1"])
    assert len(found) == len(hostvars["h1"])
    assert ("mine" in found, "absent" in found) == (True, False)


@pytest.mark.parametrize("name", [*PLAIN, "mine"])
def test_what_holds_no_expression_is_not_templated(hostvars: HostVars, name: str) -> None:
    found = HostVariables({}, "h1", hostvars.raw_get("h1"))  # an empty mapping has no variables that are templated
    assert outcome(found, name) == outcome(hostvars["h1"], name)


def test_what_a_host_has_sent_is_no_template(hostvars: HostVars) -> None:
    text = json.loads('"{{ address }}"')  # as JSON of a module: not trusted by ansible-core 2.19
    hostvars._variable_manager.set_nonpersistent_facts("h1", {"sent": text, "result": {"lines": [text]}})
    for name in ("sent", "result"):
        assert outcome(of_host(hostvars, "h1"), name) == outcome(hostvars["h1"], name)


def test_plain_mappings_are_given_as_they_are() -> None:
    variables = {"a": "{{ b }}"}
    assert of_host({"h1": variables}, "h1") is variables
