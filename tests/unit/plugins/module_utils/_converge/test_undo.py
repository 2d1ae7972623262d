# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Daemons are reloaded until one reload has succeeded, also once the files are right."""

from __future__ import annotations

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.command import CommandFailed
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.systemd import UnitState
from ansible_collections.linuxnet.macvlan.plugins.module_utils._confirm import files
from ansible_collections.linuxnet.macvlan.plugins.module_utils._confirm import undo as rounds
from ansible_collections.linuxnet.macvlan.plugins.module_utils._confirm.undo import Restored
from ansible_collections.linuxnet.macvlan.plugins.module_utils._converge import undo
from ansible_collections.linuxnet.macvlan.plugins.module_utils._converge.state import ConvergeOptions, ConvergeState
from ansible_collections.linuxnet.macvlan.plugins.module_utils._converge.undo import LinkSnapshot
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist import actions
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.backends.networkd import NetworkdState
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.base import HostState, head
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.plan import Persisted
from ansible_collections.linuxnet.macvlan.plugins.module_utils._persist.units import unit_name

PATH = "/etc/systemd/network/05-linuxnet-macvlan-lan0.netdev"
HOST = HostState(version=257, daemons=(NetworkdState(running=True, foreign=("lan0",)),))
UNITS = {unit_name("lan0"): UnitState(True, True)}


class FakeHost:
    """A host whose files change with each write, and whose commands fail so many times first."""

    def __init__(self, monkeypatch, failures, refused=""):
        self.files = {PATH: head("lan0") + "changed"}
        self.left = failures
        self.refused = refused
        self.made = []
        monkeypatch.setattr(undo._persistence, "read", lambda _present: Persisted(HOST, dict(self.files), UNITS))
        monkeypatch.setattr(undo._persistence, "read_files", lambda: dict(self.files))
        monkeypatch.setattr(actions, "execute", self.execute)
        monkeypatch.setattr(undo, "run", self.run)
        monkeypatch.setattr(rounds, "PAUSE", 0)

    def execute(self, action):
        if action.target == actions.MARKER:
            if self.refused and action.kind == "write":
                raise OSError(28, self.refused)
            return
        if action.kind == "write":
            self.files[action.target] = action.text
            return
        self.command(action.kind)

    def run(self, argv):
        self.command(" ".join(argv))

    def command(self, words):
        if self.left:
            self.left -= 1
            raise CommandFailed(f"{words}: no answer")
        self.made.append(words)


@pytest.fixture
def snapshot(monkeypatch):
    made = object.__new__(LinkSnapshot)
    made._state = ConvergeState(ConvergeOptions())
    made.present, made.persisted = [], Persisted(HOST, {PATH: head("lan0") + "old"}, UNITS)
    made.files = files.Tree({}, ())
    made.adoptions = made.given_back = ()
    made._known, made._reload_owed = None, False
    monkeypatch.setattr(LinkSnapshot, "_kernel", lambda _self: Restored())
    return made


@pytest.mark.parametrize("failures", [0, 1, 2, 5])
def test_a_daemon_that_does_not_answer_is_asked_again(monkeypatch, snapshot, failures):
    host = FakeHost(monkeypatch, failures)
    done = snapshot.undo(20)
    assert done.left == []
    assert host.files[PATH] == head("lan0") + "old"
    assert [kind for kind in host.made if "networkd" in kind], "it knows of the file"
    assert f"file {PATH}: change" in done.done


def test_one_that_never_answers_is_said(monkeypatch, snapshot):
    FakeHost(monkeypatch, 10_000)
    done = snapshot.undo(0.01)
    assert [text for text in done.left if "no answer" in text]


def test_a_full_run_does_not_keep_daemons_from_it(monkeypatch, snapshot):
    host = FakeHost(monkeypatch, 0, refused="No space left on device")
    assert snapshot.undo(20).left == []
    assert [kind for kind in host.made if "networkd" in kind]


def test_systemd_is_asked_again(monkeypatch, snapshot):
    host = FakeHost(monkeypatch, 0)
    host.files = {PATH: head("lan0") + "old"}
    found = [Restored([f"file {undo.units.DIRECTORY}/x.service: change"])]
    monkeypatch.setattr(files, "undo", lambda _tree: found.pop() if found else Restored())
    host.left = 1
    assert snapshot.undo(20).left == []
    assert host.made == ["systemctl daemon-reload"]


def test_what_could_not_be_read_counts_as_unknown_to_daemons(monkeypatch, snapshot):
    """The stage of files restores them meanwhile, and reloads no daemon."""
    host = FakeHost(monkeypatch, 0)
    read = undo._persistence.read
    failures = [CommandFailed("networkctl: no answer")]

    def once(present):
        if failures:
            raise failures.pop()
        return read(present)

    def restored(_tree):
        host.files[PATH] = head("lan0") + "old"
        return Restored()

    monkeypatch.setattr(undo._persistence, "read", once)
    monkeypatch.setattr(files, "undo", restored)
    assert snapshot.undo(20).left == []
    assert [kind for kind in host.made if "networkd" in kind]
