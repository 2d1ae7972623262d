# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A change that waits for its confirmation, as files and in a process of its own."""

from __future__ import annotations

import os
import select
import threading
import time

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.files import TEXT_MAX
from ansible_collections.linuxnet.macvlan.plugins.module_utils._confirm import boot, guard, pending
from ansible_collections.linuxnet.macvlan.plugins.module_utils._confirm.files import Tree, read
from ansible_collections.linuxnet.macvlan.plugins.module_utils._confirm.lock import RunLock
from ansible_collections.linuxnet.macvlan.plugins.module_utils._confirm.request import Request
from ansible_collections.linuxnet.macvlan.plugins.module_utils._confirm.undo import Undone


@pytest.fixture(autouse=True)
def base(tmp_path, monkeypatch):
    """A directory of this test's own."""
    monkeypatch.setattr(pending, "BASE", str(tmp_path / "run"))
    monkeypatch.setattr(pending, "own_label", str)
    monkeypatch.setattr(pending, "PAUSE", 0.01)
    monkeypatch.setattr(guard, "_own_scope", lambda token: None)
    monkeypatch.setattr(guard, "unfitness", str)
    monkeypatch.setattr(boot, "DIRECTORY", str(tmp_path / "etc" / "undo"))
    monkeypatch.setattr(boot, "SYSTEMD", str(tmp_path / "systemd"))
    return tmp_path / "run"


@pytest.fixture
def undone(tmp_path):
    """What a guard did is seen here, as it is another process."""
    return tmp_path / "undone"


@pytest.fixture
def held(tmp_path):
    """The lock of the run that arms a guard."""
    path = str(tmp_path / "lock")
    return RunLock(path, os.open(path, os.O_RDWR | os.O_CREAT))


class Snapshot:
    """Of a host on which nothing but this is there."""

    files = Tree({}, ())

    def __init__(self, undo):
        self.undo = undo


@pytest.fixture
def arm(undone, held):
    def start(token="a1", timeout=60):
        def undo(patience):
            undone.write_text(f"{patience}")
            return Undone(["link lan0: remove"], [])

        return guard.arm(Request(token, timeout), ["link lan0: add"], Snapshot(undo), held)

    return start


def left(base):
    return sorted(str(path.relative_to(base)) for path in base.rglob("*")) if base.exists() else []


