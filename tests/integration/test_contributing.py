# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CONTRIBUTING.md, followed to the letter in a copy of the checkout: its additions work without any other change."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "tools"))

import worktree  # noqa: E402  (the path is set up above)

#: A path in a paragraph of its own, then a block with that file without its header.
FILE = re.compile(r"^`(?P<path>[^`\s]+)`\n\n```python\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
#: A change of a file that is there.
CHANGE = re.compile(r"^```diff\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


def section(title: str) -> str:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## )", text, re.MULTILINE | re.DOTALL)
    assert found, f"CONTRIBUTING.md has no section {title}"
    return found[1]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of this checkout as `make setup` leaves it."""
    tree = worktree.copy(tmp_path)
    link = tree / "collections" / "ansible_collections" / "linuxnet" / "macvlan"
    link.parent.mkdir(parents=True)
    link.symlink_to("../../..", target_is_directory=True)
    return tree


def add(checkout: Path, title: str) -> list[str]:
    """Make the files and the changes of a section; the paths of the files, none of which is there yet."""
    header = "".join(Path(__file__).read_text(encoding="utf-8").splitlines(keepends=True)[:3])
    made = {found["path"]: found["text"] for found in FILE.finditer(section(title))}
    assert made, title
    for change in CHANGE.finditer(section(title)):
        subprocess.run(["git", "apply", "-"], cwd=checkout, input=change["text"], text=True, check=True)
    for path, text in made.items():
        target = checkout / path
        assert target.parent.is_dir(), f"{path}: the directory is not there"
        assert not target.exists(), f"{path}: the example is there already, choose another"
        target.write_text(header + text, encoding="utf-8")
    run(checkout, "-m", "ruff", "check", "--no-cache", *made)
    run(checkout, "-m", "ruff", "format", "--no-cache", "--check", *made)
    return list(made)


def run(checkout: Path, *arguments: str) -> str:
    """This Python in the copy; what it printed."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=checkout,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_add_a_cause(checkout: Path) -> None:
    cause, fault, test = add(checkout, "Add a cause")
    name = Path(cause).stem

    run(checkout, "-m", "pytest", "-q", "-p", "no:cacheprovider", test)
    run(checkout, "tests/tools/causes_page.py")
    page = (checkout / "docs" / "causes.md").read_text(encoding="utf-8")
    assert f"## {name}" in page
    assert "by `make test-faults`" in page[page.index(f"## {name}") :].split("\n## ")[0]
    # injected into a real network, it is found, and nothing else
    printed = run(checkout, "-m", "tests.faults", name)
    assert re.search(rf"^{name} +{name} +{name} ", printed, re.MULTILINE), printed
    assert Path(fault).stem == name


def test_add_a_back_end(checkout: Path) -> None:
    backend, unit_test, host_test = add(checkout, "Add a persistence back end")
    name = Path(backend).stem

    plain = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "0")
    # the rules for all forms hold for it: its documentation, its paths and its verbs, its rows
    run(checkout, *plain, unit_test, str(Path(unit_test).parent), "tests/unit/survival")
    assert f'"{name}", ' in run(checkout, "-c", CHOICES)
    # on a real host: made, made again without a change, back after its parent's activation, removed
    run(checkout, *plain, host_test)


CHOICES = """
import json, sys
sys.path.insert(0, "collections")
from ansible_collections.linuxnet.macvlan.plugins.modules import macvlan_link
print(json.dumps(macvlan_link.argument_spec()["persistence"]["choices"]))
"""
