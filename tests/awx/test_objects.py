# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`playbooks/awx/create.yml` and `remove.yml` with the real modules of awx.awx, against a stand-in of AWX's API."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from . import awx_collection, whole
from .stand_in import StandIn, served

ROOT = Path(__file__).resolve().parents[2]
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "linuxnet-macvlan"
CHANGED = re.compile(r"^localhost\s+: ok=\d+\s+changed=(\d+)", re.MULTILINE)
VARIABLES = {
    "macvlan_awx_organization": "net",
    "macvlan_awx_inventory": "fleet",
    "macvlan_awx_credentials": ["ssh"],
    "macvlan_awx_project_url": "https://git.example.com/macvlan.git",
    "macvlan_awx_galaxy_credentials": ["galaxy"],
    "macvlan_awx_image": "registry.example.com/macvlan:1",
    "macvlan_awx_slices": 3,
}

pytestmark = whole.ONLY


@pytest.fixture
def awx() -> Iterator[tuple[StandIn, str]]:
    """With what exists before."""
    with served() as (made, url):
        organization = made.add("organizations", name="net")
        made.add("inventories", name="fleet", organization=organization)
        made.add("credentials", name="ssh", organization=organization)
        made.add("credentials", name="galaxy", organization=organization)
        yield made, url


def run(name: str, url: str, **variables: object) -> int:
    """How many tasks changed something."""
    done = played(name, url, **variables)
    assert done.returncode == 0, done.stdout + done.stderr
    return int(CHANGED.findall(done.stdout)[0])


def played(name: str, url: str, **variables: object) -> subprocess.CompletedProcess[str]:
    collections = f"{ROOT / 'collections'}:{awx_collection.unpacked(CACHE)}"
    environment = {
        **os.environ,
        "ANSIBLE_COLLECTIONS_PATH": collections,
        "ANSIBLE_NOCOLOR": "1",
        "CONTROLLER_HOST": url,
        "CONTROLLER_OAUTH_TOKEN": "token",
    }
    return subprocess.run(
        [Path(sys.executable).parent / "ansible-playbook", f"playbooks/awx/{name}.yml", "--extra-vars",
         json.dumps({**VARIABLES, "ansible_python_interpreter": sys.executable, **variables})],
        cwd=ROOT, env=environment, check=False, capture_output=True, text=True,
    )  # fmt: skip


def test_objects_are_created_kept_repaired_and_removed(awx: tuple[StandIn, str]) -> None:
    stored, url = awx
    assert run("create", url) > 0
    templates = stored.named("job_templates")
    assert sorted(templates) == [
        "macvlan diagnose", "macvlan mac_list", "macvlan plan", "macvlan site", "macvlan site (check)",
        "macvlan teardown", "macvlan teardown (check)", "macvlan verify",
    ]  # fmt: skip
    assert (templates["macvlan site"]["job_slice_count"], templates["macvlan plan"]["job_slice_count"]) == (3, 1)
    assert templates["macvlan site (check)"]["job_type"] == "check"
    assert templates["macvlan site"]["survey_spec"]["spec"]
    project = stored.named("projects")["macvlan project"]["id"]
    assert {item["project"] for item in templates.values()} == {project}
    assert set(stored.named("schedules")) == {"macvlan nightly verify"}
    assert edges(stored) == {
        ("plan", "success_nodes", "site"), ("site", "success_nodes", "verify"), ("site", "failure_nodes", "diagnose"),
        ("verify", "failure_nodes", "diagnose"), ("diagnose", "always_nodes", "verify again"),
    }  # fmt: skip

    stored.writes.clear()
    again = run("create", url)
    # awx.awx writes a survey each time it differs in nothing but the order of keys; none may
    assert (again, stored.writes) == (0, [])

    templates["macvlan verify"]["forks"] = 1
    assert run("create", url) == 1
    assert templates["macvlan verify"]["forks"] == 50

    assert run("remove", url) > 0
    left = {endpoint: set(stored.named(endpoint)) for endpoint in stored.tables if stored.tables[endpoint]}
    assert left == {"organizations": {"net"}, "inventories": {"fleet"}, "credentials": {"ssh", "galaxy"}}
    assert run("remove", url) == 0


def test_a_project_is_updated_again_after_an_update_that_failed(awx: tuple[StandIn, str]) -> None:
    stored, url = awx
    stored.broken = True
    assert played("create", url).returncode != 0
    # now it exists, and the module that creates it has nothing to do
    done = played("create", url)
    assert done.returncode != 0
    assert "macvlan project, failed. AWX has the reason in the output of this update" in done.stdout
    assert "Playbook not found" not in done.stdout
    stored.broken = False
    assert run("create", url) > 0
    assert stored.named("job_templates")


def test_an_inventory_from_the_project_is_created_and_removed_too(awx: tuple[StandIn, str]) -> None:
    stored, url = awx
    more = {"macvlan_awx_inventory": "from the project", "macvlan_awx_inventory_source": "inventory.yml"}
    run("create", url, **more)
    assert stored.named("inventory_sources")["macvlan project"]["source_path"] == "inventory.yml"
    run("remove", url, **more)
    assert set(stored.named("inventories")) == {"fleet"}
    assert not stored.tables["inventory_sources"]


def edges(stored: StandIn) -> set[tuple[str, str, str]]:
    """Of the workflow."""
    names = {item["id"]: name for name, item in stored.named("workflow_job_template_nodes").items()}
    return {
        (names[number], kind, names[other])
        for (endpoint, number, kind), linked in stored.links.items()
        if endpoint == "workflow_job_template_nodes" and kind.endswith("_nodes")
        for other in linked
    }
