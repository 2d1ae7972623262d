# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`execution-environment.yml`: the build context of ansible-builder, its steps in a Debian, and a job in there."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from labkit import packages

from . import container, whole
from .project import Project

ROOT = Path(__file__).resolve().parents[2]
BUILDER = str(Path(sys.executable).parent / "ansible-builder")
INVENTORY = """all:
  hosts:
    web1:
      macvlan_networks:
        - {name: lan0, parent: eth0, subnet: 192.168.100.0/24, container_range: 192.168.100.128/28, host_address: %s}
"""


def output(command: list[str], folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def context(artifact: Path, tmp_path: Path) -> Path:
    """Of the definition as it is, but with the collection out of the artifact instead of a Galaxy server."""
    definition = yaml.safe_load((ROOT / "execution-environment.yml").read_text(encoding="utf-8"))
    collections = definition["dependencies"]["galaxy"]["collections"]
    released = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))["version"]
    assert collections == [{"name": "linuxnet.macvlan", "version": released}]
    collections[0] = {"name": f"artifact/{artifact.name}", "type": "file"}
    definition["additional_build_files"] = [{"src": str(artifact), "dest": "artifact"}]
    (tmp_path / "definition.yml").write_text(yaml.safe_dump(definition), encoding="utf-8")
    create = [BUILDER, "create", "-f", "definition.yml", "-c", "context", "--output-filename", "Containerfile"]
    output(create, tmp_path)
    return tmp_path / "context"


def test_a_context_is_created_with_the_packages_of_a_controller(context: Path, project: Project) -> None:
    system = (context / "_build" / "bindep.txt").read_text(encoding="utf-8").split()
    assert system == ["openssh-client", "sshpass", "git"]
    # what ansible-builder adds for the collection itself
    found = yaml.safe_load(output([BUILDER, "introspect", "--sanitize", str(project.collections)], context))
    python = [line.split(" ")[0] for line in found.get("python", [])]
    assert ([line.split(">")[0] for line in python], found.get("system", [])) == (["netaddr"], [])


@whole.ONLY
def test_the_containerfile_runs_in_a_debian_and_a_job_runs_in_it(context: Path, tmp_path: Path) -> None:
    target = tmp_path / "root"
    container.root(target, packages.mirror(), packages.apt_settings())
    try:
        environment = container.execute(target, context)
        assert job(target, environment, "192.168.100.3").count("ok=1") == 1
        with pytest.raises(AssertionError, match=r"macvlan_networks\[0\].*host_address"):
            job(target, environment, "192.168.100.3x")
    finally:
        shutil.rmtree(target)


def job(target: Path, environment: dict[str, str], address: str) -> str:
    """A plan, for which no host is needed, as AWX runs it in the container."""
    data = target / "runner"
    for name in ("project", "inventory", "env"):
        (data / name).mkdir(parents=True, exist_ok=True)
    wrapper = "- ansible.builtin.import_playbook: linuxnet.macvlan.plan\n"
    (data / "project" / "plan.yml").write_text(wrapper, encoding="utf-8")
    (data / "inventory" / "hosts.yml").write_text(INVENTORY % address, encoding="utf-8")
    command = ["/opt/builder/bin/entrypoint", "dumb-init", "ansible-runner", "run", "/runner", "-p", "plan.yml"]
    return container.run(target, command, {"HOME": "/root", **environment})
