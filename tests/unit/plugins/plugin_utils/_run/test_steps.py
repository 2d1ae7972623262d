# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What --tags and --skip-tags mean for a playbook."""

from __future__ import annotations

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._run.playbooks import PLAYBOOKS, STEPS
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._run.steps import choose, plan_alone

ALL = ["plan", "prepare", "probe", "exclusion", "links", "containers", "verify", "report"]


def chosen(playbook: str, tags: str = "all", skipped: str = "", inherited: str = "always") -> tuple[list[str], str]:
    problems = Problems()
    steps = choose(
        playbook, tags.split(","), [tag for tag in skipped.split(",") if tag], inherited.split(","), problems
    )
    return steps, problems.report() if problems else ""


@pytest.mark.parametrize(
    ("tags", "steps"),
    [
        ("all", ALL),
        ("plan", ["plan"]),
        ("prepare", ["plan", "prepare", "report"]),
        ("probe", ["plan", "probe", "report"]),
        ("exclusion", ["plan", "exclusion", "report"]),
        ("links", ["plan", "probe", "links", "report"]),
        ("verify", ["plan", "verify", "report"]),
        ("verify,report", ["plan", "verify", "report"]),
        ("containers", ["plan", "containers", "report"]),
        ("containers,links,exclusion,prepare,verify", ALL),
    ],
)
def test_each_tag_of_site_is_usable_alone(tags: str, steps: list[str]) -> None:
    assert chosen("site", tags) == (steps, "")


@pytest.mark.parametrize(
    ("playbook", "tags", "skipped", "reported"),
    [
        (
            "site",
            "report",
            "",
            "--tags = 'report': alone it has nothing to report. Remedy: add a step, such as verify.",
        ),
        ("verify", "exclusion", "", "--tags = 'exclusion': verify.yml has no step of this name"),
        ("site", "verifi", "", "Remedy: write verify."),
        ("site", "untagged", "", "site.yml has no step of this name"),
        ("site", "all", "plan", "--skip-tags = 'plan': no host is touched without the plan"),
        ("site", "all", "report", "--skip-tags = 'report': the report is what fails for hosts that failed"),
        ("verify", "links", "", "verify.yml has no step of this name"),
        ("teardown", "exclusion", "", "NetworkManager would configure the links"),
        ("teardown", "all", "links", "NetworkManager would configure the links"),
        ("diagnose", "verify", "", "diagnose.yml has no step of this name. Remedy: use one of plan."),
    ],
)
def test_what_would_be_half_a_run_is_refused(playbook: str, tags: str, skipped: str, reported: str) -> None:
    assert reported in chosen(playbook, tags, skipped)[1]


def test_skipped_steps() -> None:
    assert chosen("site", skipped="verify,probe") == (
        ["plan", "prepare", "exclusion", "links", "containers", "report"],
        "",
    )
    assert chosen("teardown", skipped="prepare") == (["plan", "exclusion", "links", "containers"], "")


def test_a_tag_of_a_playbook_that_imports_this_one_means_all_steps() -> None:
    assert chosen("site", "network", inherited="always,network") == (ALL, "")


def test_every_playbook_begins_with_its_plan() -> None:
    for playbook in PLAYBOOKS.values():
        assert playbook.steps[0] == "plan"
        assert set(playbook.steps) <= set(STEPS)


@pytest.mark.parametrize(
    ("playbook", "tags", "skipped", "alone"),
    [
        ("site", "plan", "", True),
        ("site", "all", "", False),
        ("site", "links", "", False),
        ("diagnose", "all", "", False),
        ("diagnose", "plan", "", True),
        ("mac_list", "all", "", False),
        ("import", "plan", "", True),
        ("teardown", "all", "containers,links,exclusion,prepare", True),
    ],
)
def test_a_playbook_whose_only_step_is_the_plan_does_more(playbook: str, tags: str, skipped: str, alone: bool) -> None:
    steps, problems = chosen(playbook, tags, skipped)
    assert not problems
    assert plan_alone(playbook, tags.split(","), steps) is alone
