# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Labels, access control lists and other attributes of files that are replaced, new, or restored."""

from __future__ import annotations

import os
import stat
import struct

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import files as _files
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import labels
from ansible_collections.linuxnet.macvlan.plugins.module_utils._confirm import files

NONE = 0xFFFFFFFF
USER_OBJ, USER, GROUP_OBJ, GROUP, MASK, OTHER = 1, 2, 4, 8, 16, 32


def acl(*entries):
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


def list_for(user, named, mask, group=4, other=4):
    """One for a user besides the owner."""
    return acl(
        (USER_OBJ, 6, NONE), (USER, named, user), (GROUP_OBJ, group, NONE), (MASK, mask, NONE), (OTHER, other, NONE)
    )


READS_AND_WRITES = list_for(4711, named=6, mask=6)
MAY_NOT_READ = list_for(4711, named=0, mask=4)


@pytest.fixture(autouse=True)
def no_policy():
    yield
    labels.use(None)


@pytest.fixture
def path(tmp_path):
    """A file on a file system that keeps attributes."""
    found = tmp_path / "a.conf"
    found.write_text("old")
    try:
        os.setxattr(found, "user.note", b"mine")
        os.setxattr(found, labels.ACL, READS_AND_WRITES)
    except OSError as error:
        pytest.skip(f"this file system keeps no attributes: {error}")
    return found


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def permissions(path, tag):
    found = struct.iter_unpack("<HHI", os.getxattr(path, labels.ACL)[4:])
    return [allowed for kind, allowed, _id in found if kind == tag]


def test_a_file_that_is_replaced_keeps_its_attributes(path):
    _files.write(str(path), "new")
    assert (path.read_text(), os.getxattr(path, "user.note")) == ("new", b"mine")
    assert permissions(path, USER) == [6]


@pytest.mark.parametrize("wanted", [0o644, 0o600, 0o640])
def test_the_mode_limits_what_a_list_gives(path, wanted):
    _files.write(str(path), "new", wanted)
    assert mode(path) == wanted
    assert permissions(path, MASK) == [wanted >> 3 & 7]


def test_a_list_that_takes_away_what_the_mode_gives_to_everybody_goes(path):
    os.setxattr(path, labels.ACL, MAY_NOT_READ)
    _files.write(str(path), "new", 0o600)
    assert labels.ACL in os.listxattr(path), "nobody else may read it anyway"
    _files.write(str(path), "new", 0o644)
    assert (labels.ACL in os.listxattr(path), mode(path)) == (False, 0o644)
    assert os.getxattr(path, "user.note") == b"mine"


def test_a_new_file_below_a_default_list_has_its_mode_all_the_same(path):
    folder = path.parent
    os.setxattr(folder, "system.posix_acl_default", MAY_NOT_READ)
    _files.write(str(folder / "b.conf"), "new")
    assert (labels.ACL in os.listxattr(folder / "b.conf"), mode(folder / "b.conf")) == (False, 0o644)
    os.setxattr(folder, "system.posix_acl_default", READS_AND_WRITES)
    _files.write(str(folder / "c.conf"), "new")
    assert (permissions(folder / "c.conf", MASK), mode(folder / "c.conf")) == ([4], 0o644)


def test_what_changes_a_file_is_undone_with_its_attributes(path):
    os.chmod(path, 0o664)
    linked = path.parent / "link"
    linked.symlink_to("a.conf")
    then = files.read([str(path), str(linked)])
    _files.write(str(path), "new")
    os.setxattr(path, "user.note", b"changed")
    os.setxattr(path, "user.more", b"more")
    os.removexattr(path, labels.ACL)
    assert files.undo(then).differences == [f"file {path}: change"]
    assert files.read([str(path), str(linked)]) == then
    path.unlink()
    files.undo(then)
    assert files.read([str(path), str(linked)]) == then
    assert files.undo(then).differences == []


def test_an_attribute_alone_is_a_difference(path):
    then = files.read([str(path)])
    os.setxattr(path, "user.note", b"changed")
    assert files.undo(then).differences == [f"file {path}: change"]
    assert os.getxattr(path, "user.note") == b"mine"


