# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modes of what is written: no umask decides them, wrong ones are repaired, and what others own is not trusted."""

from __future__ import annotations

import os
import stat

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import files as _files
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.difference import Difference
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.files import Access
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._confirm import files as _confirm_files
from ansible_collections.linuxnet.macvlan.plugins.module_utils._confirm import pending

UMASKS = (0o000, 0o022, 0o027, 0o077)
OURS = f"{_files.HEADER}\n"


@pytest.fixture(params=UMASKS, ids=lambda mask: f"umask-{mask:03o}")
def umask(request):
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


@pytest.fixture
def own(tmp_path, monkeypatch):
    """Our own directories, below another root."""
    found = {_files.CONFIG: "etc", _files.STATE: "var", _files.RUN: "run"}
    paths = {name: f"{tmp_path}/{name}/linuxnet-macvlan" for name in found.values()}
    monkeypatch.setattr(_files, "DIRECTORIES", {paths[name]: _files.DIRECTORIES[path] for path, name in found.items()})
    return paths


def mode(path) -> int:
    return stat.S_IMODE(os.lstat(path).st_mode)


def test_each_level_that_is_made_and_the_file_have_their_modes(umask, tmp_path):
    _files.write(f"{tmp_path}/network/10-eth0.network.d/ours.conf", OURS)
    assert mode(tmp_path / "network") == 0o755
    assert mode(tmp_path / "network/10-eth0.network.d") == 0o755, "systemd-networkd is not root"
    assert mode(tmp_path / "network/10-eth0.network.d/ours.conf") == 0o644
    _files.write(f"{tmp_path}/network/secret", OURS, 0o600)
    assert mode(tmp_path / "network/secret") == 0o600


@pytest.mark.parametrize(("name", "wanted"), [("etc", 0o755), ("var", 0o700), ("run", 0o700)])
def test_our_own_directories_have_their_modes(umask, own, name, wanted):
    _files.write(f"{own[name]}/netns-1/file", "")
    assert mode(own[name]) == mode(f"{own[name]}/netns-1") == wanted
    assert mode(os.path.dirname(own[name])) == 0o755


@pytest.mark.parametrize("wrong", [0o777, 0o775, 0o700, 0o000])
def test_a_write_repairs_our_own_directories(own, wrong):
    os.makedirs(f"{own['etc']}/below")
    for path in (own["etc"], f"{own['etc']}/below"):
        os.chmod(path, wrong)
    _files.write(f"{own['etc']}/below/file", "")
    assert mode(own["etc"]) == mode(f"{own['etc']}/below") == 0o755


def test_directories_of_others_keep_their_modes(tmp_path):
    (tmp_path / "sysctl.d").mkdir(mode=0o750)
    _files.write(f"{tmp_path}/sysctl.d/ours.conf", OURS)
    assert mode(tmp_path / "sysctl.d") == 0o750
    drop_ins = tmp_path / "eth0.network.d"
    drop_ins.mkdir(mode=0o750)
    (drop_ins / "theirs.conf").write_text("[Network]\n")
    _files.write(f"{drop_ins}/ours.conf", OURS)
    assert mode(drop_ins) == 0o750


def test_drop_ins_that_hold_ours_alone_are_repaired(tmp_path):
    drop_ins = tmp_path / "eth0.network.d"
    drop_ins.mkdir(mode=0o750)
    (drop_ins / "ours.conf").write_text(OURS)
    assert _files.safe_mode(str(drop_ins), 0o750) == 0o755
    _files.write(f"{drop_ins}/ours.conf", OURS)
    assert mode(drop_ins) == 0o755


def test_a_shared_directory_keeps_the_group_of_what_is_made_in_it(tmp_path):
    os.chmod(tmp_path, 0o2755)
    _files.write(f"{tmp_path}/reports/report.json", "")
    assert mode(tmp_path / "reports") == 0o2755


def test_a_symbolic_link_in_the_place_of_our_directory_is_refused(own, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "elsewhere").mkdir(mode=0o755)
    os.symlink(tmp_path / "elsewhere", own["run"])
    problems = Problems()
    _files.check_directories(problems)
    assert [(item.value, item.problem) for item in problems.items] == [
        (own["run"], "this is a symbolic link, and not the directory of this collection")
    ]
    with pytest.raises(OSError, match="symbolic link"):
        _files.write(f"{own['run']}/file", "")
    assert list((tmp_path / "elsewhere").iterdir()) == []
    assert mode(tmp_path / "elsewhere") == 0o755


def test_the_directory_of_another_user_is_refused(own, monkeypatch):
    os.makedirs(own["etc"])
    monkeypatch.setattr(_files, "access", lambda path: Access("directory", 0o755, os.geteuid() + 1000))
    assert "belongs to the user with number" in _files.refusal(own["etc"])
    with pytest.raises(OSError, match="belongs to the user"):
        _files.write(f"{own['etc']}/file", "")


def test_a_pending_change_is_private(umask, tmp_path, own, monkeypatch):
    monkeypatch.setattr(pending, "BASE", own["run"])
    monkeypatch.setattr(pending, "own_label", lambda: "netns-1")
    os.close(pending.begin(pending.PendingChange("token", 30, "", [])))
    for path in (own["run"], f"{own['run']}/netns-1", pending.directory(), f"{pending.directory()}/pending"):
        assert mode(path) == 0o700
    assert mode(f"{pending.directory()}/pending/change.json") == 0o600


def test_who_is_not_root_knows_of_no_pending_change(monkeypatch):
    def closed(path):
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(_files, "read", closed)
    assert pending.current() is None
    assert pending.leftover("web1", keep=True) == ""


def test_a_link_is_restored_in_a_directory_that_daemons_can_read(umask, tmp_path):
    wants, target = tmp_path / "x.wants", tmp_path / "x.service"
    wants.mkdir()
    (wants / "x.service").symlink_to(target)
    then = _confirm_files.read([str(wants / "x.service")])
    (wants / "x.service").unlink()
    wants.rmdir()
    assert not _confirm_files.undo(then).errors
    assert mode(wants) == 0o755


@pytest.mark.parametrize(
    ("found", "messages"),
    [
        (Access("file", 0o644, 0), []),
        (Access("file", 0o777, 0), ["file /x mode: 0777 -> 0644"]),
        (Access("file", 0o600, 0), ["file /x mode: 0600 -> 0644"]),
        (Access("file", 0o644, 4711), ["file /x owner: 4711 -> {me}"]),
        (Access("symbolic link", 0o777, 0), ["file /x type: symbolic link -> file"]),
        (None, []),
    ],
)
def test_who_may_use_a_file_is_compared(found, messages):
    difference = Difference()
    assert _files.compare("/x", OURS, OURS, found, difference) == bool(messages)
    assert difference.messages() == [item.format(me=os.geteuid()) for item in messages]


def test_what_is_written_or_removed_anyway_is_one_difference():
    for after in ("new", None):
        difference = Difference()
        assert _files.compare("/x", OURS, after, Access("file", 0o777, 4711), difference)
        assert len(difference.messages()) == 1
