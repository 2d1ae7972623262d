# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The project that `playbooks/awx/project.yml` writes, and the data files of the job templates."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from .project import BIN, Project
from .stand_in import unfit

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "tools"))

import awx_surveys  # noqa: E402  (the path is set up above)

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._run.playbooks import PLAYBOOKS  # noqa: E402

TEMPLATES = yaml.safe_load((ROOT / "playbooks" / "awx" / "vars" / "templates.yml").read_text(encoding="utf-8"))
SURVEYS = yaml.safe_load(awx_surveys.TARGET.read_text(encoding="utf-8"))["macvlan_awx_surveys"]
#: Of an argument spec -> of a question, where it has no choices.
QUESTIONS = {"bool": "multiplechoice", "int": "integer", "float": "float", "str": "text", "raw": "text", "list": "text"}


def test_menu_lists_the_playbooks_of_the_templates_and_nothing_else(project: Project) -> None:
    assert project.menu() == sorted({item["playbook"] for item in TEMPLATES["macvlan_awx_templates"]})


def test_a_relative_directory_is_below_the_one_of_the_caller(project: Project, tmp_path: Path) -> None:
    command = [str(BIN / "ansible-playbook"), "linuxnet.macvlan.awx.project", "-e", "macvlan_awx_project_dir=made"]
    environment = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(project.collections), "PWD": str(tmp_path)}
    subprocess.run(command, cwd=tmp_path, env=environment, check=True, stdout=subprocess.DEVNULL)
    written = {str(path.relative_to(tmp_path / "made")) for path in (tmp_path / "made").rglob("*") if path.is_file()}
    assert written == {*project.menu(), "ansible.cfg", "collections/requirements.yml"}


def test_wrapped_playbooks_are_shipped_in_the_artifact(project: Project) -> None:
    playbooks = project.collections / "ansible_collections" / "linuxnet" / "macvlan" / "playbooks"
    assert all((playbooks / name).is_file() for name in project.menu())


def test_surveys_are_written_from_the_argument_specs() -> None:
    assert awx_surveys.TARGET.read_text(encoding="utf-8") == awx_surveys.text(), (
        "run: python tests/tools/awx_surveys.py"
    )


@pytest.mark.parametrize("name", SURVEYS)
def test_a_survey_asks_only_what_playbook_and_roles_know(name: str) -> None:
    known = awx_surveys.options()
    assert unfit(SURVEYS[name]) == ""
    for question in SURVEYS[name]["spec"]:
        option = known[question["variable"]]
        expected = QUESTIONS[option["type"]]
        if option.get("choices"):
            expected = "multiselect" if option["type"] == "list" else "multiplechoice"
        assert question["type"] == expected, question
        # it would outrank the inventory
        assert "default" not in question
        assert not question["required"]
        assert not re.search(r"[A-Z]\(", question["question_description"]), question


@pytest.mark.parametrize("name", sorted({item["playbook"] for item in TEMPLATES["macvlan_awx_templates"]}))
def test_a_question_of_a_playbook_stands_in_its_text_or_its_roles(name: str) -> None:
    text = (ROOT / "playbooks" / name).read_text(encoding="utf-8")
    roles = set(re.findall(r"linuxnet\.macvlan\.([a-z_]+)$", text, re.MULTILINE))
    roles |= set(re.findall(r"[a-z_]+", (re.findall(r"roles: \[(.*)\]", text) or [""])[0]))
    for template in TEMPLATES["macvlan_awx_templates"]:
        if template["playbook"] == name and name != "plan.yml":
            asked = {question["variable"] for question in SURVEYS[template["survey"]]["spec"]}
            unknown = {item for item in asked if item not in text and not item.startswith(tuple(roles))}
            assert not unknown


def test_options_of_playbooks_are_those_that_the_plan_validates() -> None:
    for item in TEMPLATES["macvlan_awx_templates"]:
        name = item["playbook"].removesuffix(".yml")
        known = PLAYBOOKS["site" if name == "plan" else name].options
        asked = {question["variable"] for question in SURVEYS[item["survey"]]["spec"]}
        for variable in asked & set(awx_surveys.PLAYBOOK_OPTIONS):
            kinds = known[variable]["type"], awx_surveys.PLAYBOOK_OPTIONS[variable]["type"]
            assert kinds[0] == kinds[1] or kinds == ("raw", "str"), variable


def test_the_workflow_leads_from_a_plan_to_a_diagnosis() -> None:
    nodes: dict[str, dict[str, Any]] = {item["identifier"]: item for item in TEMPLATES["macvlan_awx_nodes"]}
    templates = {item["name"] for item in TEMPLATES["macvlan_awx_templates"]}
    assert {item["template"] for item in nodes.values()} <= templates
    assert nodes["plan"]["success"] == ["site"]
    assert nodes["site"] == {
        "identifier": "site", "template": "site", "success": ["verify"], "failure": ["diagnose"],
    }  # fmt: skip
    assert nodes["verify"]["failure"] == ["diagnose"]
    # AWX calls a workflow successful in which each failed job had another one to follow it
    assert nodes["diagnose"]["always"] == ["verify again"]
    assert nodes["verify again"] == {"identifier": "verify again", "template": "verify"}
    # what a slice can not see is compared before, in one job
    sliced = {item["name"] for item in TEMPLATES["macvlan_awx_templates"] if "slices" in item}
    assert sliced == {"site"}
