# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The record that undoes a change at boot: its script restores every octet, also when it is cut off itself."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._confirm import boot, files

ODD = "a b'c$(x)\"%\\é"
OCTETS = "line\r\nno end\udcff$HOME `id`"


class Machine:
    """A directory that stands for a host, with a systemctl that notes what it is called with."""

    def __init__(self, root, monkeypatch):
        self.root = root
        self.systemd = root / "systemd"
        self.etc = root / "etc"
        self.place = root / "run" / "confirm"
        self.called = root.parent / "called"
        monkeypatch.setattr(boot, "DIRECTORY", str(root / "conf" / "undo"))
        monkeypatch.setattr(boot, "SYSTEMD", str(self.systemd))
        monkeypatch.setattr(boot, "BOOT_ID", str(root.parent / "boot_id"))
        self.restart()
        tools = root.parent / "bin"
        tools.mkdir()
        systemctl = tools / "systemctl"
        systemctl.write_text(f'#!/bin/sh\necho "$@" >> {self.called}\n[ "$1" != show ] || echo Job=7\n')
        systemctl.chmod(0o755)
        monkeypatch.setattr(boot, "SCRIPT", boot.SCRIPT.replace("PATH=/usr/sbin", f"PATH={tools}:/usr/sbin", 1))
        self.fill()

    def fill(self):
        (self.systemd / "multi-user.target.wants").mkdir(parents=True)
        (self.etc / "net").mkdir(parents=True)
        (self.etc / "own").mkdir(mode=0o700)
        (self.etc / "own" / "only").write_text("goes with its directory\n")
        (self.etc / "net" / "10-linuxnet-one").write_text("one\n")
        (self.etc / "net" / ODD).write_bytes(OCTETS.encode("utf-8", "surrogateescape"))
        (self.etc / "net" / ODD).chmod(0o640)
        (self.systemd / "linuxnet-macvlan-lan0.service").write_text("[Unit]\n")
        (self.systemd / "multi-user.target.wants" / "linuxnet-macvlan-lan0.service").symlink_to("../x")

    def paths(self):
        return [
            str(self.etc / "net" / ODD),
            str(self.etc / "own" / "only"),
            str(self.etc / "net" / "10-linuxnet-one"),
            str(self.etc / "new" / "deep" / "10-linuxnet-new"),
            str(self.systemd / "linuxnet-macvlan-lan0.service"),
            str(self.systemd / "linuxnet-macvlan-lan1.service"),
            str(self.systemd / "multi-user.target.wants" / "linuxnet-macvlan-lan0.service"),
        ]

    def record(self):
        tree = files.read(self.paths(), [f"{self.etc}/net/*linuxnet-*"])
        boot.write("a1", ["link lan0: add"], tree, str(self.place))

    def change(self):
        (self.etc / "new" / "deep").mkdir(parents=True)
        (self.etc / "new" / "deep" / "10-linuxnet-new").write_text("new")
        (self.etc / "net" / "20-linuxnet-added").write_text("added later")
        (self.etc / "net" / ODD).unlink()
        shutil.rmtree(self.etc / "own")
        (self.etc / "net" / "10-linuxnet-one").write_text("other\n")
        (self.etc / "net" / "10-linuxnet-one").chmod(0o600)
        (self.systemd / "linuxnet-macvlan-lan0.service").unlink()
        (self.systemd / "multi-user.target.wants" / "linuxnet-macvlan-lan0.service").unlink()
        (self.systemd / "linuxnet-macvlan-lan1.service").write_text("[Unit]\n")

    def restart(self):
        number = len(os.listdir(self.root.parent)) + int(self.root.exists())
        with open(boot.BOOT_ID, "a", encoding="ascii") as stream:
            stream.write(str(number))

    def boot(self, wrapper=()):
        """What the unit does."""
        script = f"{boot.DIRECTORY}/restore"
        if not os.path.exists(script):
            return 0
        return subprocess.run([*wrapper, "sh", script], check=False, capture_output=True).returncode

    def seen(self):
        """Without the outcome that is reported."""
        found = {}
        for folder, folders, names in os.walk(self.root):
            if folder == str(self.root / "run"):
                folders[:] = []
                continue
            for name in (*folders, *names):
                path = os.path.join(folder, name)
                status = os.lstat(path)
                if stat.S_ISLNK(status.st_mode):
                    found[path] = os.readlink(path)
                elif stat.S_ISREG(status.st_mode):
                    with open(path, "rb") as stream:
                        found[path] = (stat.S_IMODE(status.st_mode), stream.read())
                else:
                    found[path] = status.st_mode
        found.pop(str(self.root / "run"), None)
        return found


@pytest.fixture
def machine(tmp_path, monkeypatch):
    root = tmp_path / "machine"
    root.mkdir()
    return Machine(root, monkeypatch)


def test_a_crash_is_undone_at_boot(machine):
    before = machine.seen()
    machine.record()
    machine.change()
    machine.restart()
    assert machine.boot() == 0
    assert machine.seen() == before
    outcome = json.loads((machine.place / "outcome.json").read_text())
    assert (outcome["token"], outcome["undone"], outcome["left"]) == ("a1", ["link lan0: add (undone at boot)"], [])
    assert outcome["at"].endswith("Z")
    assert stat.S_IMODE((machine.place / "outcome.json").stat().st_mode) == 0o600
    called = machine.called.read_text().splitlines()
    assert called == [
        "--no-block stop linuxnet-macvlan-lan1.service",
        "daemon-reload",
        "show --property=Job multi-user.target",
        "--no-block start linuxnet-macvlan-lan0.service",
    ]


