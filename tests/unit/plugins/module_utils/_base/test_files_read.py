# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever is at a path: it is read at once, or has no text."""

from __future__ import annotations

import os
import socket

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
