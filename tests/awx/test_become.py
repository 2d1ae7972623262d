# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Privilege escalation of a machine credential: a user who may configure nothing, and each method with a password."""

from __future__ import annotations

import io
import os
import secrets
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from labkit import images, packages
from labkit.lab import Lab

from . import answers, awx_collection, whole
from .conftest import inventory
from .private_data import PrivateData, Template, files_with
from .project import Project
from .test_jobs import changed
from .test_ssh import TOPOLOGY

pytestmark = whole.ONLY

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "linuxnet-macvlan"
SYSTEM = "bookworm"
USER, PASSWORD, ROOT_PASSWORD = "deploy", "secret of the user", "secret of root"
#: Beside su, which every host has.
PACKAGES = ("sudo", "opendoas")
#: A user with the key of root, who may become root by each of the methods, with a password.
ADMINISTRATION = f"""
useradd --create-home --shell /bin/sh {USER}
printf '%s\\n' '{USER}:{PASSWORD}' 'root:{ROOT_PASSWORD}' | chpasswd
install -d -o {USER} -m 0700 ~{USER}/.ssh
install -o {USER} -m 0600 /root/.ssh/authorized_keys ~{USER}/.ssh/
echo '{USER} ALL=(ALL) ALL' > /etc/sudoers.d/{USER}
echo 'permit {USER}' > /etc/doas.conf
chmod 0440 /etc/sudoers.d/{USER} /etc/doas.conf
"""
#: What AWX answers, by the question.
QUESTION = r"BECOME password.*:\s*?$"
METHODS = {"sudo": PASSWORD, "su": ROOT_PASSWORD, "community.general.doas": PASSWORD}


def archives() -> bytes:
    """The packages as a tar archive, downloaded once. No image has them: nothing else needs them."""
    folder = CACHE / f"become-{SYSTEM}"
    if not (folder / "complete").exists():
        folder.mkdir(parents=True, exist_ok=True)
        packages.download(SYSTEM, folder, PACKAGES, images.directory(SYSTEM) / "base/var/lib/dpkg/status")
        (folder / "complete").touch()
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for path in sorted((folder / "archives").glob("*.deb")):
            archive.add(path, path.name)
    return made.getvalue()


@pytest.fixture(scope="module")
def administered() -> Iterator[Lab]:
    made = Lab.up(TOPOLOGY, name=f"t{secrets.token_hex(4)}")
    try:
        install = "mkdir /tmp/debs; tar -x -C /tmp/debs; dpkg --install /tmp/debs/*.deb"
        command = [*made.entry("h1"), "sh", "-e", "-c", install + ADMINISTRATION]
        done = subprocess.run(command, input=archives(), check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert done.returncode == 0, done.stdout.decode()
        yield made
    finally:
        made.down()


@pytest.fixture(scope="module")
def collections(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Those of the project, and the one with the plugin for doas, as if its requirements listed it."""
    base = tmp_path_factory.mktemp("collections")
    (base / "ansible_collections").mkdir()
    for path, name in ((project.collections, "linuxnet"), (awx_collection.unpacked(CACHE), "community")):
        (base / "ansible_collections" / name).symlink_to(path / "ansible_collections" / name)
    return base


@pytest.fixture
def jobs(administered: Lab, project: Project, collections: Path, tmp_path: Path) -> PrivateData:
    """They log in as a user without privileges."""
    fleet: dict[str, Any] = inventory(administered)
    # AWX passes neither: the user is the credential's, and pipelining is off
    for name in ("ansible_user", "ansible_pipelining"):
        del fleet["_meta"]["hostvars"]["h1"][name]
    variables = fleet["_meta"]["hostvars"]["h1"]
    # a connection that another user has opened is not this one's
    variables["ansible_ssh_common_args"] = variables["ansible_ssh_common_args"].replace("/h1.ssh", f"/h1.{USER}")
    return PrivateData(tmp_path, project.checkout, collections, fleet)


@pytest.mark.parametrize("method", METHODS)
def test_a_user_becomes_root_with_each_method(
    method: str, administered: Lab, jobs: PrivateData, tmp_path: Path
) -> None:
    administered.exec("h1", "ip", "link", "delete", "lan0", check=False)
    more = ("--ask-become-pass", "--become-method", method, "--become-user", "root")
    site = Template("site.yml", become=False, user=USER, more=more)
    job = jobs.run(site, answers.defaults("site"), passwords={QUESTION: METHODS[method]})
    assert job.status == "successful", job.stdout
    assert set(changed(job)) == {"h1"}
    administered.exec("h1", "ip", "link", "show", "lan0")
    assert files_with(tmp_path, METHODS[method]) == []


def test_without_the_password_nothing_is_changed(administered: Lab, jobs: PrivateData) -> None:
    administered.exec("h1", "ip", "link", "delete", "lan0", check=False)
    site = Template("site.yml", become=False, user=USER, more=("--become-method", "sudo"))
    job = jobs.run(site, answers.defaults("site"))
    assert job.status == "failed"
    assert "password" in job.stdout
    assert administered.exec("h1", "ip", "link", "show", "lan0", check=False).returncode != 0