class FakeSelinux:
    """A kernel with SELinux: files inherit the label of whoever makes them, and have one always."""

    def __init__(self, monkeypatch, refuses=None):
        self.labels = {}
        self.refuses = refuses
        real = {name: getattr(os, name) for name in ("listxattr", "getxattr", "setxattr")}

        def listxattr(place, **options):
            return [*real["listxattr"](place, **options), labels.SELINUX]

        def getxattr(place, name, **options):
            return (
                self.labels.get(key(place), b"made_by_python_t\0")
                if name == labels.SELINUX
                else real["getxattr"](place, name, **options)
            )

        def setxattr(place, name, value, **options):
            if name != labels.SELINUX:
                return real["setxattr"](place, name, value, **options)
            if self.refuses is not None:
                raise OSError(self.refuses, os.strerror(self.refuses))
            self.labels[key(place)] = value
            return None

        def key(place):
            return (os.fstat(place) if isinstance(place, int) else os.lstat(place)).st_ino

        for function in (listxattr, getxattr, setxattr):
            monkeypatch.setattr(labels.os, function.__name__, function)
        self.key = key

    def of(self, path):
        return self.labels.get(self.key(path))


class FakeModule:
    """The part of an AnsibleModule that knows the policy."""

    def __init__(self, enabled=True):
        self.enabled = enabled

    def selinux_enabled(self):
        return self.enabled

    def selinux_default_context(self, path, mode=0):
        if path.endswith("unknown"):
            return [None, None, None, None]
        kind = "dir_t" if stat.S_ISDIR(mode) else "file_t"
        return ["system_u", "object_r", kind, "s0"]


def test_new_files_and_directories_get_the_label_of_the_policy(tmp_path, monkeypatch):
    kernel = FakeSelinux(monkeypatch)
    labels.use(labels.of_module(FakeModule()))
    _files.write(str(tmp_path / "new" / "a.conf"), "text")
    assert kernel.of(tmp_path / "new") == b"system_u:object_r:dir_t:s0\0"
    assert kernel.of(tmp_path / "new" / "a.conf") == b"system_u:object_r:file_t:s0\0"
    _files.write(str(tmp_path / "unknown"), "text")
    assert kernel.of(tmp_path / "unknown") is None, "the policy has none: the kernel's choice stays"


def test_a_label_stays_and_comes_back(tmp_path, monkeypatch):
    kernel = FakeSelinux(monkeypatch)
    labels.use(labels.of_module(FakeModule()))
    path = tmp_path / "a.conf"
    path.write_text("old")
    os.setxattr(path, labels.SELINUX, b"chosen_t\0")
    then = files.read([str(path)])
    _files.write(str(path), "new")
    assert kernel.of(path) == b"chosen_t\0"
    path.unlink()
    files.undo(then)
    assert (kernel.of(path), path.read_text()) == (b"chosen_t\0", "old")


def test_a_file_system_with_one_label_is_no_failure(tmp_path, monkeypatch):
    FakeSelinux(monkeypatch, refuses=95)
    labels.use(labels.of_module(FakeModule()))
    _files.write(str(tmp_path / "a.conf"), "text")
    assert (tmp_path / "a.conf").read_text() == "text"


def test_a_label_that_is_refused_is_said_and_leaves_nothing(tmp_path, monkeypatch):
    FakeSelinux(monkeypatch, refuses=13)
    labels.use(labels.of_module(FakeModule()))
    with pytest.raises(OSError, match=r"Permission denied \(attribute security.selinux\)"):
        _files.write(str(tmp_path / "a.conf"), "text")
    assert list(tmp_path.iterdir()) == []


def test_without_selinux_there_is_no_policy():
    assert labels.of_module(FakeModule(enabled=False)) is None
    assert labels.default("/etc/x", stat.S_IFREG) == {}


def test_signatures_of_the_content_stay_with_the_content():
    assert set(labels.OF_CONTENT) == {"security.ima", "security.evm"}
