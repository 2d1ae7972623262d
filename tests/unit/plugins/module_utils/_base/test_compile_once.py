# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is imported from an archive, as Ansible's modules are, is compiled once."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

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


def run(directory: Path, install: str) -> list:
    archive = directory / "payload.zip"
    with zipfile.ZipFile(archive, "w") as writer:
        for name, text in FILES.items():
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


def test_outside_of_an_archive_nothing_changes() -> None:
    hooks = list(sys.path_hooks)
    compile_once.install()
    assert sys.path_hooks == hooks
