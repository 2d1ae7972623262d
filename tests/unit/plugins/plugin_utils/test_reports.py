# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import stat

import pytest
from ansible.errors import AnsibleActionFail

from ansible_collections.linuxnet.macvlan.plugins.plugin_utils import _reports


def _mode(path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_modes_are_the_same_under_every_umask(tmp_path, umask):
    path = tmp_path / "new" / "folder" / "report.json"
    before = os.umask(umask)
    try:
        _reports.write(str(path), "{}", 0o600)
    finally:
        os.umask(before)
    assert (_mode(path), _mode(path.parent), _mode(path.parent.parent)) == (0o600, 0o700, 0o700)
    _reports.write(str(path), "{}", 0o644)
    assert _mode(path) == 0o644


def test_a_directory_that_is_there_keeps_its_mode(tmp_path):
    tmp_path.chmod(0o755)
    _reports.write(str(tmp_path / "report.json"), "{}", 0o600)
    assert _mode(tmp_path) == 0o755


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (lambda path: os.symlink("/etc/passwd", path), "symbolic link"),
        (lambda path: os.symlink("nowhere", path), "symbolic link"),
        (os.mkfifo, "special file"),
        (os.mkdir, "directory"),
    ],
)
def test_what_is_no_file_is_refused(tmp_path, make, kind):
    path = str(tmp_path / "report.md")
    make(path)
    with pytest.raises(AnsibleActionFail, match=f"{path}.* this is a {kind}. Remedy:"):
        _reports.check([path])


@pytest.mark.parametrize("text", ["420", "0400", "rw", "", "1777", "0o600", "\u0660600"])
def test_what_is_no_mode_is_refused(text):
    with pytest.raises(AnsibleActionFail, match=r"report_mode = .* Remedy:"):
        _reports.parse_mode(text, "report_mode")
    assert _reports.parse_mode("0640", "report_mode") == 0o640
