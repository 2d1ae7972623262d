# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever is at a path: it is read at once, or has no text."""

from __future__ import annotations

import ast
import os
import socket
from pathlib import Path

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import files as _files


def _socket(path):
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)


def _sparse(path):
    with open(path, "wb") as stream:
        stream.truncate(10 << 30)


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(os.mkfifo, id="FIFO"),
        pytest.param(os.mkdir, id="directory"),
        pytest.param(_socket, id="socket"),
        pytest.param(_sparse, id="10 GB"),
        pytest.param(lambda path: os.symlink("/dev/zero", path), id="device"),
        pytest.param(lambda path: os.symlink("/dev/null", path), id="masked"),
    ],
)
def test_what_is_no_text_is_empty(make, tmp_path):
    path = str(tmp_path / "a.conf")
    make(path)
    assert _files.read(path) == ""
    assert _files.read_start(path, 5) in ("", "\0" * 5)


def test_what_is_not_there_is_none(tmp_path):
    (tmp_path / "file").touch()
    os.symlink("nowhere", tmp_path / "dangling")
    for name in ("missing", "missing/a", "file/a", "dangling"):
        assert _files.read(str(tmp_path / name)) is None


def test_every_octet_survives(tmp_path):
    data = bytes(range(256)) * 2 + b"\r\n"
    path = tmp_path / "a.conf"
    path.write_bytes(data)
    text = _files.read(str(path), newline="")
    _files.write(str(tmp_path / "b.conf"), text)
    assert text.encode(errors="surrogateescape") == data


def test_files_of_the_kernel_are_read():
    assert _files.read("/proc/sys/kernel/ostype") == "Linux\n"


def test_of_a_long_file_the_start_is_read(tmp_path):
    path = tmp_path / "script"
    path.write_bytes(b"#!\xff" + bytes(1000))
    assert _files.read_start(str(path), 5) == "#!\udcff\0\0"
    assert _files.read_start(str(tmp_path / "missing"), 5) == ""


def test_a_file_that_has_no_size_and_no_end(monkeypatch):
    monkeypatch.setattr(_files, "TEXT_MAX", 100)
    assert _files.read("/proc/self/status") == ""
    assert len(_files.read_start("/proc/self/status", 50)) == 50


PLUGINS = Path(_files.__file__).resolve().parents[2]
#: Only the kernel makes files there, and none of them blocks or has no end.
KERNEL = ("/proc/", "/sys/", "/dev/kmsg", "/dev/null")
#: Constants for such paths that come from another file.
KNOWN = {"OWN", "devnull"}
#: What else opens paths, and why that does not block.
OTHERS = {
    "module_utils/_base/files.py": "the two ways to read a file of somebody else",
    "module_utils/_evidence/rules.py": "the names in /proc/net that its own table lists",
    "module_utils/_kernel/sysctl.py": "values below /proc/sys",
    "module_utils/_persist/backends/ifupdown.py": "ifupdown's own lock, in a directory of root",
    "module_utils/_watch/path/tracing.py": "its own instance of tracefs",
    "module_utils/_evidence/live.py": "new files in its own directory, which root alone can open",
    "action/fleet_diagnose.py": "this collection's own two files, on the controller",
    "module_utils/_runtimes/host.py": "refuses links, what is no file, and files of other owners, and never blocks",
    "module_utils/_announce/look.py": "network namespaces, which are no files (nsfs)",
    "module_utils/_announce/service.py": "its own state, in a directory of root, by a program that is one file",
    "module_utils/_engines/podman_service.py": "a new file in its own directory, which root alone can open",
    "plugin_utils/_run/role_options.py": "this collection's own argument_specs, on the controller",
    "plugin_utils/_live/board.py": "files of this run in Ansible's own directory of it, which nobody else can open",
}


def _opened(tree):
    """Lines of calls that open a path for reading which others can have made."""
    constants = dict(
        pair for node in tree.body if isinstance(node, ast.Assign) for pair in _pairs(node.targets[0], node.value)
    )
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [call.lineno for call in calls if _reads(call) and not _harmless(call, constants)]


def _pairs(target, value):
    """Names and texts of an assignment, also of one to several names."""
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        return [pair for one, other in zip(target.elts, value.elts, strict=False) for pair in _pairs(one, other)]
    is_text = isinstance(value, ast.Constant) and isinstance(value.value, str)
    return [(target.id, value.value)] if isinstance(target, ast.Name) and is_text else []


def _reads(call):
    by_path = isinstance(call.func, ast.Attribute) and call.func.attr in ("read_text", "read_bytes")
    return by_path or _name(call.func) == "open"


def _harmless(call, constants):
    return bool(call.args) and (_of_the_kernel(call.args[0], constants) or _never_blocks(call))


def _name(node):
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _of_the_kernel(path, constants):
    if isinstance(path, ast.JoinedStr):
        path = path.values[0]
    text = path.value if isinstance(path, ast.Constant) else constants.get(_name(path), "")
    return _name(path) in KNOWN or (isinstance(text, str) and text.startswith(KERNEL))


def _never_blocks(call):
    """A directory, a new file, or a descriptor that is not to block (open(2))."""
    flags = {node.attr for argument in call.args[1:] for node in ast.walk(argument) if isinstance(node, ast.Attribute)}
    return bool(flags & {"O_DIRECTORY", "O_EXCL", "O_NONBLOCK"})


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("open(path)", [1]),
        ("io.open(path, 'rb')", [1]),
        ("os.open(path, os.O_RDONLY)", [1]),
        ("gzip.open(f'{path}.gz')", [1]),
        ("Path(path).read_text()", [1]),
        ("Path(path).open()", [1]),
        ("PATH = '/etc/machine-id'\nopen(PATH)", [2]),
        ("PATH = '/proc/modules'\nopen(PATH)", []),
        ("open(f'/proc/{pid}/stat')", []),
        ("os.open(path, os.O_RDONLY | os.O_DIRECTORY)", []),
        ("os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)", []),
        ("os.open(os.devnull, os.O_RDWR)", []),
    ],
)
def test_the_search_finds_them(code, expected):
    assert _opened(ast.parse(code)) == expected


def test_every_path_is_read_in_one_of_two_ways():
    found = {}
    for path in sorted(PLUGINS.rglob("*.py")):
        lines = _opened(ast.parse(path.read_text(encoding="utf-8")))
        if lines:
            found[str(path.relative_to(PLUGINS))] = lines
    assert set(found) <= set(OTHERS), found
