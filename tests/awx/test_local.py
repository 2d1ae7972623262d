# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Without AWX and without SSH: a host that configures itself, by ansible-pull or as localhost."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from labkit.lab import Lab

from . import whole
from .conftest import inventory
from .project import Project

BIN = Path(sys.executable).parent
#: What Ansible's recap says of a host.
RECAP = re.compile(r"^localhost\s+: ok=\d+\s+changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)", re.MULTILINE)
OPTIONS = ("--extra-vars", '{"verify_soak_seconds": 0, "interfaces_confirm_timeout": 300}')

#: A program of Ansible with its arguments, on h1 -> changed, unreachable and failed, of localhost.
Own = Callable[..., tuple[int, int, int]]


@pytest.fixture
def own(lab: Lab, project: Project, tmp_path: Path) -> Iterator[Own]:
    """With an inventory in which localhost declares what h1 does."""
    networks = inventory(lab)["_meta"]["hostvars"]["h1"]["macvlan_networks"]
    variables = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    hosts = {"localhost": {**variables, "macvlan_networks": networks}}
    (tmp_path / "inventory.yml").write_text(yaml.safe_dump({"all": {"hosts": hosts}}), encoding="utf-8")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")},
        "ANSIBLE_COLLECTIONS_PATH": str(project.collections), "ANSIBLE_NOCOLOR": "1", "HOME": str(tmp_path),
        "PATH": f"{BIN}:{os.environ['PATH']}",
        # ansible-pull asks for its host's name, and so does Git for want of an address of its user; no host of the lab
        # reaches a name server
        "RES_OPTIONS": "timeout:1 attempts:1", "EMAIL": "root@example.com",
    }  # fmt: skip

    def run(program: str, *arguments: str) -> tuple[int, int, int]:
        words = (program, "-i", str(tmp_path / "inventory.yml"), *arguments, *OPTIONS)
        done = lab.exec("h1", *words, check=False, env=environment)
        assert done.returncode == 0, done.stdout + done.stderr
        # ansible-pull runs Ansible twice; the playbook is the second time
        changed, unreachable, failed = RECAP.findall(done.stdout)[-1]
        return int(changed), int(unreachable), int(failed)

    # as localhost the host's link has another MAC address than as h1, and it announces its own addresses only: without
    # that, containers which know the host from another test would reach its parent's address after 8 s
    for container in ("h1-c1", "h1-c2"):
        lab.exec(container, "ip", "neighbour", "flush", "all")
    yield run
    run("ansible-playbook", str(project.checkout / "teardown.yml"))
    assert "lan0" not in links(lab)


def links(lab: Lab) -> str:
    return lab.exec("h1", "ip", "-brief", "link").stdout


def test_ansible_pull_configures_its_own_host(own: Own, lab: Lab, project: Project, tmp_path: Path) -> None:
    pull = ("ansible-pull", "--url", str(project.checkout), "--directory", str(tmp_path / "pulled"), "site.yml")
    assert own(*pull) == (1, 0, 0)
    assert "lan0" in links(lab)


@whole.ONLY
def test_localhost_is_a_host_like_others(own: Own, lab: Lab, project: Project) -> None:
    site, verify = (str(project.checkout / name) for name in ("site.yml", "verify.yml"))
    assert own("ansible-playbook", site, "--check") == (1, 0, 0)
    assert "lan0" not in links(lab)
    assert own("ansible-playbook", site) == (1, 0, 0)
    assert own("ansible-playbook", site) == (0, 0, 0)
    assert own("ansible-playbook", verify) == (0, 0, 0)
