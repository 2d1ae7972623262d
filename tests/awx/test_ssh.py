# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine credential of AWX: the key is in an agent that lives as long as the job, and in no file."""

from __future__ import annotations

import re
import secrets
from pathlib import Path
from typing import Any

import pytest
import yaml

from labkit.lab import Lab

from . import answers, whole
from .conftest import inventory
from .private_data import PrivateData, files_with
from .project import Project
from .test_jobs import CHECK, SITE, changed

pytestmark = whole.ONLY

TOPOLOGY: dict[str, Any] = {
    "switches": {"sw0": {}},
    "stations": {"gateway": {"switch": "sw0", "addresses": ["192.168.100.1/24"]}},
    "hosts": {
        "h1": {
            "kind": "nspawn",
            "os": "bookworm",
            "nics": [{"name": "eth0", "switch": "sw0", "addresses": ["192.168.100.11/24"], "gateway": "192.168.100.1"}],
            "vars": {
                "macvlan_networks": [
                    {
                        "name": "lan0",
                        "parent": "eth0",
                        "subnet": "192.168.100.0/24",
                        "gateway": "192.168.100.1",
                        "container_range": "192.168.100.128/28",
                        "host_address": "192.168.100.3",
                    }
                ]
            },
        }
    },
}


@pytest.fixture
def remote(tmp_path: Path) -> Any:
    path = tmp_path / "topology.yml"
    path.write_text(yaml.safe_dump(TOPOLOGY), encoding="utf-8")
    made = Lab.up(path, name=f"t{secrets.token_hex(4)}")
    yield made
    made.down()


def test_the_key_of_a_credential_comes_from_an_agent(remote: Lab, project: Project, tmp_path: Path) -> None:
    fleet = inventory(remote)
    key = Path(fleet["_meta"]["hostvars"]["h1"].pop("ansible_ssh_private_key_file")).read_text(encoding="utf-8")
    # a connection that the lab keeps open would let the last job in, without any key
    variables = fleet["_meta"]["hostvars"]["h1"]
    options = variables["ansible_ssh_common_args"]
    variables["ansible_ssh_common_args"] = re.sub(r"ControlPath=\S+", "ControlPath=none", options)
    jobs = PrivateData(tmp_path, project.checkout, project.collections, fleet)
    job = jobs.run(SITE, answers.defaults("site"), ssh_key=key)
    assert job.status == "successful", job.stdout
    assert changed(job)
    again = jobs.run(CHECK, answers.defaults("site"), ssh_key=key)
    assert (again.status, changed(again)) == ("successful", {}), again.stdout
    # without the credential there is no other way in
    assert jobs.run(CHECK, answers.defaults("site")).status == "failed"
    assert files_with(tmp_path, key.splitlines()[1]) == []
