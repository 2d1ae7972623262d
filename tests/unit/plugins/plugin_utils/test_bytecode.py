# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module that is sent with its bytecode compiles nothing, and is otherwise the module that Ansible sends."""

from __future__ import annotations

import base64
import importlib.util
import io
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from ansible import constants

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import compile_once
from ansible_collections.linuxnet.macvlan.plugins.plugin_utils import _bytecode

VERSION = f"{sys.version_info[0]}.{sys.version_info[1]}"
FILES = {
    "payload/__init__.py": "",
    "payload/early.py": "VALUE = 1\n" + "# padding\n" * 200,
    "payload/compile_once.py": Path(compile_once.__file__).read_text(encoding="utf-8"),
    "payload/late.py": "from .early import VALUE\ndef fails():\n    raise ValueError(VALUE)\n",
}
RUN = """
import collections, inspect, json, sys, traceback
seen = collections.Counter()
sys.addaudithook(lambda event, args: seen.update([str(args[1])]) if event == "compile" else None)
sys.path.insert(0, {archive!r})
from payload import early, compile_once
compile_once.install()
from payload import late
try:
    late.fails()
except ValueError:
    trace = traceback.format_exc()
compiled = sum(count for name, count in seen.items() if "payload/" in name and name.endswith(".py"))
print(json.dumps([compiled, "raise ValueError(VALUE)" in trace, inspect.getsource(late)]))
"""


def module(interpreter: str = f"/usr/bin/python{VERSION}") -> bytes:
    """The text of a module, as Ansible sends it."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as members:
        for name, text in FILES.items():
            members.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), text)
    packed = base64.b64encode(stream.getvalue()).decode()
    return f"#!{interpreter}\nmain(\n    zip_data='{packed}',\n    params='{{}}')\n".encode()


def archive(text: bytes) -> bytes:
    found = re.search(rb"zip_data='([^']*)'", text)
    assert found is not None
    return base64.b64decode(found[1])


def imported(data: bytes, directory: Path) -> list:
    """How many files Python compiles, whether a traceback shows source, and the source that inspect finds."""
    path = directory / "payload.zip"
    path.write_bytes(data)
    command = [sys.executable, "-c", RUN.format(archive=str(path))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: list = json.loads(done.stdout)
    return found


@pytest.fixture(autouse=True)
def local(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory of a run on the controller."""
    monkeypatch.setattr(constants, "DEFAULT_LOCAL_TMP", str(tmp_path))
    return tmp_path


def test_nothing_is_compiled_where_the_version_is_the_same(tmp_path):
    sent = module()
    more = _bytecode.with_bytecode(sent)
    before, after = (imported(archive(text), tmp_path) for text in (sent, more))
    assert (before[0] > 0, after[0]) == (True, 0)
    assert before[1:] == after[1:] == [True, FILES["payload/late.py"]]
    assert more.replace(base64.b64encode(archive(more)), b"") == sent.replace(base64.b64encode(archive(sent)), b"")


def test_another_version_of_python_uses_the_sources(tmp_path, monkeypatch):
    other = (int.from_bytes(importlib.util.MAGIC_NUMBER[:2], "little") + 1).to_bytes(2, "little")
    monkeypatch.setattr(_bytecode, "MAGIC_NUMBER", other + importlib.util.MAGIC_NUMBER[2:])
    sent = module()
    more = _bytecode.with_bytecode(sent)
    assert len(more) > len(sent)
    assert imported(archive(more), tmp_path) == imported(archive(sent), tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        module("/usr/bin/python3"),
        module("/usr/bin/python3.6"),
        module(f"/opt/python{VERSION}/bin/python"),
        module(f"/usr/bin/python{VERSION}1"),
        module("/usr/bin/env"),
        f"#!/usr/bin/python{VERSION}\nprint('UEsDB short')\n".encode(),
        b"date +%s.%N",
        b"",
    ],
)
def test_all_else_is_sent_as_it_is(text, local):
    assert _bytecode.with_bytecode(text) == text
    assert list(local.iterdir()) == []


def test_it_is_made_once_for_all_hosts(local, monkeypatch):
    first = _bytecode.with_bytecode(module())
    monkeypatch.setattr(_bytecode, "_extended", lambda data: pytest.fail("made again"))
    assert _bytecode.with_bytecode(module(f"/opt/bin/python{VERSION}")).splitlines()[1:] == first.splitlines()[1:]


def test_it_is_sent_without_where_it_cannot_be_kept(local, monkeypatch):
    monkeypatch.setattr(constants, "DEFAULT_LOCAL_TMP", str(local / "absent"))
    assert _bytecode.with_bytecode(module()) == module()
