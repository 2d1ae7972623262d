# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Archives in the format of an initramfs, cpio's "newc" (buffer-format.rst in the kernel's documentation).

Archives may follow one another in one file, and the kernel unpacks them all.
"""

from __future__ import annotations

import stat
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath


@dataclass(frozen=True)
class Entry:
    """path: absolute. mode: permissions with the type of file (stat(2)). data: content, or the target of a link."""

    path: str
    mode: int
    data: bytes = b""


def file(path: str, content: str | bytes, mode: int = 0o644) -> Entry:
    return Entry(path, stat.S_IFREG | mode, content.encode() if isinstance(content, str) else content)


def link(path: str, target: str) -> Entry:
    return Entry(path, stat.S_IFLNK | 0o777, target.encode())


def directory(path: str, mode: int = 0o755) -> Entry:
    return Entry(path, stat.S_IFDIR | mode)


def archive(entries: Iterable[Entry]) -> bytes:
    """Everything belongs to root. Parent directories are added."""
    complete: dict[str, Entry] = {}
    for entry in entries:
        for parent in reversed(PurePosixPath(entry.path).parents[:-1]):
            complete.setdefault(str(parent), directory(str(parent)))
        complete[entry.path] = entry
    records = [_record(number, entry) for number, entry in enumerate(complete.values(), start=1)]
    return b"".join([*records, _record(0, Entry("/TRAILER!!!", 0))])


def _record(inode: int, entry: Entry) -> bytes:
    """A header of 13 numbers (the time is now), the name and the data, each padded to four bytes."""
    name = entry.path[1:].encode() + b"\0"
    numbers = (inode, entry.mode, 0, 0, 1, int(time.time()), len(entry.data), 0, 0, 0, 0, len(name), 0)
    header = b"070701" + b"".join(b"%08x" % number for number in numbers)
    return _padded(header + name) + _padded(entry.data)


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % 4)
