# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The working tree in the form that the tools need: a real directory .../ansible_collections/linuxnet/macvlan."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent


def cache_dir() -> Path:
    """The only directory outside the checkout and the temporary one that the tools write to."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    made = base / "linuxnet-macvlan" / "gates"
    made.mkdir(parents=True, exist_ok=True)
    return made


def environment(collections: Path, **more: str) -> dict[str, str]:
    """The caller's environment with this Python's programs first, Ansible limited to `collections`, and a home of its
    own for logs and caches.
    """
    home = cache_dir() / "home"
    home.mkdir(exist_ok=True)
    kept = {key: value for key, value in os.environ.items() if not key.startswith("ANSIBLE_")}
    return {
        **kept,
        "PATH": f"{BIN}:{os.environ.get('PATH', os.defpath)}",
        "LC_ALL": "C.UTF-8",
        "NO_COLOR": "1",
        "HOME": str(home),
        "ANSIBLE_COLLECTIONS_PATH": str(collections),
        **more,
    }


def copy(base: Path) -> Path:
    """Copy all tracked and all untracked, not ignored files below `base`; returns the collection's directory."""
    tree = base / "ansible_collections" / "linuxnet" / "macvlan"
    tree.mkdir(parents=True)
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    for name in sorted(set(listed.stdout.split("\0")) - {""}):
        source, target = ROOT / name, tree / name
        if source.is_symlink() or source.is_file():  # a deleted file is still in the index
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target, follow_symlinks=False)
    # ansible-test and ansible-lint process what git lists
    subprocess.run(["git", "init", "--quiet", "."], cwd=tree, check=True, capture_output=True)
    subprocess.run(["git", "add", "--all"], cwd=tree, check=True, capture_output=True)
    return tree


def version(tree: Path) -> str:
    return yaml.safe_load((tree / "galaxy.yml").read_text())["version"]


def build(tree: Path, destination: Path) -> Path:
    """Build the artifact. A version that is not released yet gets its changelog from the fragments, in `tree` only."""
    env = environment(tree.parents[2])
    released = tree / "changelogs" / "changelog.yaml"
    entries = yaml.safe_load(released.read_text())["releases"] if released.exists() else {}
    if version(tree) not in entries:
        run(["antsibull-changelog", "release", "--version", version(tree)], tree, env)
    run(["ansible-galaxy", "collection", "build", "--force", "--output-path", str(destination)], tree, env)
    return destination / f"linuxnet-macvlan-{version(tree)}.tar.gz"


class Failed(Exception):
    """A command failed; the text is what it printed."""


def run(command: list[str], cwd: Path, env: dict[str, str]) -> str:
    """Run, return all it printed, raise `Failed` with it."""
    done = subprocess.run(
        command,
        cwd=cwd,
        env=env,
        check=False,
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    if done.returncode:
        raise Failed(f"$ {' '.join(command)}\n{done.stdout.rstrip()}\n(exit {done.returncode})")
    return done.stdout
