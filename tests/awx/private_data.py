# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a job as AWX does: ansible-runner on a private data directory that is laid out like AWX's.

What AWX writes there stands in awx/main/tasks/jobs.py (BaseTask.run, RunJob.build_args, build_extra_vars_file) of
github.com/ansible/awx, version 24.6.1. It runs the same directory in a container; here it runs without one.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ansible_runner
import yaml

#: The callback plugin cuts results that are longer (settings.MAX_EVENT_RES_DATA, in characters).
MAX_EVENT_RES = 700_000
#: What AWX puts first in ANSIBLE_COLLECTIONS_PATH, below the private data directory.
COLLECTIONS = "requirements_collections"
#: The number of the job whose slices run.
SLICED = 900


class Unsafe(str):
    """Text that AWX forbids to template."""

    __slots__ = ()


class _Dumper(yaml.SafeDumper):
    pass


_Dumper.add_representer(Unsafe, lambda dumper, text: dumper.represent_scalar("!unsafe", str(text), style='"'))


@dataclass(frozen=True)
class Template:
    """The fields of a job template that reach Ansible. more: arguments, such as those of a credential."""

    playbook: str
    check: bool = False
    diff: bool = False
    limit: str = ""
    forks: int = 0
    tags: str = ""
    timeout: int = 0
    become: bool = True
    user: str = "root"
    slices: int = 1
    more: tuple[str, ...] = ()
    extra_vars: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Job:
    """A job that has ended."""

    status: str
    rc: int
    directory: Path
    events: list[dict[str, Any]]
    stdout: str

    @property
    def artifacts(self) -> dict[str, Any]:
        """What AWX passes to the next node of a workflow as extra variables."""
        stats = [event for event in self.events if event["event"] == "playbook_on_stats"]
        return dict(stats[-1]["event_data"].get("artifact_data") or {}) if stats else {}

    def results(self, task: str = "") -> list[dict[str, Any]]:
        """The data of all events of a host's result, of all tasks or of those with a name."""
        ended = ("runner_on_ok", "runner_on_failed", "runner_on_unreachable")
        data = [event["event_data"] for event in self.events if event["event"] in ended]
        return [item for item in data if not task or item.get("task") == task]

    def failures(self) -> list[str]:
        """For a message of a test: what failed, where, and why."""
        failed = [event["event_data"] for event in self.events if event["event"] == "runner_on_failed"]
        return [f"{item['host']}: {item['task']}: {item['res'].get('msg')}" for item in failed]


class PrivateData:
    """One project with its collections, and an inventory, in which jobs run one after the other.

    project: a directory as AWX has checked it out. collections: where the project's requirements are installed.
    """

    def __init__(self, base: Path, project: Path, collections: Path, inventory: Mapping[str, Any]) -> None:
        self._base, self._project, self._collections = base, project, collections
        self._inventory = inventory
        self._jobs = 0

    def run(
        self,
        template: Template,
        answers: Mapping[str, Any] | None = None,
        artifacts: Mapping[str, Any] | None = None,
        slice_number: int = 1,
        expires: Callable[[Mapping[str, Any]], bool] | None = None,
        **settings: Any,
    ) -> Job:
        """Run a job. answers: of its survey. artifacts: of earlier nodes. slice_number: from 1 on.

        expires: with which event the time of the job is up, as how far a job comes in a number of seconds depends on
        the machine. settings: further arguments of ansible_runner.run, such as ssh_key or cancel_callback.
        """
        self._jobs += 1
        directory = self._base / f"job{self._jobs}"
        self._lay_out(directory, template, {**(artifacts or {}), **(answers or {})}, slice_number)
        # stdout is below artifacts; ansible-runner warns about text that it can not relate to an event
        runner = ansible_runner.interface.init_runner(
            private_data_dir=str(directory), playbook=template.playbook, ident=str(self._jobs), quiet=True,
            # an argument, not a setting: else the key and the passwords would be written below env
            suppress_env_files=True, **settings,
        )  # fmt: skip
        if expires is not None:
            runner.event_handler = _expiring(runner, expires)
        runner.run()
        stdout = (directory / "artifacts" / str(self._jobs) / "stdout").read_text(encoding="utf-8")
        return Job(runner.status, runner.rc, directory, list(runner.events), stdout)

    def _lay_out(self, directory: Path, template: Template, launch: Mapping[str, Any], slice_number: int) -> None:
        for name, mode in (("env", 0o700), ("inventory", 0o700), ("cp", 0o700)):
            (directory / name).mkdir(mode=mode, parents=True)
        (directory / "project").symlink_to(self._project)
        (directory / COLLECTIONS).symlink_to(self._collections)
        script = directory / "inventory" / "hosts"
        script.write_text(_script(cut(self._inventory, slice_number, template.slices)), encoding="utf-8")
        script.chmod(0o700)
        meta = _meta(self._jobs, template)
        # what the template itself sets may be templated; everything of a launch may not
        extra = {**template.extra_vars, **{name: unsafe(value) for name, value in {**launch, **meta}.items()}}
        (directory / "env" / "extravars").write_text(yaml.dump(extra, Dumper=_Dumper), encoding="utf-8")
        (directory / "env" / "cmdline").write_text(" ".join(_arguments(template)), encoding="utf-8")
        (directory / "env" / "envvars").write_text(json.dumps(self._environment(directory)), encoding="utf-8")
        settings = {"job_timeout": template.timeout, "suppress_ansible_output": True}
        (directory / "env" / "settings").write_text(json.dumps(settings), encoding="utf-8")

    def _environment(self, directory: Path) -> dict[str, str]:
        default = "~/.ansible/collections:/usr/share/ansible/collections"
        return {
            "ANSIBLE_COLLECTIONS_PATH": f"{directory / COLLECTIONS}:{default}",
            "ANSIBLE_HOST_KEY_CHECKING": "False",
            "ANSIBLE_RETRY_FILES_ENABLED": "False",
            "ANSIBLE_SSH_CONTROL_PATH_DIR": str(directory / "cp"),
            "JOB_ID": str(self._jobs),
            "MAX_EVENT_RES": str(MAX_EVENT_RES),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        }


