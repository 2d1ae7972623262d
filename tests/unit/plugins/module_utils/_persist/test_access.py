# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wrong modes and owners of files and directories of ours are differences, and are repaired."""

from __future__ import annotations

import os
import stat

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import files as _files
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.difference import Difference
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.files import Access
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.problems import Problems
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist import actions, keeper
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist import plan as _persistence
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.base import HostState, Rendered

from .persistence_cases import (
    ACTIVE,
    BARE_HOST,
    NM_HOST,
    SCRIPT,
    UNIT,
    UNIT_NAME,
    full,
    kinds,
    link,
    made_of,
)

RIGHT = Access("file", 0o644, 0)


def planned(access, host=NM_HOST, persistence="auto"):
    """Of a host where all texts and units are right."""
    files = made_of(full(), host, persistence)
    modes = {path: RIGHT if access.get(path) is None else access[path] for path in [*files, *access]}
    state = _persistence.Persisted(host, files, ACTIVE, access=modes)
    difference, problems = Difference(), Problems()
    return _persistence.plan(state, [full()], [], persistence, difference, problems), difference, problems


def test_right_modes_are_no_difference():
    directories = {path: Access("directory", mode, 0) for path, mode in _files.DIRECTORIES.items()}
    steps, difference, problems = planned(directories)
    assert not steps
    assert not difference
    assert not problems


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (Access("file", 0o777, 0), "mode: 0777 -> 0644"),
        (Access("file", 0o640, 0), "mode: 0640 -> 0644"),
        (Access("file", 0o644, 4711), f"owner: 4711 -> {os.geteuid()}"),
        (Access("symbolic link", 0o777, 0), "type: symbolic link -> file"),
    ],
)
def test_a_script_that_others_may_change_is_written_again(wrong, message):
    steps, difference, _problems = planned({SCRIPT: wrong})
    assert difference.messages() == [f"file {SCRIPT} {message}"]
    assert f"write {SCRIPT}" in kinds(steps)
    assert f"restart {UNIT_NAME}" in kinds(steps), "what runs may not be what was declared"


def test_a_profile_is_private():
    path = next(path for path in made_of(full(), NM_HOST, "networkmanager") if path.endswith(".nmconnection"))
    _steps, difference, _problems = planned({path: Access("file", 0o600, 0)}, NM_HOST, "networkmanager")
    assert not difference
    _steps, difference, _problems = planned({path: RIGHT}, NM_HOST, "networkmanager")
    assert difference.messages() == [f"file {path} mode: 0644 -> 0600"]


def test_all_in_a_directory_that_others_may_write_to_is_written_again():
    steps, difference, _problems = planned({_files.CONFIG: Access("directory", 0o777, 0)})
    assert difference.messages() == [f"directory {_files.CONFIG} mode: 0777 -> 0755"]
    assert kinds(steps)[:2] == [f"repair {_files.CONFIG}", f"write {SCRIPT}"]
    assert f"write {UNIT}" not in kinds(steps)
    assert f"restart {UNIT_NAME}" in kinds(steps)


@pytest.mark.parametrize(
    ("path", "mode", "wanted"),
    [
        (_files.CONFIG, 0o750, "0755"),
        (_files.RUN, 0o777, "0700"),
        (_files.STATE, 0o770, "0700"),
    ],
)
def test_directories_of_ours_are_repaired(path, mode, wanted):
    steps, difference, _problems = planned({path: Access("directory", mode, 0)})
    assert difference.messages() == [f"directory {path} mode: {mode:04o} -> {wanted}"]
    assert kinds(steps)[0] == f"repair {path}"


def test_a_namespace_of_its_own_has_the_directory_of_this_boot_only():
    difference, problems = Difference(), Problems()
    state = _persistence.Persisted(HostState(unfit="a container"), access={_files.RUN: Access("directory", 0o777, 0)})
    steps = _persistence.plan(state, [link()], [], "auto", difference, problems)
    assert kinds(steps) == [f"repair {_files.RUN}"]
    assert difference.messages() == [f"directory {_files.RUN} mode: 0777 -> 0700"]


@pytest.mark.parametrize("found", [Access("directory", 0o755, 4711), Access("symbolic link", 0o777, 0)])
def test_a_directory_that_is_not_ours_is_refused(found):
    steps, difference, problems = planned({_files.CONFIG: found})
    assert not steps
    assert not difference
    ((value, remedy),) = [(item.value, item.remedy) for item in problems.items]
    assert value == _files.CONFIG
    assert "move it away" in remedy


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o027, 0o077], ids=lambda mask: f"umask-{mask:03o}")
def test_what_a_umask_or_a_hand_has_opened_is_closed(umask, tmp_path, monkeypatch):
    """With real files: the script of a link, its directory, and the directory of a run."""
    config, run = tmp_path / "etc", tmp_path / "run"
    monkeypatch.setattr(_files, "DIRECTORIES", {str(config): 0o755, str(run): 0o700})
    monkeypatch.setattr(_files, "RUN", str(run))
    monkeypatch.setattr(actions, "MARKER", f"{run}/persisting")
    monkeypatch.setattr(keeper, "DIRECTORY", str(config))
    monkeypatch.setattr(keeper.PART, "patterns", (f"{config}/*.sh",), raising=False)
    monkeypatch.setattr(_persistence.registry, "parts", lambda: (keeper.PART,))
    monkeypatch.setattr(_persistence.detect, "read", lambda _parents: BARE_HOST)
    monkeypatch.setattr(_persistence.systemd, "unit_states", lambda _names: ACTIVE)
    path = keeper.path("lan0")
    rendered = Rendered({path: keeper.making(full(), BARE_HOST)})
    monkeypatch.setattr(_persistence, "_render", lambda *_arguments: rendered)
    seen = []
    make = _files.write
    monkeypatch.setattr(
        _files, "write", lambda *arguments: (make(*arguments), seen.append(stat.S_IMODE(os.stat(run).st_mode)))[0]
    )

    def converge():
        state, difference = _persistence.read([full()]), Difference()
        steps = _persistence.plan(state, [full()], [], "auto", difference, Problems())
        _persistence.apply(steps)
        return difference.messages()

    before = os.umask(umask)
    try:
        assert converge() == [f"file {path}: add"]
        assert {stat.S_IMODE(os.stat(item).st_mode) for item in (config, path)} == {0o755, 0o644}
        assert set(seen) == {0o700}
        assert converge() == []
        os.chmod(config, 0o777)
        os.chmod(path, 0o777)
        assert converge() == [f"directory {config} mode: 0777 -> 0755", f"file {path} mode: 0777 -> 0644"]
        assert {stat.S_IMODE(os.stat(item).st_mode) for item in (config, path)} == {0o755, 0o644}
        assert converge() == []
    finally:
        os.umask(before)
