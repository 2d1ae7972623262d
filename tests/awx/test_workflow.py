# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs after and beside each other: the workflow, slices, and jobs that AWX stops in the middle."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from labkit.lab import Lab

from . import answers, whole
from .private_data import SLICED, Job, PrivateData
from .test_jobs import CHECK, DIAGNOSE, PLAN, SITE, TEARDOWN, VERIFY, changed

pytestmark = whole.ONLY


@pytest.fixture
def bare(jobs: PrivateData) -> Iterator[PrivateData]:
    """Without any link, before and after."""
    yield jobs
    jobs.run(TEARDOWN, answers.defaults("teardown"))


class Workflow:
    """Nodes one after the other: each gets the artifacts of those before it as extra variables, and above these the
    answers to the survey of the workflow, which is that of site."""

    def __init__(self, jobs: PrivateData) -> None:
        self._jobs = jobs
        self._artifacts: dict[str, Any] = {}

    def node(self, template: Any, survey: str, slice_number: int = 1) -> Job:
        launch = {**answers.defaults(survey), **answers.defaults("site")}
        job = self._jobs.run(template, launch, self._artifacts, slice_number)
        self._artifacts |= job.artifacts
        return job


def converged(jobs: PrivateData) -> None:
    """Run again, and then nothing differs."""
    job = jobs.run(SITE, answers.defaults("site"))
    assert job.status == "successful", job.stdout
    job = jobs.run(CHECK, answers.defaults("site"))
    assert (job.status, changed(job)) == ("successful", {}), job.stdout


def test_a_workflow_plans_configures_in_slices_and_verifies(bare: PrivateData) -> None:
    workflow = Workflow(bare)
    assert workflow.node(PLAN, "site").status == "successful"
    for number, host in ((1, "h1"), (2, "h2")):
        job = workflow.node(replace(SITE, slices=2), "site", number)
        assert job.status == "successful", job.stdout
        assert set(changed(job)) == {host}
    job = workflow.node(VERIFY, "verify")
    assert job.status == "successful", job.stdout
    # the next node has the artifacts of both slices, and sees one job with all hosts
    assert f"Earlier job {SLICED} of this workflow (site, 2 slices): 2 changed" in job.stdout
    assert "hosts are in its slices" not in job.stdout


def test_a_failed_verification_leads_to_a_diagnosis_with_the_reason(bare: PrivateData, lab: Lab) -> None:
    workflow = Workflow(bare)
    assert workflow.node(SITE, "site").status == "successful"
    lab.exec("h1", "ip", "link", "set", "lan0", "type", "macvlan", "mode", "private")
    job = workflow.node(VERIFY, "verify")
    assert job.status == "failed"
    assert "mode" in str(job.failures())
    job = workflow.node(DIAGNOSE, "diagnose")
    assert job.status == "failed"
    assert "lan0 CONFIRMED wrong_mode" in job.stdout


def configures(event: Mapping[str, Any]) -> bool:
    """Whether a host begins to write."""
    return event["event"] == "runner_on_start" and "Configure the" in event["event_data"].get("task", "")


def test_a_job_that_times_out_is_repaired_by_the_next_one(bare: PrivateData) -> None:
    job = bare.run(replace(SITE, timeout=3600), answers.defaults("site"), expires=configures)
    assert job.status == "timeout"
    converged(bare)


def test_a_job_that_is_cancelled_is_repaired_by_the_next_one(bare: PrivateData) -> None:
    begun: list[bool] = []

    def listen(event: Mapping[str, Any]) -> bool:
        if configures(event):
            begun.append(True)
        return True

    job = bare.run(SITE, answers.defaults("site"), event_handler=listen, cancel_callback=lambda: bool(begun))
    assert job.status == "canceled"
    converged(bare)
