# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action plugins read what the roles and playbooks register, by the same names."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from ansible.errors import AnsibleUndefinedVariable

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils import _registered
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._registered import Found

ROOT = Path(__file__).resolve().parents[4]
NAMES = {name: value for name, value in vars(_registered).items() if name.isupper() and isinstance(value, str)}
FACTS = (_registered.FAILURE,)
OPTIONS = (_registered.CONFLICT_FAIL_ON,)


def tasks(content: object) -> Iterator[dict]:
    """Every mapping in a file of tasks or plays, whatever block it stands in."""
    if isinstance(content, dict):
        yield content
    for item in content.values() if isinstance(content, dict) else content if isinstance(content, list) else ():
        yield from tasks(item)


def written() -> list[dict]:
    files = [*ROOT.glob("roles/*/tasks/**/*.yml"), *ROOT.glob("playbooks/**/*.yml")]
    assert files
    return [task for path in files for task in tasks(yaml.safe_load(path.read_text(encoding="utf-8")))]


REGISTERED = {task["register"] for task in written() if isinstance(task.get("register"), str)}
SET = {fact for task in written() for fact in task.get("ansible.builtin.set_fact") or {}}


@pytest.mark.parametrize("name", sorted(set(NAMES.values()) - {*FACTS, *OPTIONS}))
def test_a_task_registers_it(name: str) -> None:
    assert name in REGISTERED


@pytest.mark.parametrize("name", FACTS)
def test_a_playbook_sets_it(name: str) -> None:
    assert name in SET


@pytest.mark.parametrize("name", OPTIONS)
def test_a_role_has_the_option(name: str) -> None:
    specs = ROOT / "roles" / name.split("_", maxsplit=1)[0] / "meta" / "argument_specs.yml"
    entry_points = yaml.safe_load(specs.read_text(encoding="utf-8"))["argument_specs"].values()
    assert any(name in (entry["options"] or {}) for entry in entry_points)


def test_no_plugin_spells_such_a_name_by_itself() -> None:
    names = {*NAMES.values(), *REGISTERED, *SET}
    found = []
    for folder in ("action", "filter", "plugin_utils"):
        for path in sorted((ROOT / "plugins" / folder).rglob("*.py")):
            # the names that no extra variable may have, and mac_list as the name of a playbook
            if path.name in ("_registered.py", "extra.py", "playbooks.py"):
                continue
            nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            constants = (node.value for node in nodes if isinstance(node, ast.Constant))
            found += [f"{path.relative_to(ROOT)}: {constant}" for constant in constants if constant in names]
    assert not found


class Broken(dict):
    """The variables of a host whose templates refer to what is not defined."""

    def get(self, key: str, default: object = None) -> object:
        raise AnsibleUndefinedVariable(f"{key} is undefined")


def test_what_cannot_be_templated_is_empty_and_no_result() -> None:
    assert _registered.value({"x": 1}, "x") == 1
    assert _registered.value({}, "x") is None
    assert _registered.value(Broken(), "x") == ""
    assert _registered.result({"x": {"changed": True}}, "x") == {"changed": True}
    assert _registered.result({"x": "skipped"}, "x") is None
    assert _registered.result(Broken(), "x") is None


SURVEY = {"kernel": {"changed": False}, "conflicts": {"results": []}, "links": {"links": []}, "settled": True}


def test_a_survey_stands_for_what_no_role_has_registered() -> None:
    surveyed = {_registered.SURVEYED: SURVEY}
    assert Found(surveyed).result(_registered.INTERFACES_PROBE) == {"results": []}
    assert Found(surveyed).result(_registered.INTERFACES_RESULT) == {"links": []}
    assert _registered.result(surveyed, _registered.INTERFACES_RESULT) is None
    newer = {**surveyed, _registered.INTERFACES_RESULT: {"changed": True}}
    assert Found(newer).result(_registered.INTERFACES_RESULT) == {"changed": True}
    skipped = {**surveyed, _registered.INTERFACES_PROBE: {"skipped": True}}
    assert Found(skipped).result(_registered.INTERFACES_PROBE) == {"results": []}
    verified = {_registered.VERIFIED: SURVEY}
    assert Found(verified).result(_registered.VERIFY_DRIFT_RESULT) == {"links": []}
    assert Found(verified).result(_registered.INTERFACES_RESULT) is None
    lost = {_registered.SURVEYED: {"unreachable": True, "msg": "no route"}}
    assert Found(lost).result(_registered.INTERFACES_PROBE) == {"unreachable": True, "msg": "no route"}
    assert Found(lost).result(_registered.VERIFY_RESULT) is None


def test_the_links_of_a_host_on_which_roles_have_work_are_not_taken_from_the_survey() -> None:
    differs = {_registered.SURVEYED: {**SURVEY, "settled": False}}
    refused = {_registered.SURVEYED: SURVEY, _registered.FAILURE: {"task": "refuse", "msg": "in use"}}
    for variables in (differs, refused):
        assert Found(variables).result(_registered.INTERFACES_RESULT) is None
        assert Found(variables).result(_registered.INTERFACES_PROBE) == {"results": []}
    unasked = {_registered.VERIFIED: {**SURVEY, "conflicts": {"failed": True, "msg": "no parent"}}}
    assert Found(unasked).result(_registered.VERIFY_DRIFT_RESULT) is None


@pytest.mark.parametrize(
    ("survey", "expected"),
    [
        (SURVEY, False),
        ({"unreachable": True}, False),
        ({"skipped": True}, True),
        ({**SURVEY, "kernel": {"failed": True}}, True),
        ({**SURVEY, "kernel": {"changed": True}}, True),
        ({**SURVEY, "conflicts": {"failed": True}}, True),
    ],
)
def test_a_host_is_unprepared_where_its_survey_read_no_addresses(survey: dict, expected: bool) -> None:
    assert Found({_registered.SURVEYED: survey}).unprepared is expected
    assert not Found({}).unprepared
