# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is imported from an archive, as Ansible's modules are, is compiled once: in a run, or until the next boot."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import compile_once

SOURCE = Path(compile_once.__file__)
FILES = {
    "payload/__init__.py": "",
    "payload/part/__init__.py": "VALUE = 1",
    "payload/part/one.py": "from . import VALUE\ndef fails(): raise ValueError(VALUE)",
}
RUN = """
import collections, json, sys, traceback
sys.path.insert(0, {archive!r})
from payload import compile_once
seen = collections.Counter()
sys.addaudithook(lambda event, args: seen.update([str(args[1])]) if event == "compile" else None)
{install}
from payload.part import one
try:
    import payload.absent
except ImportError as error:
    absent = type(error).__name__
try:
    one.fails()
except ValueError:
    trace = traceback.format_exc()
start = len({archive!r}) + 1
compiled = {{name[start:]: count for name, count in seen.items() if name.startswith({archive!r})}}
print(json.dumps([compiled, one.__file__[start:], absent, "raise ValueError(VALUE)" in trace]))
"""


def run(directory: Path, install: str, changed: dict[str, str] | None = None) -> list:
    archive = directory / "payload.zip"
    with zipfile.ZipFile(archive, "w") as writer:
        for name, text in {**FILES, **(changed or {})}.items():
            writer.writestr(name, text)
        writer.write(SOURCE, "payload/compile_once.py")
    code = RUN.format(archive=str(archive), install=install)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: list = json.loads(done.stdout)
    return found


def test_each_file_of_an_archive_is_compiled_once(tmp_path: Path) -> None:
    compiled, name, absent, traced = run(tmp_path, "compile_once.install(); compile_once.install()")
    assert compiled == {"payload/part/__init__.py": 1, "payload/part/one.py": 1}
    assert (name, absent, traced) == ("payload/part/one.py", "ModuleNotFoundError", True)


def test_all_else_is_as_without_it(tmp_path: Path) -> None:
    assert run(tmp_path, "")[1:] == run(tmp_path, "compile_once.install()")[1:]


PACKAGE, MODULE = "payload/part/__init__.py", "payload/part/one.py"


def kept(directory: Path) -> str:
    return f"compile_once.DIRECTORY = {str(directory)!r}; compile_once.install(keep='test')"


@pytest.fixture
def code(tmp_path: Path) -> Path:
    """A directory like /run."""
    if os.geteuid() or sys.version_info < (3, 10):
        pytest.skip("kept by root, from Python 3.10 on")
    path = tmp_path / "run"
    path.mkdir(mode=0o755)
    return path


def test_code_is_kept_for_the_next_run(tmp_path: Path, code: Path) -> None:
    first, second = (run(tmp_path, kept(code)) for dummy in range(2))
    assert (set(first[0]), second[0]) == ({PACKAGE, MODULE}, {})
    assert first[1:] == second[1:]
    (path,) = code.iterdir()
    assert path.stat().st_mode & 0o777 == 0o600


PAIR = """
from dataclasses import dataclass
@dataclass(frozen=True)
class Pair:
    one: int
    two: int = 2
VALUE = {Pair(1), Pair(1, 2)}
if [repr(pair) for pair in VALUE] != ["Pair(one=1, two=2)"] or Pair.__init__.__module__ != __name__:
    raise SystemExit(str(VALUE))
"""


def test_what_dataclasses_compile_is_kept(tmp_path: Path, code: Path) -> None:
    run(tmp_path, kept(code), {PACKAGE: PAIR})
    (path,) = code.iterdir()
    before = path.read_bytes()
    run(tmp_path, kept(code), {PACKAGE: PAIR})
    assert path.read_bytes() == before


def test_a_changed_file_is_compiled_again(tmp_path: Path, code: Path) -> None:
    run(tmp_path, kept(code))
    assert run(tmp_path, kept(code), {PACKAGE: "VALUE = 2"})[0] == {PACKAGE: 1}


@pytest.mark.parametrize("content", [b"", b"junk", b"\xfb\xff\xff\xff\x7f"])
def test_damaged_code_is_made_again(tmp_path: Path, code: Path, content: bytes) -> None:
    run(tmp_path, kept(code))
    (path,) = code.iterdir()
    path.write_bytes(content)
    assert set(run(tmp_path, kept(code))[0]) == {PACKAGE, MODULE}
    assert run(tmp_path, kept(code))[0] == {}


@pytest.mark.parametrize("planted", ["foreign", "writable", "link"])
def test_code_that_others_can_write_never_runs(tmp_path: Path, code: Path, planted: str) -> None:
    run(tmp_path, kept(code))
    (path,) = code.iterdir()
    if planted == "foreign":
        os.chown(path, 65534, 65534)
    elif planted == "writable":
        path.chmod(0o620)
    else:
        path.rename(tmp_path / "elsewhere")
        path.symlink_to(tmp_path / "elsewhere")
    assert set(run(tmp_path, kept(code))[0]) == {PACKAGE, MODULE}


def test_what_a_killed_run_left_is_removed_and_made_again(tmp_path: Path, code: Path) -> None:
    run(tmp_path, kept(code))
    (path,) = code.iterdir()
    left = path.rename(f"{path}.new")
    run(tmp_path, kept(code))
    assert list(code.iterdir()) == [left]
    os.utime(left, (1, 1))
    run(tmp_path, kept(code))
    assert list(code.iterdir()) == []
    run(tmp_path, kept(code))
    assert list(code.iterdir()) == [path]


def test_nothing_is_kept_where_others_can_write(tmp_path: Path, code: Path) -> None:
    code.chmod(0o777)
    run(tmp_path, kept(code))
    assert list(code.iterdir()) == []


def test_outside_of_an_archive_nothing_changes() -> None:
    hooks = list(sys.path_hooks)
    compile_once.install()
    assert sys.path_hooks == hooks
