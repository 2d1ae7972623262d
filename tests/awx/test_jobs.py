# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job templates run by ansible-runner, as AWX does, on a lab: with surveys, and with events of bounded size."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator

import pytest

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._packed import PACKED, unpacked
from labkit.lab import Lab

from . import answers, whole
from .private_data import Job, PrivateData, Template

#: Octets of one event as JSON. What is not a diagnosis is far below what it was when AWX's database became slow.
HEALTHY_MAX, SICK_MAX = 20_000, 100_000

PLAN = Template("plan.yml")
SITE = Template("site.yml")
CHECK = Template("site.yml", check=True, diff=True)
VERIFY = Template("verify.yml")
DIAGNOSE = Template("diagnose.yml")
TEARDOWN = Template("teardown.yml")
MAC_LIST = Template("mac_list.yml", diff=True, extra_vars={"mac_list_dir": "/tmp/macvlan"})


@pytest.fixture(scope="module")
def deployed(jobs: PrivateData) -> Iterator[PrivateData]:
    job = jobs.run(SITE, answers.defaults("site"))
    assert job.status == "successful", job.stdout
    bounded(job, HEALTHY_MAX)
    yield jobs
    jobs.run(TEARDOWN, answers.defaults("teardown"))


@pytest.fixture
def sick(lab: Lab, deployed: PrivateData) -> Iterator[PrivateData]:
    """h1's link is in a mode in which it reaches no container."""
    lab.exec("h1", "ip", "link", "set", "lan0", "type", "macvlan", "mode", "private")
    yield deployed
    lab.exec("h1", "ip", "link", "set", "lan0", "type", "macvlan", "mode", "bridge")


def sizes(job: Job) -> list[tuple[int, str, str]]:
    """Octets, host and task of each event, the largest first."""
    found = [
        (len(json.dumps(event)), event["event_data"].get("host", ""), event["event_data"].get("task", event["event"]))
        for event in job.events
    ]
    return sorted(found, reverse=True)


def bounded(job: Job, limit: int) -> None:
    for size, host, task in sizes(job)[:3]:
        print(f"{job.events[0]['event_data'].get('playbook', '')} {task} {host}: {size} octets")
    assert sizes(job)[0][0] <= limit, sizes(job)[:3]


def changed(job: Job) -> dict[str, int]:
    stats = next(event for event in job.events if event["event"] == "playbook_on_stats")
    return {host: number for host, number in stats["event_data"]["changed"].items() if number}


def test_a_plan_connects_to_no_host(jobs: PrivateData) -> None:
    job = jobs.run(PLAN, answers.defaults("site"))
    assert job.status == "successful", job.stdout
    assert {item["host"] for item in job.results()} == {"h1"}
    bounded(job, HEALTHY_MAX)


def test_a_check_job_after_a_deployment_predicts_nothing(deployed: PrivateData) -> None:
    job = deployed.run(CHECK, answers.defaults("site"))
    assert job.status == "successful", job.stdout
    assert changed(job) == {}
    bounded(job, HEALTHY_MAX)


def test_verify_and_mac_list(deployed: PrivateData) -> None:
    job = deployed.run(VERIFY, answers.defaults("verify"))
    assert job.status == "successful", job.stdout
    # the project's ansible.cfg: they would be most of the lines of the output
    assert "skipping:" not in job.stdout
    bounded(job, HEALTHY_MAX)
    # the table is printed; with ansible-runner 2.4.0 Ansible warned of the process that did it
    assert "2 hosts: 2 ok" in job.stdout
    assert "WorkerProcess" not in job.stdout
    # as in a container that is new for each job
    shutil.rmtree(MAC_LIST.extra_vars["mac_list_dir"], ignore_errors=True)
    job = deployed.run(MAC_LIST, answers.defaults("mac_list"))
    assert job.status == "successful", job.stdout
    # the file is gone with the container of the job, so the list has to stand in an event
    assert "h1-c1" in job.stdout or "lan0" in job.stdout
    bounded(job, HEALTHY_MAX)


@whole.ONLY
def test_events_of_a_diagnosis_of_healthy_hosts_are_small(deployed: PrivateData) -> None:
    job = deployed.run(DIAGNOSE, answers.defaults("diagnose"))
    assert job.status == "successful", job.stdout
    bounded(job, HEALTHY_MAX)


def test_events_of_a_diagnosis_of_a_sick_host_are_bounded(sick: PrivateData) -> None:
    job = sick.run(DIAGNOSE, answers.defaults("diagnose"))
    assert job.status == "failed"
    assert "lan0 CONFIRMED wrong_mode" in job.stdout
    bounded(job, SICK_MAX)


#: Changes the link all the time, by a shell with a secret among its arguments.
CHANGES = "while sleep 0.3; do ip address add 192.0.2.9/32 dev lan0; ip address delete 192.0.2.9/32 dev lan0; done"
SECRET = "hunter2hunter"


@whole.ONLY
def test_no_event_has_a_secret_of_a_process_that_changes_a_link(lab: Lab, deployed: PrivateData) -> None:
    with subprocess.Popen([*lab.entry("h1"), "sh", "-c", CHANGES, "vpn", "--password", SECRET]) as process:
        try:
            job = deployed.run(DIAGNOSE, answers.defaults("diagnose"))
        finally:
            process.kill()
            lab.exec("h1", "ip", "address", "delete", "192.0.2.9/32", "dev", "lan0", check=False)
    packed = [item["res"][PACKED] for item in job.results() if PACKED in item.get("res", {})]
    evidence = json.dumps([unpacked(text) for text in packed])
    assert "ip address add 192.0.2.9/32 dev lan0" in evidence
    assert SECRET not in evidence + json.dumps(job.events) + job.stdout