def test_in_the_boot_of_the_change_the_guard_decides(machine):
    machine.record()
    machine.change()
    changed = machine.seen()
    assert machine.boot() == 0
    assert machine.seen() == changed


def test_what_was_confirmed_stays(machine):
    machine.record()
    machine.change()
    boot.remove("another")
    assert boot.read().token == "a1"
    boot.remove("a1")
    confirmed = machine.seen()
    assert not [path for path in confirmed if "undo" in path]
    machine.restart()
    assert machine.boot() == 0
    assert machine.seen() == confirmed


def test_what_was_changed_is_on_disk_before_it_can_be_confirmed(machine, monkeypatch):
    tree = files.read(machine.paths(), [f"{machine.etc}/net/*linuxnet-*"])
    machine.change()
    synced = []
    monkeypatch.setattr(boot._files, "sync", synced.append)
    boot.flush(tree)
    net = machine.etc / "net"
    assert {str(net / "10-linuxnet-one"), str(net / "20-linuxnet-added"), str(machine.etc / "new" / "deep")} < {*synced}
    assert str(net) in synced, "where a file is gone"
    assert str(machine.systemd / "multi-user.target.wants") in synced


#: Calls of the operating system that write.
WRITES = ("mkdir", "open", "symlink", "unlink", "rmdir", "replace", "rename", "fsync")


class PowerLoss(BaseException):
    """Nothing is written after this."""


def cut_off(monkeypatch, work, number):
    """Run this up to its write of that number; whether it ended before that."""
    left = [number]

    def counted(call):
        def instead(*arguments, **more):
            left[0] -= 1
            if left[0] < 0:
                raise PowerLoss
            return call(*arguments, **more)

        return instead

    with monkeypatch.context() as patch:
        for name in WRITES:
            patch.setattr(os, name, counted(getattr(os, name)))
        patch.setattr(shutil, "rmtree", counted(shutil.rmtree))
        try:
            work()
        except PowerLoss:
            return False
    return True


@pytest.mark.parametrize("what", ["record", "confirm"])
def test_power_loss_between_any_two_writes(tmp_path, monkeypatch, what):
    """Nothing is changed before the record is complete; what is confirmed is so by one write."""
    ends = []
    for number in range(200):
        root = tmp_path / f"{number}" / "machine"
        root.mkdir(parents=True)
        with monkeypatch.context() as patch:
            machine = Machine(root, patch)
            before = machine.seen()
            if what == "record":
                complete = cut_off(monkeypatch, machine.record, number)
                machine.restart()
                assert machine.boot() == 0
                boot.remove()
                assert machine.seen() == before, f"cut off before write {number}"
            else:
                machine.record()
                machine.change()
                complete = cut_off(monkeypatch, lambda: boot.remove("a1"), number)
                machine.restart()
                assert machine.boot() == 0
                boot.remove()
                ends.append(machine.seen() == before)
                if complete:
                    assert str(machine.etc / "net" / "20-linuxnet-added") in machine.seen()
        if complete:
            break
    assert complete
    assert number > 5
    assert ends == sorted(ends, reverse=True), "before, up to the one write that decides"
    assert what == "record" or (ends[0], ends[-1]) == (True, False)


def test_power_loss_while_it_undoes(machine):
    """Each command of the script in turn is its last; the next boot finishes it."""
    before = machine.seen()
    machine.record()
    machine.change()
    machine.restart()
    script = boot.DIRECTORY + "/restore"
    with open(script, encoding="utf-8", errors="surrogateescape") as stream:
        text = stream.read()
    lines = text.splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith(("folder ", "drop ", "put ", "link ")))
    for number in range(first, len(lines)):
        if lines[number].startswith(("(", "    ", ")", "fi", "case", "esac", "done", "#", "exit")) or not lines[number]:
            continue
        cut = [*lines[:number], "kill -KILL $$", *lines[number:]]
        if not os.path.exists(script):
            break
        with open(script, "w", encoding="utf-8", errors="surrogateescape") as stream:
            stream.write("\n".join(cut) + "\n")
        machine.boot()
    assert machine.boot() == 0
    boot.remove()
    assert machine.seen() == before


def test_what_fails_is_tried_again_by_the_next_boot(machine):
    before = machine.seen()
    machine.record()
    machine.change()
    machine.restart()
    new = machine.etc / "net" / "10-linuxnet-one"
    new.unlink()
    new.mkdir()
    (new / "in the way").touch()
    assert machine.boot() == 1
    assert boot.read().token == "a1"
    shutil.rmtree(new)
    assert machine.boot() == 0
    assert machine.seen() == before


def test_the_unit_and_the_script_are_sound(machine):
    machine.record()
    subprocess.run(["sh", "-n", f"{boot.DIRECTORY}/restore"], check=True)
    with open(f"{boot.SYSTEMD}/{boot.UNIT}", encoding="utf-8") as stream:
        text = stream.read()
    # The path is that of this test; nothing of it may be a specifier or a second word.
    assert "%" not in text
    assert text.startswith("# Managed by Ansible: linuxnet.macvlan")
    assert os.path.samefile(f"{boot.SYSTEMD}/{boot.TARGET}/{boot.UNIT}", f"{boot.SYSTEMD}/{boot.UNIT}")


def test_a_pattern_that_the_shell_reads_in_another_way_is_refused(machine):
    with pytest.raises(ValueError, match="another way"):
        boot.write("a1", [], files.Tree({}, ("/etc/[ab]$(x)*",)), str(machine.place))
