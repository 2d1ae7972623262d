# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of our own: what a killed run left goes, and what cannot be written to is seen before."""

from __future__ import annotations

import os
import threading

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import files as _files


@pytest.mark.parametrize("action", [lambda path: _files.write(path, "text"), _files.remove])
def test_temporary_files_of_killed_runs_go(tmp_path, action):
    left, other = tmp_path / ".a.conf.x1y2z3.linuxnet-tmp", tmp_path / ".b.conf.x1y2z3.linuxnet-tmp"
    left.touch()
    other.touch()
    action(str(tmp_path / "a.conf"))
    assert not left.exists()
    assert other.exists(), "another file's may be in use"


def test_a_write_that_fails_leaves_the_old_text_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "a.conf"
    path.write_text("old")

    def full(_stream):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(_files.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        _files.write(str(path), "new")
    assert [item.name for item in tmp_path.iterdir()] == ["a.conf"]
    assert path.read_text() == "old"


def test_what_is_unwritable(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(_files.os, "access", lambda path, _mode: asked.append(path) or False)
    assert _files.unwritable(f"{tmp_path}/new/folder/a.conf")
    assert asked == [str(tmp_path)], "the nearest directory that is there counts"


def test_a_directory_that_another_run_has_made_and_removed_is_made_again(tmp_path, monkeypatch):
    others, mkdir = [FileExistsError(17, "File exists")], os.mkdir

    def crossed(*arguments):
        if others:
            raise others.pop()
        mkdir(*arguments)

    monkeypatch.setattr(_files.os, "mkdir", crossed)
    _files.write(str(tmp_path / "place" / "file"), "text")
    assert (tmp_path / "place" / "file").read_text() == "text"


def test_runs_side_by_side_take_no_directory_from_each_other(tmp_path):
    """Each removes its file with all directories that are empty then, while the others make theirs."""
    failures = []

    def come_and_go(number):
        path = str(tmp_path / "base" / "place" / str(number) / "file")
        try:
            for _round in range(200):
                _files.write(path, "text")
                _files.remove(path, prune=str(tmp_path))
        except OSError as error:
            failures.append(error)

    threads = [threading.Thread(target=come_and_go, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert list(tmp_path.iterdir()) == []


def test_a_directory_that_cannot_be_made_is_an_error(tmp_path):
    (tmp_path / "base").symlink_to(tmp_path / "nowhere" / "else")
    with pytest.raises(OSError, match="base"):
        _files.write(str(tmp_path / "base" / "file"), "text")
