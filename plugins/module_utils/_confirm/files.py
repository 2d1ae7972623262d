# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files before a change, and how to restore them: every octet, mode, owner and attribute, or that there was none."""

from __future__ import annotations

import contextlib
import errno
import glob
import os
import stat
from collections.abc import Iterable
from dataclasses import field

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import files as _files
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base import labels
from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass

from .undo import Restored


@dataclass(frozen=True)
class Entry:
    """What is at a path. text: of a file; target: of a symbolic link. Neither: a directory or device.

    attributes: labels and access control lists, of files and symbolic links.
    """

    text: str | None = None
    target: str | None = None
    mode: int = 0
    owner: tuple[int, int] = (0, 0)
    attributes: labels.Attributes = field(default_factory=dict)


@dataclass(frozen=True)
class Tree:
    """entries: by path, None where there was nothing. patterns: where files could have been added (glob)."""

    entries: dict[str, Entry | None]
    patterns: tuple[str, ...]


def read(paths: Iterable[str], patterns: Iterable[str] = ()) -> Tree:
    """Errors: OSError, also for a file that is too long to be kept: nothing would be restored in its place."""
    patterns = tuple(patterns)
    wanted = [*paths, *(path for pattern in patterns for path in sorted(glob.glob(pattern)))]
    for path in wanted:
        if os.path.isfile(path) and not os.path.islink(path) and os.path.getsize(path) > _files.TEXT_MAX:
            raise OSError(errno.EFBIG, f"longer than {_files.TEXT_MAX} octets, so that no undo could restore it", path)
    # A directory that is made for the first file in it is removed with the last.
    missing = {folder for path in wanted for folder in above(path) if not os.path.lexists(folder)}
    return Tree({path: _entry(path) for path in [*dict.fromkeys(wanted), *sorted(missing)]}, patterns)


def above(path: str) -> list[str]:
    """The directories above a path, the nearest first and without the root."""
    folders = []
    while path.count("/") > 1:
        path = os.path.dirname(path)
        folders.append(path)
    return folders


def _entry(path: str) -> Entry | None:
    try:
        status = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    owner = (status.st_uid, status.st_gid)
    if stat.S_ISLNK(status.st_mode):
        return Entry(target=os.readlink(path), owner=owner, attributes=labels.read(path))
    if not stat.S_ISREG(status.st_mode):
        return Entry(mode=stat.S_IMODE(status.st_mode), owner=owner)
    return Entry(_text(path), None, stat.S_IMODE(status.st_mode), owner, labels.read(path))


def _text(path: str) -> str:
    """Every octet of it: line ends are not translated, and what is no UTF-8 survives."""
    return _files.read(path, newline="") or ""


def _wanted(then: Tree) -> dict[str, Entry | None]:
    """With None for what was added since."""
    come = {path for pattern in then.patterns for path in glob.glob(pattern)} - set(then.entries)
    return {**then.entries, **dict.fromkeys(sorted(come))}


def changed(then: Tree) -> list[str]:
    """Paths of what is another now, or is no more, or was added. Errors: OSError."""
    return [path for path, entry in _wanted(then).items() if _entry(path) != entry]


def undo(then: Tree) -> Restored:
    """Restore what differs."""
    restored = Restored()
    wanted = _wanted(then)
    # What is inside a directory first.
    for path in sorted(wanted, key=lambda item: -item.count("/")):
        try:
            _put_back(path, wanted[path], _entry(path), restored)
        except OSError as error:
            restored.errors.append(f"file {path}: {error}")
    return restored


def _put_back(path: str, wanted: Entry | None, now: Entry | None, restored: Restored) -> None:
    if wanted == now:
        return
    if wanted is None:
        _remove(path, restored)
    elif wanted.target is not None:
        restored.differences.append(f"link {path}: {wanted.target}")
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        _files.make_directories(os.path.dirname(path))
        os.symlink(wanted.target, path)
        os.chown(path, *wanted.owner, follow_symlinks=False)
        labels.restore(path, wanted.attributes)
    elif wanted.text is not None:
        restored.differences.append(f"file {path}: {'add' if now is None else 'change'}")
        _files.write(path, wanted.text, wanted.mode)
        # Each takes something away: chown(2) set-user-ID bits and capabilities, an access control list the mode's bits.
        os.chown(path, *wanted.owner)
        os.chmod(path, wanted.mode)
        labels.restore(path, wanted.attributes)


def _remove(path: str, restored: Restored) -> None:
    """A directory is removed only when it is empty: what else is in it belongs to somebody else."""
    if os.path.isdir(path) and not os.path.islink(path):
        with contextlib.suppress(OSError):
            os.rmdir(path)
            restored.differences.append(f"directory {path}: remove")
        return
    restored.differences.append(f"file {path}: remove")
    _files.remove(path)
