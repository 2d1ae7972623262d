# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A project as AWX has it: what it lists in its menu, and where it installs collections.

After awx/main/utils/ansible.py (skip_directory, could_be_playbook) and awx/playbooks/project_update.yml of
github.com/ansible/awx, version 24.6.1.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
#: A line by which AWX takes a file for a playbook.
PLAY = re.compile(r"^\s*?-?\s*?(?:hosts|(ansible\.builtin\.)?include|(ansible\.builtin\.)?import_playbook):\s*?.*?$")
#: Directories below which AWX looks for no playbook, beside those whose name begins with a dot.
NO_PLAYBOOKS = {"roles", "tasks", "group_vars", "host_vars"}
BIN = Path(sys.executable).parent


@dataclass(frozen=True)
class Project:
    """checkout: the working tree. collections: the path that AWX adds to Ansible's, installed from the requirements."""

    checkout: Path
    collections: Path

    @classmethod
    def generated(cls, base: Path, artifact: Path) -> Project:
        """Written by the playbook into a repository, cloned from there, and updated. Errors: CalledProcessError."""
        source = base / "repository"
        variables = {"macvlan_awx_project_dir": str(source), "macvlan_awx_collection": str(artifact)}
        play = [str(BIN / "ansible-playbook"), "playbooks/awx/project.yml", "--extra-vars", json.dumps(variables)]
        _run(play, ROOT)
        git = ["git", "-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "init.defaultBranch=main"]
        for arguments in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message", "project"]):
            _run([*git, *arguments], source)
        made = cls.at(base)
        _run([*git, "clone", "--quiet", str(source), str(made.checkout)], base)
        made.update()
        return made

    @classmethod
    def at(cls, base: Path) -> Project:
        """What `generated` has made below a directory."""
        return cls(base / "project", base / "requirements_collections")

    def update(self) -> None:
        """Install the requirements, as the playbook of AWX's project update does."""
        environment = {**_environment(), "ANSIBLE_COLLECTIONS_PATH": str(self.collections)}
        requirements = self.checkout / "collections" / "requirements.yml"
        galaxy = [str(BIN / "ansible-galaxy"), "collection", "install", "-r", str(requirements)]
        _run(galaxy, self.checkout, environment)

    def menu(self) -> list[str]:
        return menu(self.checkout)


def menu(checkout: Path) -> list[str]:
    """The playbooks that AWX lists for a working tree."""
    found = []
    for folder, folders, names in os.walk(checkout):
        folders[:] = [name for name in folders if name not in NO_PLAYBOOKS and not name.startswith(".")]
        paths = [Path(folder) / name for name in names if name.endswith((".yml", ".yaml"))]
        found += [str(path.relative_to(checkout)) for path in paths if _is_playbook(path)]
    return sorted(found)


def _is_playbook(path: Path) -> bool:
    return any(PLAY.match(line) for line in path.read_text(encoding="utf-8", errors="ignore").splitlines())


def _environment() -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("ANSIBLE_")}
    return {**kept, "PATH": f"{BIN}:{os.environ['PATH']}", "ANSIBLE_NOCOLOR": "1"}


def _run(command: list[str], folder: Path, environment: dict[str, str] | None = None) -> None:
    subprocess.run(command, cwd=folder, env=environment or _environment(), check=True, stdout=subprocess.DEVNULL)
