# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection's own rules find what they are there for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests" / "tools"))

import checks  # noqa: E402  (the path is set up above)


@pytest.mark.parametrize(
    ("options", "values", "problem"),
    [
        ({"a": {"type": "int", "default": 1}}, {"a": 1}, None),
        ({"a": {"type": "str"}}, {}, None),
        ({"a": {"type": "str", "required": True}}, {}, None),
        ({"a": {"type": "str"}}, {"a": "{{ b }}"}, None),
        ({"a": {"type": "list", "default": []}}, {"a": []}, None),
        ({}, {"a": 1}, "a is in defaults and not in argument_specs"),
        ({"a": {"default": "x"}}, {}, "a has a default in argument_specs and none in defaults"),
        ({"a": {"required": True}}, {"a": "x"}, "a is required and has a value in defaults"),
        ({"a": {"type": "int", "default": 1}}, {"a": 2}, "a is 2 in defaults and 1 in argument_specs"),
        ({"a": {"type": "bool", "default": 1}}, {"a": True}, "a is True in defaults and 1 in argument_specs"),
        ({"a": {"type": "int"}}, {"a": 2}, "a is 2 in defaults and None in argument_specs"),
        (
            {"a": {"type": "int", "default": True}},
            {"a": True},
            "a is a bool in defaults and of type int in argument_specs",
        ),
        ({"a": {"default": "x"}}, {"a": "{{ b }}"}, "a is computed in defaults and has a default in argument_specs"),
    ],
)
def test_disagreements(options, values, problem):
    found = checks.disagreements(options, values)
    assert found == ([problem] if problem else [])


@pytest.fixture
def tree(tmp_path):
    """A collection with one faultless module."""
    (tmp_path / "meta").mkdir()
    (tmp_path / "plugins" / "modules").mkdir(parents=True)
    header = "".join(f"# {line}\n" for line in checks.HEADER)
    (tmp_path / "meta" / "runtime.yml").write_text(header + "action_groups: {macvlan: [good]}\n")
    documentation = (
        "extends_documentation_fragment: [linuxnet.macvlan._attributes]\n"
        "attributes: {check_mode: {support: full}, diff_mode: {support: full}, idempotent: {support: full}}\n"
    )
    (tmp_path / "plugins" / "modules" / "good.py").write_text(
        f'{header}DOCUMENTATION = r"""\n{documentation}"""\nEXAMPLES = ""\nRETURN = ""\n'
    )
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    return tmp_path


def problems(tree):
    subprocess.run(["git", "add", "--all"], cwd=tree, check=True)
    return checks.all_problems(tree)


def test_a_faultless_collection_has_no_problems(tree):
    assert problems(tree) == []


def test_module_outside_the_action_group(tree):
    good = tree / "plugins" / "modules" / "good.py"
    good.rename(good.with_name("other.py"))
    assert problems(tree) == [
        "meta/runtime.yml: other is in no action group",
        "meta/runtime.yml: good is no module, or in no action group",
    ]


def test_module_that_wants_no_action_group(tree):
    good = tree / "plugins" / "modules" / "good.py"
    good.write_text(good.read_text().replace("attributes: {", "attributes: {action_group: {support: none}, "))
    assert problems(tree) == ["meta/runtime.yml: good is no module, or in no action group"]


def test_module_without_contract(tree):
    (tree / "plugins" / "modules" / "good.py").write_text("".join(f"# {line}\n" for line in checks.HEADER))
    assert problems(tree) == [
        "good: does not extend linuxnet.macvlan._attributes",
        "good: attributes without check_mode, diff_mode, idempotent",
        "good: has no EXAMPLES",
        "good: has no RETURN",
    ]


def test_file_without_header(tree):
    (tree / "script.py").write_text("print()\n")
    (tree / "__init__.py").write_text("")
    assert problems(tree) == ["script.py: the three header lines (copyright, licence, SPDX) are missing"]


def test_role_without_argument_specs(tree):
    (tree / "roles" / "verify" / "tasks").mkdir(parents=True)
    assert problems(tree) == ["verify: has no meta/argument_specs.yml"]


def test_skipped_rules_and_ignore_files(tree):
    header = "".join(f"# {line}\n" for line in checks.HEADER)
    (tree / "tests" / "sanity").mkdir(parents=True)
    (tree / "tests" / "sanity" / "ignore-2.19.txt").write_text(header)
    (tree / "site.yml").write_text(header + "- hosts: all # noqa: name[play]\n")
    assert problems(tree) == [
        "site.yml: skips a rule of ansible-lint (noqa)",
        "tests/sanity/ignore-2.19.txt: ignore files are not allowed",
    ]


PLAYBOOK = """
- hosts: all
  vars: {macvlan_batches: 1}
  tasks:
    - block:
        - linuxnet.macvlan.fleet_plan:
          register: macvlan_plan
      rescue:
        - ansible.builtin.set_fact: {macvlan_failure: {}}
"""


@pytest.fixture
def extra(tree):
    """A playbook, and the names that no extra variable may have."""
    (tree / "playbooks").mkdir()
    (tree / "playbooks" / "site.yml").write_text(PLAYBOOK)
    (tree / checks.EXTRA).parent.mkdir(parents=True)
    (tree / checks.EXTRA).write_text(
        'ARTIFACT = "macvlan_artifact_"\nPREFIXES = ("macvlan_",)\nSHARED_PREFIXES = ("verify_",)\n'
        'RESERVED = frozenset({"macvlan_plan", "macvlan_failure", "macvlan_batches"})\n'
    )
    return tree


def test_every_name_that_is_set_is_reserved(extra):
    assert checks.names(extra) == []
    more = "- hosts: all\n  tasks: [{debug: {}, register: macvlan_artifact_report}, {debug: {}, register: docker}]\n"
    (extra / "playbooks" / "verify.yml").write_text(more)
    assert checks.names(extra) == [
        f"{checks.EXTRA}: docker is not in RESERVED",
        f"{checks.EXTRA}: macvlan_artifact_report is not in RESERVED",
        "playbooks/verify.yml: docker begins with none of the collection's prefixes",
        "playbooks/verify.yml: macvlan_artifact_report has the name of an artifact",
    ]


def test_no_playbook_publishes_a_name_of_its_own(extra):
    more = "- hosts: all\n  tasks: [{ansible.builtin.set_stats: {data: {macvlan_report: 1}}}]\n"
    (extra / "playbooks" / "verify.yml").write_text(more)
    assert checks.names(extra) == ["playbooks/verify.yml: publishes macvlan_report by itself"]


def test_a_reserved_name_that_nothing_sets_is_found(extra):
    (extra / "playbooks" / "site.yml").write_text(PLAYBOOK.replace("macvlan_plan", "macvlan_failure"))
    assert checks.names(extra) == [f"{checks.EXTRA}: macvlan_plan is in RESERVED, and nothing sets it"]
