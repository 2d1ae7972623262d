# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The variables of playbooks, extra variables, and the job of AWX that a run is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._run import extra, job
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._run.plan import Asked, Run, read_run
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._run.playbooks import PLAYBOOKS

ROOT = Path(__file__).resolve().parents[5]
STRATEGIES = ("linear", "free")
SLICE = {
    "awx_job_id": 12, "awx_job_template_name": "site", "awx_workflow_job_name": "site", "awx_workflow_job_id": 11,
}  # fmt: skip


def run(playbook: str = "site", **variables: object) -> Run:
    return read_run(
        Asked(playbook, variables, variables, ["all"], [], frozenset({"always"}), 3, STRATEGIES.__contains__)
    )


@pytest.mark.parametrize("playbook", PLAYBOOKS)
def test_every_playbook_validates_its_roles_first(playbook: str) -> None:
    plays = yaml.safe_load((ROOT / "playbooks" / f"{playbook}.yml").read_text())
    (task,) = plays[0]["tasks"]
    assert task["linuxnet.macvlan.fleet_plan"]["playbook"] == playbook
    text = (ROOT / "playbooks" / f"{playbook}.yml").read_text()
    used = set(re.findall(r"name: linuxnet\.macvlan\.(\w+)", text))
    assert used <= set(task["linuxnet.macvlan.fleet_plan"]["roles"])
    assert all(play["tags"] == ["always"] for play in plays)


@pytest.mark.parametrize("playbook", PLAYBOOKS)
def test_every_variable_of_a_playbook_is_validated(playbook: str) -> None:
    text = "".join(path.read_text() for path in (ROOT / "playbooks").glob(f"{playbook}.yml"))
    text += (ROOT / "playbooks" / "tasks" / "report.yml").read_text() if playbook in ("site", "verify") else ""
    options = set(re.findall(r"\b((?:macvlan|mac_list)_\w+) (?:\| default|is (?:not )?defined)", text))
    own = options - extra.RESERVED - set(extra.DECLARED)
    assert own <= set(PLAYBOOKS[playbook].options) | {"macvlan_networks", "macvlan_links"}


@pytest.mark.parametrize(
    ("given", "reported"),
    [
        ({"macvlan_serial": 0}, "this is no number of hosts above 0"),
        ({"macvlan_serial": "10 %"}, "this is no number of hosts above 0"),
        ({"macvlan_canary": "one"}, "this is no number of hosts above 0"),
        ({"macvlan_max_fail_percentage": "120"}, "this is not from 0 to 100"),
        ({"macvlan_report_hosts": "many"}, "unable to convert to int"),
        ({"macvlan_throttle": -1}, "this is less than 0"),
        ({"macvlan_strategy": "free"}, "hosts would be configured, or judged, before the others have been probed"),
        ({"macvlan_strategy": "ansible.builtin.host_pinned"}, "Remedy: use linear"),
        ({"macvlan_strategy": "liner"}, "Ansible has no strategy of this name"),
        ({"macvlan_report": {}}, "an extra variable of this name would replace what the playbook finds out itself"),
    ],
)
def test_a_mistake_is_refused(given: dict, reported: str) -> None:
    problems = run(**given).problems
    assert len(problems) == 1
    assert reported in problems.report()


def test_what_a_survey_sends_is_accepted() -> None:
    given = {
        "macvlan_serial": " 1, 25% ", "macvlan_canary": " 1 ", "macvlan_throttle": "5", "macvlan_strategy": " linear ",
        "macvlan_max_fail_percentage": "12.5", "macvlan_report_hosts": " 50 ",
    }  # fmt: skip
    assert not run(**given).problems
    assert not run("teardown", macvlan_strategy="free").problems
    assert "mac_list_dir: this is required" in run("mac_list").problems.report()


def test_a_misspelled_name_is_a_warning() -> None:
    found = run(verify_soak_secnds=3, macvlan_artifact_report={}, macvlan_other=1, diagnose_seconds=5, verify_ssl=True)
    assert found.warnings == [
        "nothing reads the extra variable macvlan_other",
        "nothing reads the extra variable verify_soak_secnds: verify_soak_seconds may be meant",
    ]


def test_a_slice_says_so_and_publishes_under_a_name_of_its_own() -> None:
    (warning,) = run(**SLICE).warnings
    assert warning.startswith("this is a slice of the job 11 (site): it compares its own hosts (3) with each other")
    assert job.read(SLICE).artifact("report") == "macvlan_artifact_report_12"
    for other in ({}, {**SLICE, "awx_workflow_job_name": "nightly"}, {"tower_job_id": "7"}, {"awx_job_id": "../x"}):
        assert run(**other).warnings == []
        assert job.read(other).artifact("report") == "macvlan_artifact_report"


def test_a_slice_names_the_job_that_was_sliced() -> None:
    assert job.read(SLICE).published() == {"job": "12", "sliced": "11"}
    assert job.read({"awx_job_id": 7}).published() == {"job": "7"}


def test_artifacts_are_found_by_their_names() -> None:
    published = {
        "macvlan_artifact_report_12": {"job": "12"}, "macvlan_artifact_report": {"job": "7"},
        "macvlan_artifact_report_x": {},
        "macvlan_artifact_verification": {"job": "9"}, "macvlan_artifact_diagnosis": {},
        "macvlan_artifact_report_13": "text",
    }  # fmt: skip
    found = list(job.artifacts(published, ["report", "verification"]))
    assert found == [{"job": "7"}, {"job": "12"}, {"job": "9"}]


def test_no_artifact_has_a_reserved_name() -> None:
    problems = Problems()
    extra.check(["macvlan_artifact_report", "macvlan_artifact_report_7", "verify_soak_seconds"], problems)
    assert not problems
    assert not [name for name in extra.RESERVED if name.startswith(extra.ARTIFACT)]