def files_with(directory: Path, text: str) -> list[Path]:
    """Those of the jobs below a directory, without project and collections."""
    return [path for path in directory.rglob("*") if path.is_file() and text in path.read_text("latin-1")]


def cut(inventory: Mapping[str, Any], number: int, slices: int) -> dict[str, Any]:
    """The inventory of one slice: every n-th host by name, and groups with what is left of them."""
    names = sorted(inventory["_meta"]["hostvars"])
    mine = names[number - 1 :: slices]
    groups = {
        name: {**group, "hosts": [host for host in group.get("hosts", []) if host in mine]}
        for name, group in inventory.items()
        if name != "_meta"
    }
    hostvars = {name: inventory["_meta"]["hostvars"][name] for name in mine}
    return {**groups, "_meta": {"hostvars": hostvars}}


def unsafe(value: Any) -> Any:
    """The value with all its text marked as one that is not templated."""
    if isinstance(value, str):
        return Unsafe(value)
    if isinstance(value, Mapping):
        return {unsafe(name): unsafe(item) for name, item in value.items()}
    return [unsafe(item) for item in value] if isinstance(value, list) else value


def _expiring(runner: Any, expires: Callable[[Mapping[str, Any]], bool]) -> Callable[[Mapping[str, Any]], bool]:
    """An event handler with which the job has had its time, as if job_timeout had passed just now."""

    def handle(event: Mapping[str, Any]) -> bool:
        if expires(event):
            runner.config.job_timeout = 1e-9
        return True

    return handle


def _script(inventory: Mapping[str, Any]) -> str:
    return f"#! /usr/bin/env python3\n# -*- coding: utf-8 -*-\nprint({json.dumps(inventory)!r})\n"


def _meta(number: int, template: Template) -> dict[str, Any]:
    """The variables that AWX adds to each job, under both of its names.

    Slices are the jobs of a workflow that has the name of the job template.
    """
    values = {
        "job_id": number,
        "job_launch_type": "manual",
        "job_template_id": 7,
        "job_template_name": template.playbook,
        "inventory_id": 1,
        "inventory_name": "fleet",
        "project_revision": "0" * 40,
        "user_id": 1,
        "user_name": "admin",
    }
    if template.slices > 1:
        values |= {
            "job_launch_type": "workflow",
            "workflow_job_id": SLICED,
            "workflow_job_name": template.playbook,
            "workflow_job_launch_type": "manual",
        }
    return {f"{prefix}_{name}": value for prefix in ("awx", "tower") for name, value in values.items()}


def _arguments(template: Template) -> list[str]:
    options = ["--check"] if template.check else []
    options += ["-u", template.user]
    options += ["--become"] if template.become else []
    options += ["--diff"] if template.diff else []
    options += [f"--forks={template.forks}"] if template.forks else []
    options += ["-l", template.limit] if template.limit else []
    return [*options, *(["-t", template.tags] if template.tags else []), *template.more]
