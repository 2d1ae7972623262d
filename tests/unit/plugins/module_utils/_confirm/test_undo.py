# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Undoing a change: the rounds, files, and the persistent state."""

from __future__ import annotations

import os

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import files as _files
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.difference import Difference
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.systemd import UnitState
from ansible_collections.linuxnet.macvlan.plugins.module_utils._confirm import files, undo
from ansible_collections.linuxnet.macvlan.plugins.module_utils._confirm.undo import Restored
from ansible_collections.linuxnet.macvlan.plugins.module_utils._converge import undo as links
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.base import head
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.plan import Persisted
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.units import unit_name, unit_path


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr(undo, "PAUSE", 0)


def stage(*rounds):
    """Finds these things, one a round, and then nothing."""
    left = list(rounds)
    return lambda: left.pop(0) if left else Restored()


def test_rounds_go_on_until_nothing_differs():
    first = stage(Restored(["a"]), Restored(["b"], ["not yet"]), Restored(), Restored(["a"]))
    done = undo.undo([first, stage(Restored(["c"]))], 10)
    assert (done.done, done.left) == (["a", "c", "b"], [])


def test_what_cannot_be_restored_is_reported_with_the_reason():
    done = undo.undo([stage(Restored(["a"])), lambda: Restored(["b"], ["b: no"])], 0.01)
    assert (done.done, done.left) == (["a"], ["b", "b: no"])


def test_a_stage_that_fails_does_not_stop_the_others():
    def breaks():
        raise ValueError("oh")

    done = undo.undo([breaks, stage(Restored(["a"]))], 0.01)
    assert (done.done, done.left) == (["a"], ["ValueError: oh"])


def test_files_come_back_with_every_octet_mode_and_owner(tmp_path):
    kept, gone, changed, linked = (tmp_path / name for name in ("kept", "gone", "changed", "linked"))
    for path in (kept, gone, changed):
        path.write_bytes(b"\xff\r\n" + path.name.encode())
    gone.chmod(0o640)
    os.chown(gone, 12, 34)
    linked.symlink_to("kept")
    new = tmp_path / "deep" / "deeper" / "new"
    seen = tmp_path / "pattern" / "x.conf"
    seen.parent.mkdir()
    then = files.read(map(str, (kept, gone, changed, linked, new)), [f"{tmp_path}/pattern/*.conf"])
    assert files.undo(then).differences == []

    gone.unlink()
    changed.write_text("other")
    linked.unlink()
    linked.symlink_to("gone")
    new.parent.mkdir(parents=True)
    new.write_text("new")
    seen.write_text("seen")
    restored = files.undo(then)
    assert (len(restored.differences), restored.errors) == (7, [])
    assert gone.read_bytes() == b"\xff\r\ngone"
    status = gone.stat()
    assert (status.st_mode & 0o777, status.st_uid, status.st_gid) == (0o640, 12, 34)
    assert changed.read_bytes() == b"\xff\r\nchanged"
    assert os.readlink(linked) == "kept"
    assert not new.parent.parent.exists()
    assert not seen.exists()
    assert seen.parent.exists()
    assert files.undo(then).differences == []


def test_a_directory_that_somebody_else_uses_stays(tmp_path):
    new = tmp_path / "made" / "ours"
    then = files.read([str(new)])
    new.parent.mkdir()
    new.write_text("ours")
    (new.parent / "theirs").write_text("theirs")
    files.undo(then)
    assert [path.name for path in new.parent.iterdir()] == ["theirs"]
    assert files.undo(then) == Restored()


OLD, NEW = f"{head('lan0')}old\n", f"{head('lan0')}new\n"
NETWORK = "/etc/systemd/network/05-linuxnet-macvlan-lan0.network"
UNIT, PATH = unit_name("lan0"), unit_path("lan0")
ON, OFF = UnitState(True, True), UnitState()


@pytest.mark.parametrize(
    ("then", "now", "write", "remove", "start", "stop"),
    [
        (Persisted(), Persisted(), {}, (), (), ()),
        (Persisted(files={NETWORK: OLD}), Persisted(files={NETWORK: NEW}), {NETWORK: OLD}, (), (), ()),
        (Persisted(), Persisted(files={NETWORK: NEW}), {}, (NETWORK,), (), ()),
        (Persisted(), Persisted(files={PATH: NEW}, units={UNIT: ON}), {}, (PATH,), (), (UNIT,)),
        (Persisted(files={PATH: OLD}, units={UNIT: ON}), Persisted(), {PATH: OLD}, (), (UNIT,), ()),
        (
            Persisted(files={PATH: OLD}, units={UNIT: ON}),
            Persisted(files={PATH: NEW}, units={UNIT: ON}),
            {PATH: OLD}, (), (UNIT,), (),
        ),
        (
            Persisted(files={PATH: OLD}, units={UNIT: OFF}),
            Persisted(files={PATH: OLD}, units={UNIT: ON}),
            {}, (), (), (UNIT,),
        ),
    ],
)  # fmt: skip
def test_files_and_units_are_restored(then, now, write, remove, start, stop):
    difference = Difference()
    changed = links.back(then, now, difference)
    assert (changed.write, changed.remove, changed.start, changed.stop) == (write, remove, start, stop)
    assert bool(difference) == (then != now)


def test_files_of_others_are_not_restored():
    difference = Difference()
    theirs = Persisted(files={NETWORK: "[Match]\n"})
    links.back(theirs, Persisted(), difference)
    links.back(Persisted(), theirs, difference)
    assert not difference
    assert not _files.is_owned("[Match]\n")