def wait_for(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "this did not happen"
        time.sleep(0.01)


def wait_for_end(armed):
    """The guard's end: only then is what it leaves all that there will be."""
    assert select.select([armed._alive], [], [], 60)[0], "the guard did not end"
    assert os.read(armed._alive, 1) == b""


def test_confirmed(arm, base, undone):
    result = {"changed": True}
    armed = arm()
    assert pending.confirm("a1", "", 0).state == "pending"
    armed.complete(result)
    assert result["confirm"] == {"token": "a1", "timeout": 60}
    assert pending.confirm("other", "", 0).state == "unknown"
    answer = pending.confirm("a1", "", 0)
    assert (answer.state, answer.data) == ("confirmed", result)
    assert left(base) == []
    wait_for_end(armed)
    assert not undone.exists()
    assert pending.confirm("a1", "", 0).state == "unknown"


def test_the_time_is_over(arm, undone):
    armed = arm(timeout=0.05)
    armed.complete({})
    wait_for_end(armed)
    answer = pending.confirm("a1", "", 20)
    assert answer.state == "undone"
    assert answer.data["undone"] == ["link lan0: remove"]
    assert "within 0.05 s" in answer.data["reason"]
    assert pending.leftover("web1", keep=False) == "", "it has been reported"


def test_the_time_does_not_run_while_the_change_is_made(arm, undone):
    armed = arm(timeout=0.01)
    time.sleep(0.1)
    assert not undone.exists()
    armed.complete({})
    wait_for_end(armed)
    assert undone.exists()


def test_the_module_fails(arm, undone, base):
    assert arm().undo() == "undone: link lan0: remove"
    assert undone.exists()
    assert left(base) == []


def test_the_module_is_killed(arm, undone, base):
    armed = arm()
    os.close(armed._orders)
    wait_for_end(armed)
    assert undone.exists()
    assert pending.current() is None
    assert "as the module was ended" in pending.leftover("web1", keep=True)
    report = pending.leftover("web1", keep=False)
    assert report.startswith("web1: an earlier change was undone at")
    assert "undone: link lan0: remove" in report
    assert pending.leftover("web1", keep=False) == ""
    assert left(base) == []


def test_the_host_shuts_down(arm, undone):
    armed = arm()
    armed.complete({})
    os.kill(pending.current()["pid"], 15)
    wait_for_end(armed)
    assert undone.read_text() == "5.0"
    assert "was stopped before" in pending.confirm("a1", "", 20).data["reason"]


def test_a_guard_that_cannot_read_any_more_undoes_the_change(arm, undone, monkeypatch):
    def no_more_files(_token):
        raise OSError(23, "Too many open files in system")

    monkeypatch.setattr(pending, "holds", no_more_files)
    wait_for_end(arm())
    assert undone.exists()
    assert "Too many open files" in pending.confirm("a1", "", 20).data["reason"]


def test_one_at_a_time(arm, undone):
    armed = arm(timeout=0.2)
    with pytest.raises(guard.GuardFailed, match=r"is not confirmed yet \(token [a-z0-9]+: link lan0: add"):
        arm("b2")
    assert pending.current()["token"] == "a1"
    threading.Timer(0.1, armed.complete, [{}]).start()
    pending.wait_until_free()
    assert undone.exists()


def kill_the_guard():
    os.kill(pending.current()["pid"], 9)
    wait_for(lambda: pending.current() is None)


def test_a_change_whose_guard_was_killed_is_not_taken_for_confirmed(arm, base):
    armed = arm()
    kill_the_guard()
    pending.wait_until_free()
    with pytest.raises(pending.Busy, match=r"web1: .*link lan0: add.* its guard was killed\. Remedy: restart the host"):
        pending.leftover("web1", keep=True)
    with pytest.raises(guard.GuardFailed, match="nothing will undo it"):
        armed.complete({})
    for keep in (True, False):
        with pytest.raises(pending.Busy, match="or keep it with confirm_change, token: a1"):
            pending.leftover("web1", keep=keep)
    assert boot.read().token == "a1", "a restart undoes it"
    assert pending.confirm("a1", "", 0).state == "confirmed"
    assert boot.read() is None
    assert pending.leftover("web1", keep=False) == ""
    assert left(base) == []


def test_a_confirmation_that_was_killed_is_finished(arm, base):
    armed = arm()
    armed.complete({})
    os.rename(base / "confirm" / "pending", base / "confirm" / "confirmed-a1")
    wait_for_end(armed)
    assert boot.read().token == "a1"
    assert pending.leftover("web1", keep=False) == ""
    assert boot.read() is None
    assert left(base) == []


def test_nothing_is_changed_where_a_crash_could_not_be_undone(arm, base, monkeypatch):
    def full(*_arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(boot, "write", full)
    with pytest.raises(guard.GuardFailed, match="No space left on device"):
        arm()
    assert pending.current() is None
    assert left(base) == []


def test_where_no_file_can_be_changed_nothing_is_recorded(arm, monkeypatch, undone):
    monkeypatch.setattr(guard._files, "unwritable", lambda path: path == boot.DIRECTORY)
    armed = arm(timeout=0.05)
    assert boot.read() is None
    armed.complete({})
    wait_for_end(armed)
    assert undone.exists()
    assert pending.confirm("a1", "", 0).data["left"] == []


def test_an_empty_directory_of_somebody_else_stays(base, tmp_path):
    others = tmp_path / "systemd" / "sysinit.target.wants"
    others.mkdir(parents=True)
    assert pending.leftover("web1", keep=False) == ""
    assert others.is_dir()


def test_a_record_of_an_earlier_boot_is_not_ignored(base, monkeypatch):
    boot.write("a0", ["x"], Tree({}, ()), str(base))
    monkeypatch.setattr(boot, "boot_id", lambda: "another")
    with pytest.raises(pending.Busy, match=r"journalctl -b -u undo-linuxnet-macvlan\.service, then run sh "):
        pending.leftover("web1", keep=False)


def test_a_confirmation_that_no_disk_takes_is_none(arm, monkeypatch):
    def read_only(token):
        raise OSError(30, "Read-only file system")

    arm().complete({})
    with monkeypatch.context() as patch:
        patch.setattr(boot, "remove", read_only)
        with pytest.raises(OSError, match="Read-only"):
            pending.confirm("a1", "", 0)
    assert boot.read().token == "a1"
    assert pending.confirm("a1", "", 0).state == "confirmed", "the next attempt"
    assert boot.read() is None


def test_the_connection_of_the_change_confirms_nothing(arm, monkeypatch):
    monkeypatch.setattr(guard, "connection", lambda: "192.0.2.2 50000 192.0.2.1 22")
    arm().complete({})
    assert pending.confirm("a1", "192.0.2.2 50000 192.0.2.1 22", 0).state == "same_connection"
    assert pending.confirm("a1", "192.0.2.2 50001 192.0.2.1 22", 0).state == "confirmed"


def test_without_a_place_nothing_is_changed(arm, base):
    base.write_text("a file")
    with pytest.raises(guard.GuardFailed, match="could not be started"):
        arm()


def test_a_change_that_is_not_asked_to_be_confirmed_has_no_guard(base, held):
    with guard.guarded(Request("", 30), [], lambda: None, held) as none:
        assert none is None
    with guard.guarded(Request("a1", 0), [], lambda: None, held) as none:
        assert none is None
    assert left(base) == []


def test_what_cannot_be_kept_whole_is_not_changed(base, held, tmp_path):
    """A reader gets no text of a file that is too long: an undo, and a boot after a crash, would leave it empty."""
    path = tmp_path / "long"
    with path.open("wb") as stream:
        stream.truncate(TEXT_MAX + 1)
    with pytest.raises(guard.GuardFailed, match=f"nothing was changed: .*longer than .*{path}"):  # noqa: SIM117
        with guard.guarded(Request("a1", 30), ["x"], lambda: read([str(path)]), held):
            pytest.fail("nothing may be changed")
    assert left(base) == []
    assert path.stat().st_size == TEXT_MAX + 1


def test_an_error_takes_the_change_back(undone, held):
    def undo(patience):
        undone.write_text("")
        return Undone(["link lan0: remove"], ["file /etc/x: read-only"])

    with pytest.raises(guard.ChangeUndone) as raised:  # noqa: SIM117  (Python 3.8 has no parenthesised context managers)
        with guard.guarded(Request("a1", 30), ["x"], lambda: Snapshot(undo), held):
            raise OSError("disk full")
    assert str(raised.value) == "disk full (undone: link lan0: remove; NOT undone: file /etc/x: read-only)"
    assert undone.exists()
