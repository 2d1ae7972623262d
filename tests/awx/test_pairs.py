# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every job template alone, sliced, and after every other one.

What one job can do to a later one of its workflow is what it publishes, by the name alone: AWX passes its artifacts as
extra variables. So no job has to run once for each other one. Each runs alone, and its artifacts are kept; each runs
again in slices, with the artifacts of all; and for each pair the names are compared with those of the second playbook.
"""

from __future__ import annotations

import functools
import itertools
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.linuxnet.macvlan.plugins.action import fleet_diagnose
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._fleet import earlier
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils._run import extra, job

from . import answers, whole
from .private_data import SLICED, PrivateData, Template

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "tools"))

import awx_surveys  # noqa: E402  (the path is set up above)
import checks  # noqa: E402

DATA = yaml.safe_load((ROOT / "playbooks" / "awx" / "vars" / "templates.yml").read_text(encoding="utf-8"))
TEMPLATES = {item["name"]: item for item in DATA["macvlan_awx_templates"]}
#: The jobs that publish, and what; everything else publishes nothing. The jobs' own artifacts are compared with this.
PUBLISHED = {
    "site": earlier.PUBLISHED["site"], "site (check)": earlier.PUBLISHED["site"],
    "verify": earlier.PUBLISHED["verify"], "diagnose": fleet_diagnose.ARTIFACT,
}  # fmt: skip
#: In an order in which each finds what it needs: links to verify, and at last to remove.
ORDER = ("plan", "site", "site (check)", "verify", "diagnose", "mac_list", "teardown (check)", "teardown")
SLICES = 2


def template(name: str, **changes: Any) -> Template:
    item = TEMPLATES[name]
    check = item.get("job_type") == "check"
    made = Template(item["playbook"], check=check, diff=check or name == "mac_list", become=False)
    return replace(made, extra_vars=item.get("extra_vars", {}), **changes)


def artifact_names(name: str, number: str = "7", sliced: str = "") -> set[str]:
    """Of one job, or of one slice of it."""
    return {job.Job(number, sliced).artifact(PUBLISHED[name])} if name in PUBLISHED else set()


@functools.cache
def names_of(playbook: str) -> frozenset[str]:
    """What a playbook and its tasks and roles register, set, compute or read as an option."""
    paths = [ROOT / "playbooks" / playbook, *(ROOT / "playbooks" / "tasks").glob("*.yml")]
    paths += [*ROOT.glob("roles/*/tasks/*.yml"), *ROOT.glob("roles/*/handlers/*.yml")]
    found = {name for path in paths for name in checks.names_in(yaml.safe_load(path.read_text(encoding="utf-8")))}
    for path in [*ROOT.glob("roles/*/vars/*.yml"), *ROOT.glob("roles/*/defaults/*.yml")]:
        found |= set(yaml.safe_load(path.read_text(encoding="utf-8")) or {})
    return frozenset(found | set(awx_surveys.options()))


def test_the_order_has_each_template() -> None:
    assert sorted(ORDER) == sorted(TEMPLATES)


@pytest.mark.parametrize(("first", "second"), list(itertools.product(TEMPLATES, repeat=2)))
def test_no_artifact_replaces_a_variable_of_a_later_job(first: str, second: str) -> None:
    for published in (artifact_names(first), artifact_names(first, "8", "6")):
        assert not published & names_of(TEMPLATES[second]["playbook"])
        problems = Problems()
        extra.check(published, problems)
        assert not problems
        # nor does the plan take one for a misspelled variable
        assert extra.unknown(published, ()) == []


@pytest.fixture(scope="module")
def alone(jobs: PrivateData) -> Iterator[dict[str, dict[str, Any]]]:
    """The artifacts of each template's job, which ran with nothing but its survey."""
    found = {}
    for name in ORDER:
        done = jobs.run(template(name), answers.defaults(TEMPLATES[name]["survey"]))
        assert done.status == "successful", f"{name}\n{done.stdout}"
        found[name] = done.artifacts
    yield found
    jobs.run(template("teardown"), answers.defaults("teardown"))


@whole.ONLY
def test_jobs_publish_what_the_pairs_were_compared_with(alone: dict[str, dict[str, Any]]) -> None:
    assert {name: set(found) for name, found in alone.items()} == {name: artifact_names(name) for name in ORDER}


@whole.ONLY
def test_each_template_in_slices_after_all_others(alone: dict[str, dict[str, Any]], jobs: PrivateData) -> None:
    # two jobs publish under one name, of which a later one sees the last: so those of slices, which are all seen, join
    before = {key: value for found in alone.values() for key, value in found.items()}
    for name in ORDER:
        for number in range(1, SLICES + 1):
            made = template(name, slices=SLICES)
            done = jobs.run(made, answers.defaults(TEMPLATES[name]["survey"]), before, number)
            assert done.status == "successful", f"{name} {number}\n{done.stdout}"
            assert f"this is a slice of the job {SLICED}" in " ".join(done.stdout.split()), name
            assert not set(done.artifacts) & set(before), name
            assert len(done.artifacts) == len(artifact_names(name)), name
            before |= done.artifacts
    merged = earlier.merge(job.artifacts(before, earlier.PUBLISHED.values()))
    (site,) = [item for item in merged if item.playbook == "site" and item.slices]
    assert (site.number, len(site.slices), site.ok) == (str(SLICED), 2 * SLICES, True)
    # one host in each slice, of site and of its check
    assert site.counts == {"changed": 2, "ok": 2}
